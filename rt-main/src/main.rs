//! The bare program: boots the scheduler and does real work with it.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod cmd;

use rt_main::{env, eprintln};

const USAGE: &str = "\
usage: rt-main [boot]                     say what booted
       rt-main wc [-l] [-w] [-c] FILE...  count lines, words and bytes, file by file at once
       rt-main serve [--listen ADDR] [--root DIR] [--quiet]
                                          serve the files of a folder by HTTP
       rt-main tree N                     start N goroutines as a binary tree, join them all
       rt-main sieve N                    the first N primes, by a chain of goroutines
       rt-main skynet N                   a tree of goroutines adds up the numbers of N leaves";

fn main() -> i32 {
    let mut args = env::args().skip(1).map(core::ffi::CStr::to_bytes);
    let command = args.next().unwrap_or(b"boot");
    let result = match command {
        b"boot" => cmd::boot::run(args),
        b"wc" => cmd::wc::run(args),
        b"serve" => cmd::serve::run(args),
        b"tree" => cmd::tree::run(args),
        b"sieve" => cmd::sieve::run(args),
        b"skynet" => cmd::skynet::run(args),
        _ => Err(cmd::Usage),
    };
    match result {
        Ok(0) if rt_os::print::has_lost_output() => {
            eprintln!("rt-main: standard output cannot be written");
            1
        }
        Ok(code) => code,
        Err(cmd::Usage) => {
            eprintln!("{USAGE}");
            2
        }
    }
}

mod plant {
    //! The entry point, the allocator and the panic handler.
    //!
    //! # Safety
    //! - **entry**: expanded once, in the binary.
    #![allow(unsafe_code, reason = "**entry**: it plants `_rt0_amd64` and the memory functions")]

    rt_main::entry!(super::main);
}

//! Runs out of stack: on a goroutine, on one with a larger stack, or on a plain thread; or reads
//! where nothing is.
//!
//! # Safety
//! - **fault**: it is meant to end the program.
#![allow(unsafe_code, reason = "**fault**: a wild read")]

use hosted::{first_argument, run, use_stack_kib};

fn main() {
    let what = first_argument();
    let far = 1 << 20;
    run(|| match what.as_str() {
        "goroutine" => drop(rt::thread::spawn(move || use_stack_kib(far)).join()),
        "large" => {
            let builder = rt::thread::Builder::new().name("deep".into()).stack_size(1 << 20);
            drop(builder.spawn(move || use_stack_kib(far)).unwrap().join());
        }
        "enough" => {
            let builder = rt::thread::Builder::new().stack_size(8 << 20);
            let used = builder.spawn(move || use_stack_kib(4 << 10)).unwrap().join().unwrap();
            println!("used {used}");
        }
        "thread" => {
            let builder = std::thread::Builder::new().name("plain".into());
            let thread = builder.spawn(move || use_stack_kib(far)).unwrap();
            drop(rt::blocking(|| thread.join()));
        }
        "fault" => {
            let wild = std::hint::black_box(std::ptr::without_provenance::<u8>(0x10));
            println!("read {}", read(wild));
        }
        other => panic!("what is {other}?"),
    });
}

fn read(wild: *const u8) -> u8 {
    // SAFETY: **fault**.
    unsafe { wild.read_volatile() }
}

//! Asks for what is not to be had.

use std::io::ErrorKind;
use std::time::Duration;

use hosted::{first_argument, run};

fn main() {
    match first_argument().as_str() {
        // No runtime: each call says what to call first.
        "not-started" => rt::go(|| ()),
        // Address space ends: Builder::spawn says so, and all goes on.
        "stacks" => {
            run(|| ());
            let limit = libc::rlimit { rlim_cur: 1 << 30, rlim_max: 1 << 30 };
            limit_address_space(&limit);
            run(spawn_until_refused);
        }
        // Threads end: Go's fatal text.
        "threads" => run(|| {
            let calls: Vec<_> = (0..10_000)
                .map(|_| {
                    rt::thread::spawn(|| {
                        rt::blocking(|| std::thread::sleep(Duration::from_secs(20)));
                    })
                })
                .collect();
            calls.into_iter().for_each(|call| call.join().unwrap());
        }),
        other => panic!("what is {other}?"),
    }
}

fn spawn_until_refused() {
    let mut handles = Vec::new();
    let error = loop {
        let builder = rt::thread::Builder::new();
        match builder.spawn(rt::thread::park) {
            Ok(handle) => handles.push(handle),
            Err(error) => break error,
        }
        assert!(handles.len() < 100_000, "a GiB is not enough for these");
    };
    println!("refused: {:?}", error.kind() == ErrorKind::OutOfMemory);
    std::panic::set_hook(Box::new(|_| {})); // the next panic is deliberate
    let panicked = std::panic::catch_unwind(|| rt::thread::spawn(|| ())).is_err();
    println!("spawn panics: {panicked}");
    for handle in &handles {
        handle.thread().unpark();
    }
    let count = handles.len();
    let joined = handles.into_iter().filter_map(|handle| handle.join().ok()).count();
    println!("all joined: {}", joined == count && count > 1000);
    println!("goes on: {}", rt::thread::spawn(|| 7).join().unwrap() == 7);
}

mod unchecked {
    //! # Safety
    //! - **whole**: a whole structure is handed to setrlimit(2).
    #![allow(unsafe_code, reason = "**whole**: a call of the C library")]

    pub(super) fn limit_address_space(limit: &libc::rlimit) {
        // SAFETY: **whole**.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, limit) }, 0);
    }
}
use unchecked::limit_address_space;

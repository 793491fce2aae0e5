//! What works before the runtime is started, and what says that it must be.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use rt::thread;

rt::thread_local!(static LOCAL: Cell<u32> = const { Cell::new(1) });

#[test]
fn plain_threads_wait_without_a_runtime() {
    let me = thread::current();
    assert_eq!(me.name(), Some("plain_threads_wait_without_a_runtime"));
    let unparks = std::thread::spawn(move || me.unpark());
    thread::park();
    unparks.join().unwrap();
    let start = Instant::now();
    thread::park_timeout(Duration::from_millis(2));
    thread::sleep(Duration::from_millis(2));
    thread::yield_now();
    assert!(start.elapsed() >= Duration::from_millis(4));
    LOCAL.set(2);
    assert_eq!(LOCAL.replace(3), 2);
    assert_eq!(std::thread::spawn(|| LOCAL.get()).join().unwrap(), 1);
    assert_eq!(rt::block_on(async { 4 }), 4);
    assert_eq!(rt::blocking(|| 5), 5);
    assert_eq!(thread::scope(|_| 6), 6);
    let parallelism = std::thread::available_parallelism().unwrap();
    assert_eq!(thread::available_parallelism().unwrap(), parallelism);
}

#[test]
fn spawns_say_what_to_call() {
    let spawns: [fn(); 4] = [
        || drop(thread::spawn(|| ())),
        || drop(thread::Builder::new().spawn(|| ())),
        || rt::go(|| ()),
        || thread::scope(|s| drop(s.spawn(|| ()))),
    ];
    for spawn in spawns {
        let payload = catch_unwind(spawn).unwrap_err();
        let text = payload.downcast_ref::<&str>().unwrap();
        assert!(text.contains("rt is not started: call `unsafe { rt::start("), "{text}");
    }
}

//! Ports of Go's tests on plain threads. Goroutines run the same bodies: those of std programs in
//! rt, those of bare programs in tests.

extern crate alloc;

#[path = "../../tests/bodies/sync/mod.rs"]
mod sync;
mod threads;
#[path = "../../tests/bodies/unwind.rs"]
mod unwind;

use threads as rt;

/// A test for each file.
macro_rules! tests {
    ($($name:ident: $bodies:expr;)*) => {
        $(#[test]
        fn $name() {
            for (name, body) in $bodies {
                println!("{name}");
                body();
            }
        })*
    };
}

tests! {
    chan: sync::chan::ALL;
    select: sync::select::ALL;
    mutex: sync::mutex::ALL;
    rwlock: sync::rwlock::ALL;
    condvar: sync::condvar::ALL;
    once: sync::once::ALL;
    mpsc: sync::mpsc::ALL;
    semaphore: sync::semaphore::ALL;
    wait_group: sync::wait_group::ALL;
    scope: sync::scope::ALL;
    unwinding: unwind::ALL;
}

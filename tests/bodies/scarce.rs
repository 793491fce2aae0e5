//! What a program has is all that it gets, from some moment on: each in a process of its own.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::format;
use alloc::vec::Vec;
use core::hint::spin_loop;

use rt_os::sys::thread::usleep;

use crate::os;
use crate::rt::chan::bounded;
use crate::rt::thread::{self, Builder};
use crate::rt::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn compute() {
    let end = Instant::now() + 30 * MS;
    while Instant::now() < end {
        spin_loop();
    }
}

/// Goroutines of all kinds that keep their threads, and others beside them. All come to an end.
fn mix(each: usize) {
    let kinds: [fn(); 3] = [
        compute,
        || (0..10).for_each(|_| usleep(3_000)),
        || (0..10).for_each(|_| crate::rt::blocking(|| usleep(3_000))),
    ];
    let busy: Vec<_> = (0..3 * each).map(|n| thread::spawn(kinds[n % 3])).collect();
    for round in 0..20 {
        thread::sleep(MS);
        let (sender, receiver) = bounded(0);
        let echo = thread::spawn(move || sender.send(round).unwrap());
        assert_eq!(receiver.recv(), Ok(round));
        echo.join().unwrap();
    }
    busy.into_iter().for_each(|one| one.join().unwrap());
}

/// Threads: those beside one for each P are not worth the end of the program.
fn threads() {
    mix(4);
    os::allow_no_more_threads();
    thread::sleep(100 * MS); // one may have been under way
    let before = os::threads();
    for _ in 0..5 {
        mix(10);
    }
    os::say(&format!("threads {before} {}", os::threads()));
}

/// Memory for goroutines: who starts one is told, and all goes on.
fn stacks() {
    const MOST: usize = 10_000;
    let mut handles = Vec::with_capacity(MOST);
    // Whose thread is found blocked later needs another one, from among these.
    let blocked = [(); 4].map(|()| thread::spawn(|| crate::rt::blocking(|| usleep(20_000))));
    blocked.into_iter().for_each(|one| one.join().unwrap());
    os::allow_more_kib(256 << 10);
    while let Ok(handle) = Builder::new().spawn(thread::park) {
        handles.push(handle);
        assert!(handles.len() < MOST, "a quarter of a GiB is not enough for these");
    }
    handles.iter().for_each(|handle| handle.thread().unpark());
    os::say(&format!("refused {}", handles.len()));
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
}

pub(crate) const ALL: &[(&str, fn())] = &[("threads", threads), ("stacks", stacks)];

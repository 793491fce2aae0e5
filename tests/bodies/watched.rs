//! A program to be looked at: one goroutine waits for a message, two compute, main sleeps.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::rt::chan::bounded;
use crate::rt::go;
use crate::rt::thread;
use crate::rt::time::Duration;

/// Takes longer than some rounds of what looks at it.
pub(crate) fn run() {
    let (sender, never) = bounded::<()>(0);
    go(move || assert!(never.recv().is_err()));
    let stop = Arc::new(AtomicBool::new(false));
    for _ in 0..2 {
        let stop = Arc::clone(&stop);
        go(move || {
            while !stop.load(Relaxed) {
                spin_loop();
            }
        });
    }
    thread::sleep(Duration::from_millis(600));
    stop.store(true, Relaxed);
    drop(sender);
}

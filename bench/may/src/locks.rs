//! may's mutex.

use std::sync::Arc;
use std::time::{Duration, Instant};

use may::sync::Mutex;

use crate::{join_all, spawn};

pub(crate) fn mutex(tasks: usize, turns: usize) -> Duration {
    let start = Instant::now();
    let number = Arc::new(Mutex::new(0));
    let handles = (0..tasks).map(|_| {
        let number = Arc::clone(&number);
        spawn(move || {
            for _ in 0..turns {
                *number.lock().expect("no panic") += 1;
            }
        })
    });
    join_all(handles.collect());
    let took = start.elapsed();
    assert_eq!(*number.lock().expect("no panic"), tasks * turns);
    took
}

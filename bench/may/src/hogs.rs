//! Tasks that do not give way: they compute, or block their thread, beside one that sleeps.

use std::time::Duration;

use bench_common::{Blocks, Tasks, sleep_in_the_kernel};
use may::coroutine::{self, JoinHandle};

use crate::spawn;

struct Own;

impl Tasks for Own {
    type Handle = JoinHandle<()>;

    fn spawn(work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        spawn(work)
    }

    fn join(handle: JoinHandle<()>) {
        handle.join().expect("no panic");
    }

    fn sleep(time: Duration) {
        coroutine::sleep(time);
    }
}

pub(crate) fn hogs(count: usize, duration: Duration) -> Vec<Duration> {
    bench_common::hogs::<Own>(count, duration)
}

pub(crate) fn blocked(count: usize) -> Blocks {
    bench_common::blocked::<Own>(count, sleep_in_the_kernel)
}

//! Tasks that do not give way: they compute, or block their thread, beside one that sleeps.

use std::time::Duration;

use bench_common::{Blocks, Tasks, sleep_in_the_kernel};
use rt::thread::{self, JoinHandle};

struct Own;

impl Tasks for Own {
    type Handle = JoinHandle<()>;

    fn spawn(work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        thread::spawn(work)
    }

    fn join(handle: JoinHandle<()>) {
        handle.join().expect("no panic");
    }

    fn sleep(time: Duration) {
        thread::sleep(time);
    }
}

pub(crate) fn hogs(count: usize, duration: Duration) -> Vec<Duration> {
    bench_common::hogs::<Own>(count, duration)
}

pub(crate) fn blocked(count: usize, announced: bool) -> Blocks {
    match announced {
        true => bench_common::blocked::<Own>(count, || rt::blocking(sleep_in_the_kernel)),
        false => bench_common::blocked::<Own>(count, sleep_in_the_kernel),
    }
}

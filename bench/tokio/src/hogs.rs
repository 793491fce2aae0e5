//! Tasks that do not give way: they compute, or block their thread, beside one that sleeps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_common::{Blocks, Late, NAP, compute_until, sleep_in_the_kernel};
use tokio::time::sleep;

use crate::join_all;

/// Sleeps until it is told to end.
async fn nap(late: Arc<Late>) {
    while let Some(nap) = late.nap() {
        sleep(NAP).await;
        late.woke(nap);
    }
}

pub(crate) async fn hogs(count: usize, duration: Duration) -> Vec<Duration> {
    let late = Late::new();
    let napping = tokio::spawn(nap(Arc::clone(&late)));
    sleep(20 * NAP).await;
    late.begin();
    sleep(3 * NAP).await;
    let end = Instant::now() + duration;
    let hogs = (0..count).map(|_| tokio::spawn(async move { compute_until(end) }));
    join_all(hogs.collect()).await;
    late.end();
    join_all(vec![napping]).await;
    late.delays()
}

pub(crate) async fn blocked(count: usize, announced: bool) -> Blocks {
    let late = Late::new();
    late.begin();
    let napping = tokio::spawn(nap(Arc::clone(&late)));
    sleep(10 * NAP).await;
    let start = Instant::now();
    let block = |_| match announced {
        true => tokio::task::spawn_blocking(sleep_in_the_kernel),
        false => tokio::spawn(async { sleep_in_the_kernel() }),
    };
    join_all((0..count).map(block).collect()).await;
    let wall = start.elapsed();
    late.end();
    join_all(vec![napping]).await;
    Blocks { wall, delays: late.delays() }
}

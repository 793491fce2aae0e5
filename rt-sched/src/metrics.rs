//! How the scheduler does, in numbers. Go: package `runtime/metrics`, the `/sched` and `/sync`
//! part.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::g::Status;
use crate::p::P;
use crate::sched::Sched;

/// Times from 1 ns to some minutes.
const BUCKETS: usize = 40;

/// How often something took how long. A bucket holds what took at least 2^n ns, and less than twice
/// as long. Go: `timeHistogram`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram([u64; BUCKETS]);

impl Histogram {
    /// How often in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The buckets with something in them: the least time in ns, and how often.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0
            .iter()
            .enumerate()
            .filter(|(_, count)| **count != 0)
            .map(|(n, count)| (1 << n, *count))
    }

    /// The time, in ns, that `part` of them did not exceed: 0.99 of them, say. The upper end of its
    /// bucket; 0 of none.
    #[must_use]
    pub fn quantile_ns(&self, part: f64) -> u64 {
        let wanted = (self.count() as f64 * part.clamp(0.0, 1.0)) as u64;
        let mut seen = 0;
        for (least, count) in self.buckets() {
            seen += count;
            if seen >= wanted {
                return least * 2;
            }
        }
        0
    }
}

/// A histogram that is filled.
pub(crate) struct Recorder([AtomicU64; BUCKETS]);

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}

impl Recorder {
    pub(crate) const fn new() -> Recorder {
        Recorder([const { AtomicU64::new(0) }; BUCKETS])
    }

    /// One more.
    pub(crate) fn record(&self, ns: u64) {
        let bucket = (ns.max(1).ilog2() as usize).min(BUCKETS - 1);
        self.0[bucket].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Histogram {
        Histogram(core::array::from_fn(|n| self.0[n].load(Ordering::Relaxed)))
    }
}

/// What is counted by all.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Ps taken from blocked threads, and from busy ones.
    pub(crate) taken_blocked: AtomicU64,
    pub(crate) taken_busy: AtomicU64,
    /// From the wish to stop the world until it stood, and until it went on.
    pub(crate) stopping: Recorder,
    pub(crate) stopped: Recorder,
    /// From the ready to the run: of one in so many.
    pub(crate) latencies: Recorder,
}

impl Counts {
    pub(crate) fn new() -> Counts {
        Counts {
            taken_blocked: AtomicU64::new(0),
            taken_busy: AtomicU64::new(0),
            stopping: Recorder::new(),
            stopped: Recorder::new(),
            latencies: Recorder::new(),
        }
    }
}

/// The numbers, read one after the other while all goes on: a glimpse.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metrics {
    /// Ps. Go: `/sched/gomaxprocs:threads`.
    pub procs: u32,
    /// Ps without work.
    pub idle_procs: u32,
    /// Goroutines. Go: `/sched/goroutines:goroutines`.
    pub goroutines: u64,
    /// Goroutines started so far. Go: `/sched/goroutines-created:goroutines`.
    pub goroutines_created: u64,
    /// Goroutines that wait for a P. Go: `/sched/goroutines/runnable:goroutines`.
    pub runnable: u64,
    /// Goroutines that run with a P. Go: `/sched/goroutines/running:goroutines`.
    pub running: u64,
    /// Goroutines that wait for something. Go: `/sched/goroutines/waiting:goroutines`.
    pub waiting: u64,
    /// Goroutines that run on without a P, which was taken from their thread while it computed, or
    /// was blocked. Go: `/sched/goroutines/not-in-go:goroutines`.
    pub detached: u64,
    /// Threads. Go: `/sched/threads/total:threads`.
    pub threads: u64,
    /// Threads without work.
    pub idle_threads: u32,
    /// How often a P was taken from a blocked thread.
    pub taken_blocked: u64,
    /// How often a P was taken from a thread that computed.
    pub taken_busy: u64,
    /// How many goroutines have gone to another P by stealing.
    pub stolen: u64,
    /// How long goroutines waited for a P, of one in 64. Go: `/sched/latencies:seconds`.
    pub latencies: Histogram,
    /// How long it took until the world stood. Go: `/sched/pauses/stopping/other:seconds`.
    pub stopping: Histogram,
    /// How long it took until the world went on. Go: `/sched/pauses/total/other:seconds`.
    pub pauses: Histogram,
    /// How long goroutines and threads have waited for mutexes, in ns, all together. Go:
    /// `/sync/mutex/wait/total:seconds`.
    pub mutex_wait_ns: u64,
}

impl Sched {
    /// How the scheduler does. Looks at every goroutine: not for every moment.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let (shared, counts) = (&self.shared, &self.shared.counts);
        let (mut runnable, mut running, mut waiting) = (0, 0u64, 0);
        self.for_each_goroutine(&mut |_, status| match status {
            Status::Runnable => runnable += 1,
            Status::Running => running += 1,
            Status::Waiting => waiting += 1,
            Status::Idle | Status::Dead => {}
        });
        let detached = u64::from(shared.detached.count());
        let sum = |of: fn(&P) -> u64| shared.allp.iter_all().map(of).sum::<u64>();
        let created = sum(|pp| pp.created.load(Ordering::Relaxed));
        let synced = self.lock();
        let (threads, idle_threads) = (synced.mcount(), synced.nmidle());
        drop(synced);
        Metrics {
            procs: shared.gomaxprocs(),
            idle_procs: shared.idle.npidle(),
            goroutines: self.num_goroutines(),
            goroutines_created: created + shared.created_elsewhere.load(Ordering::Relaxed),
            runnable,
            running: running.saturating_sub(detached),
            waiting,
            detached,
            threads,
            idle_threads,
            taken_blocked: counts.taken_blocked.load(Ordering::Relaxed),
            taken_busy: counts.taken_busy.load(Ordering::Relaxed),
            stolen: sum(|pp| pp.stolen.get()),
            latencies: counts.latencies.read(),
            stopping: counts.stopping.read(),
            pauses: counts.stopped.read(),
            mutex_wait_ns: rt_wait::stats::mutex_wait_ns(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Go: TestTimeHistogram.
    #[test]
    fn times_go_into_their_buckets() {
        let recorder = Recorder::new();
        for ns in [0, 1, 2, 3, 4, 1000, 1023, 1024, u64::MAX] {
            recorder.record(ns);
        }
        let read = recorder.read();
        let buckets: [(u64, u64); 6] =
            [(1, 2), (2, 2), (4, 1), (512, 2), (1024, 1), (1 << (BUCKETS - 1), 1)];
        assert!(read.buckets().eq(buckets));
        assert_eq!(read.count(), 9);
        assert_eq!(read.quantile_ns(0.5), 4);
        assert_eq!(read.quantile_ns(0.0), 2);
        assert_eq!(Recorder::new().read().quantile_ns(0.5), 0);
    }
}

//! The run queue alone: a small pool of plain threads that steal from each other.

use std::cell::Cell;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rt_sched::runq::{GlobalQueue, Linked, LocalQueue, Push, Steal};
use rt_wait::mutex::Mutex;
use rt_wait::park::{Spot, WaitReason, Waiter};
use rt_wait::rank::Rank;

type Work = Box<dyn FnOnce(&Worker<'_>) + Send>;

/// A closure in a queue.
struct Job {
    work: Work,
    next: Cell<Option<NonNull<Job>>>,
}

// SAFETY: one cell, stored and given back by the job's owner.
unsafe impl Linked for Job {
    unsafe fn next(this: NonNull<Job>) -> Option<NonNull<Job>> {
        // SAFETY: the caller's.
        unsafe { this.as_ref() }.next.get()
    }

    unsafe fn set_next(this: NonNull<Job>, next: Option<NonNull<Job>>) {
        // SAFETY: the caller's.
        unsafe { this.as_ref() }.next.set(next);
    }
}
// SAFETY: its work is Send, and it is handed over as a whole.
unsafe impl Send for Job {}

struct Shared {
    queue: GlobalQueue<Job>,
    sleepers: Vec<Waiter>,
}

/// What the workers have in common.
struct Pool {
    locals: Vec<LocalQueue<Job>>,
    shared: Mutex<Shared>,
    /// Jobs that were started and have not ended.
    pending: AtomicUsize,
    closed: AtomicBool,
}

struct Worker<'a> {
    pool: &'a Pool,
    number: usize,
}

impl Worker<'_> {
    /// Queues a job, to be run here or elsewhere.
    fn spawn(&self, work: impl FnOnce(&Worker<'_>) + Send + 'static) {
        self.pool.pending.fetch_add(1, Ordering::SeqCst);
        let job = Box::new(Job { work: Box::new(work), next: None.into() });
        // SAFETY: a worker is the only owner of its queue.
        let owner = unsafe { self.pool.locals[self.number].owner() };
        // SAFETY: a new job.
        if let Push::Full(batch) = unsafe { owner.push(NonNull::from(Box::leak(job))) } {
            self.pool.shared.lock().queue.put_batch(batch);
        }
        self.pool.wake_one();
    }

    fn run(&self) {
        while let Some(job) = self.find() {
            // SAFETY: leaked in `spawn`, and taken out of a queue once.
            let job = unsafe { Box::from_raw(job.as_ptr()) };
            (job.work)(self);
            if self.pool.pending.fetch_sub(1, Ordering::SeqCst) == 1 {
                self.pool.close();
            }
        }
    }

    fn find(&self) -> Option<NonNull<Job>> {
        // SAFETY: as in `spawn`.
        let owner = unsafe { self.pool.locals[self.number].owner() };
        loop {
            if let Some(popped) = owner.pop() {
                return Some(popped.item);
            }
            if let Some(job) = self.pool.shared.lock().queue.get() {
                return Some(job);
            }
            let others = self.pool.locals.iter().enumerate().filter(|(i, _)| *i != self.number);
            for (_, victim) in others {
                if let Some(job) = victim.steal_into(owner, Steal::Ring, || true) {
                    return Some(job);
                }
            }
            if self.pool.closed.load(Ordering::SeqCst) {
                return None;
            }
            self.sleep();
        }
    }

    fn sleep(&self) {
        let spot = std::pin::pin!(Spot::new());
        let spot: Pin<&Spot> = spot.into_ref();
        let mut shared = self.pool.shared.lock();
        let work = !shared.queue.is_empty() || self.pool.locals.iter().any(|q| !q.ring_is_empty());
        if work || self.pool.closed.load(Ordering::SeqCst) {
            return;
        }
        spot.prepare(WaitReason::Park);
        shared.sleepers.push(spot.waiter());
        drop(shared);
        spot.commit();
    }
}

impl Pool {
    fn wake_one(&self) {
        let waiter = self.shared.lock().sleepers.pop();
        if let Some(waiter) = waiter {
            // SAFETY: taken out of the list under its lock.
            unsafe { waiter.ready() };
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let sleepers = std::mem::take(&mut self.shared.lock().sleepers);
        for waiter in sleepers {
            // SAFETY: as above.
            unsafe { waiter.ready() };
        }
    }

    /// Runs `first` and all that it leads to on `threads` threads.
    fn run(threads: usize, first: impl FnOnce(&Worker<'_>) + Send + 'static) {
        let shared = Shared { queue: GlobalQueue::new(), sleepers: Vec::new() };
        let pool = Pool {
            locals: (0..threads).map(|_| LocalQueue::new()).collect(),
            shared: Mutex::new(Rank::Leaf, shared),
            pending: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        };
        Worker { pool: &pool, number: 0 }.spawn(first);
        std::thread::scope(|scope| {
            for number in 0..threads {
                let pool = &pool;
                scope.spawn(move || Worker { pool, number }.run());
            }
        });
        assert_eq!(pool.pending.load(Ordering::SeqCst), 0);
    }
}

/// Splits `range` until it is one number, which is then counted.
fn split(worker: &Worker<'_>, from: usize, to: usize, seen: Arc<Vec<AtomicUsize>>) {
    if to - from == 1 {
        seen[from].fetch_add(1, Ordering::Relaxed);
        return;
    }
    let middle = from + (to - from) / 2;
    for (from, to) in [(from, middle), (middle, to)] {
        let seen = Arc::clone(&seen);
        worker.spawn(move |worker| split(worker, from, to, seen));
    }
}

#[test]
fn jobs_that_start_jobs_run_once_each() {
    const COUNT: usize = 100_000;
    for threads in [1, 2, 4] {
        let seen: Arc<Vec<AtomicUsize>> = Arc::new((0..COUNT).map(|_| 0.into()).collect());
        let theirs = Arc::clone(&seen);
        Pool::run(threads, move |worker| split(worker, 0, COUNT, theirs));
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{threads} threads");
    }
}

#[test]
fn more_jobs_than_a_ring_holds() {
    let done = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&done);
    Pool::run(2, move |worker| {
        for _ in 0..10_000 {
            let done = Arc::clone(&theirs);
            worker.spawn(move |_| {
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(done.load(Ordering::Relaxed), 10_000);
}

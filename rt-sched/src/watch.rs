//! Is sysmon asleep? And who must wake it. Go: `sysmonwait`.
//!
//! ```text
//!            pauses            pauses_briefly             sleeps, when every P idles
//!   AWAKE <========> PAUSING_LONG ----> PAUSING   AWAKE <========================> ASLEEP
//!     ^      resumes, or claim             |                claim     (until it is started)
//!     +------------------------------------+
//!
//!   PAUSING: for 1 ms at most
//!   claim: by one who wants it awake; it wakes or starts sysmon
//! ```
//!
//! sysmon must be awake while any P runs. Two parties, in one pattern: write yours, full barrier,
//! look at what the other writes.
//!
//! ```text
//!   who takes an idle P: npidle - 1         sysmon: ASLEEP
//!   ASLEEP? wake it                         npidle < Ps? awake again
//!
//!   who has a deadline: into its heap       sysmon: PAUSING_LONG
//!   AWAKE or PAUSING? leave it to sysmon    looks at deadlines and npidle: for how long?
//! ```

use rt_wait::atomic::{AtomicU32, Ordering};

use crate::idle::{IdleWords, loom_barrier};

const AWAKE: u32 = 0;
const PAUSING: u32 = 1;
const ASLEEP: u32 = 2;
const PAUSING_LONG: u32 = 3;

/// The word.
#[derive(Debug)]
pub struct Watch(AtomicU32);

impl Watch {
    /// Nobody watches.
    #[must_use]
    pub fn new() -> Watch {
        Watch(AtomicU32::new(ASLEEP))
    }

    /// Does it sleep? Asked after [`IdleWords::p_leaves`].
    #[inline(always)]
    #[must_use = "somebody must wake it"]
    pub fn is_asleep(&self) -> bool {
        loom_barrier();
        self.0.load(Ordering::SeqCst) == ASLEEP
    }

    /// Does it look within a ms, or on its way into a longer pause? Asked after what it is to see.
    #[must_use]
    pub fn looks_soon(&self) -> bool {
        loom_barrier();
        matches!(self.0.load(Ordering::SeqCst), AWAKE | PAUSING)
    }

    /// Is it asleep, or in a pause? A glimpse.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.0.load(Ordering::Relaxed) != AWAKE
    }

    /// Takes the duty to wake it. False: it is awake, or another one has the duty.
    #[must_use = "the duty is taken"]
    pub fn claim(&self) -> bool {
        self.0.swap(AWAKE, Ordering::SeqCst) != AWAKE
    }

    /// sysmon begins a pause that may be cut short. It looks for how long it may be after this.
    pub fn pauses(&self) {
        self.0.store(PAUSING_LONG, Ordering::SeqCst);
        loom_barrier();
    }

    /// The pause is 1 ms at most; nothing changes when somebody has claimed to cut it short.
    pub fn pauses_briefly(&self) {
        let (order, failed) = (Ordering::SeqCst, Ordering::Relaxed);
        let _claimed = self.0.compare_exchange(PAUSING_LONG, PAUSING, order, failed);
    }

    /// sysmon ends its pause. True: somebody has claimed to wake it.
    #[must_use = "a wake-up is under way"]
    pub fn resumes(&self) -> bool {
        self.0.swap(AWAKE, Ordering::SeqCst) == AWAKE
    }

    /// sysmon is about to sleep, as every one of `procs` Ps idles: their number may change until it
    /// has said so. False: one runs after all, and nobody has claimed it yet.
    #[must_use = "it sleeps until it is woken"]
    pub fn sleeps(&self, idle: &IdleWords, procs: impl FnOnce() -> u32) -> bool {
        self.0.swap(ASLEEP, Ordering::SeqCst);
        loom_barrier();
        idle.npidle() == procs() || !self.claim()
    }
}

impl Default for Watch {
    fn default() -> Watch {
        Watch::new()
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicU32 as Count;
    use loom::thread;

    struct World {
        idle: IdleWords,
        watch: Watch,
        wakeups: Count,
    }

    fn world(npidle: u32) -> Arc<World> {
        let world = World { idle: IdleWords::new(), watch: Watch::new(), wakeups: Count::new(0) };
        (0..npidle).for_each(|_| world.idle.p_idles());
        assert!(world.watch.claim(), "it is started");
        Arc::new(world)
    }

    impl World {
        fn run_a_p(&self) {
            self.idle.p_leaves();
            if self.watch.is_asleep() && self.watch.claim() {
                self.wakeups.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Who leaves a deadline to sysmon has it seen before a long pause.
    #[test]
    fn loom_a_deadline_is_not_left_to_who_pauses_for_long() {
        loom::model(|| {
            let (world, deadline) = (world(0), Arc::new(Count::new(0)));
            let (theirs, their_deadline) = (Arc::clone(&world), Arc::clone(&deadline));
            let starter = thread::spawn(move || {
                their_deadline.store(1, Ordering::SeqCst);
                theirs.watch.looks_soon()
            });
            world.watch.pauses();
            let seen = deadline.load(Ordering::SeqCst) != 0;
            if seen {
                world.watch.pauses_briefly();
            }
            let is_left = starter.join().unwrap();
            assert!(seen || !is_left, "left to sysmon, which did not see it");
            assert!(!world.watch.resumes());
        });
    }

    #[test]
    fn loom_it_does_not_sleep_beside_a_p_that_runs() {
        loom::model(|| {
            let world = world(2);
            let runners = [0, 1].map(|_| {
                let theirs = Arc::clone(&world);
                thread::spawn(move || theirs.run_a_p())
            });
            let sleeps = world.watch.sleeps(&world.idle, || 2);
            runners.into_iter().for_each(|runner| runner.join().unwrap());
            let woken = world.wakeups.load(Ordering::SeqCst);
            assert_eq!(woken, u32::from(sleeps), "it sleeps until one wakes it");
        });
    }

    #[test]
    fn loom_a_pause_is_cut_short_once() {
        loom::model(|| {
            let world = world(1);
            let wakers = [0, 1].map(|_| {
                let theirs = Arc::clone(&world);
                thread::spawn(move || u32::from(theirs.watch.is_slow() && theirs.watch.claim()))
            });
            world.watch.pauses();
            let claimed = world.watch.resumes();
            let woken: u32 = wakers.into_iter().map(|waker| waker.join().unwrap()).sum();
            assert_eq!(woken, u32::from(claimed), "a wake-up for each claim");
        });
    }
}

//! Is sysmon asleep? And who must wake it. Go: `sysmonwait`.
//!
//! ```text
//!          sleeps: by sysmon, when every P idles
//!   awake <======================================> ASLEEP   (so it is until sysmon is started)
//!          claim: by one who saw a lone goroutine beside an idle P; it wakes or starts sysmon
//! ```
//!
//! Three parties, in one pattern: write yours, full barrier, look at what the others write.
//!
//! ```text
//!   pusher: goroutine into `next`    idler: npidle + 1            sysmon: ASLEEP
//!   npidle != 0, and asleep? wake    a `next`, and asleep? wake   npidle < Ps? awake again
//! ```
//!
//! So a lone goroutine does not stay beside an idle P while sysmon sleeps: the later one of pusher
//! and idler sees the other one, and either it sees ASLEEP, or sysmon sees that a P runs.

use rt_wait::atomic::{AtomicBool, Ordering};

use crate::idle::{IdleWords, loom_barrier};

/// The word.
#[derive(Debug)]
pub struct Watch {
    asleep: AtomicBool,
}

impl Watch {
    /// Nobody watches.
    #[must_use]
    pub fn new() -> Watch {
        Watch { asleep: AtomicBool::new(true) }
    }

    /// Is a P idle, and sysmon asleep? Asked by a pusher after its RMW on `next`, and by an idler
    /// that has seen a `next` after [`IdleWords::p_idles`].
    #[inline(always)]
    #[must_use = "somebody must wake it"]
    pub fn is_missed(&self, idle: &IdleWords) -> bool {
        loom_barrier();
        idle.npidle() != 0 && self.asleep.load(Ordering::SeqCst)
    }

    /// Takes the duty to wake it. False: another one has it.
    #[must_use = "the duty is taken"]
    pub fn claim(&self) -> bool {
        self.asleep.swap(false, Ordering::SeqCst)
    }

    /// sysmon is about to sleep, as every one of `procs` Ps idles. False: one runs after all, and
    /// nobody has claimed it yet.
    #[must_use = "it sleeps until it is woken"]
    pub fn sleeps(&self, idle: &IdleWords, procs: u32) -> bool {
        self.asleep.swap(true, Ordering::SeqCst);
        loom_barrier();
        idle.npidle() == procs || !self.claim()
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
    use loom::thread;

    /// Two Ps, and the `next` slot of the one that runs.
    struct World {
        idle: IdleWords,
        next: AtomicBool,
        watch: Watch,
    }

    impl World {
        fn new(npidle: u32, asleep: bool) -> Arc<World> {
            let world =
                World { idle: IdleWords::new(), next: AtomicBool::new(false), watch: Watch::new() };
            (0..npidle).for_each(|_| world.idle.p_idles());
            assert!(asleep || world.watch.claim());
            Arc::new(world)
        }

        /// True: woke sysmon.
        fn wake(&self) -> bool {
            self.watch.is_missed(&self.idle) && self.watch.claim()
        }

        fn push(&self) -> bool {
            self.next.swap(true, Ordering::AcqRel);
            self.wake()
        }

        fn go_idle(&self, looks: bool) -> bool {
            self.idle.p_idles();
            looks && self.next.load(Ordering::SeqCst) && self.wake()
        }
    }

    fn push_beside_idler(looks: bool) {
        loom::model(move || {
            let world = World::new(0, true);
            let theirs = Arc::clone(&world);
            let idler = thread::spawn(move || theirs.go_idle(looks));
            let woken = u32::from(world.push()) + u32::from(idler.join().unwrap());
            assert_eq!(woken, 1, "a lone goroutine, an idle P, and nobody watches");
        });
    }

    #[test]
    fn loom_a_lone_goroutine_is_watched() {
        push_beside_idler(true);
    }

    #[test]
    #[should_panic(expected = "nobody watches")]
    fn loom_an_idler_that_does_not_look_leaves_it_alone() {
        push_beside_idler(false);
    }

    #[test]
    fn loom_sysmon_does_not_sleep_beside_a_push() {
        loom::model(|| {
            let world = World::new(2, false);
            let theirs = Arc::clone(&world);
            let sysmon = thread::spawn(move || theirs.watch.sleeps(&theirs.idle, 2));
            world.idle.p_leaves();
            let woken = world.push();
            let sleeps = sysmon.join().unwrap();
            assert!(!sleeps || woken, "it sleeps, and nobody wakes it");
        });
    }
}

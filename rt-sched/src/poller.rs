//! The one M that waits for what time brings, and those who start timers meanwhile. Go: `lastpoll`,
//! `pollUntil`, `netpollBreak`, `netpollWakeSig`.
//!
//! ```text
//!   starter                                    waiter (an M without a P)
//!   its heap's first deadline = when           lastpoll: swap 0; not 0 before: it is the waiter
//!   lastpoll == 0?  somebody waits:            until = 0; look at every heap: the earliest
//!     until is 0 or later than when: wake it   until = that; look again; sleep until then
//!   else: the caller sees to it that           finish: take in a wake-up under way, lastpoll = now
//!         somebody comes to wait
//! ```
//!
//! Each side writes its own, passes a full barrier (all four stores are SeqCst: `xchg`), and looks
//! at the other's. So at most one M waits, and it never sleeps past a deadline that nobody told it
//! of. Who has a P may tell late: when it idles, or sysmon looks ([`crate::sleep`]).

use rt_os::sys::epoll::{eventfd_clear, eventfd_signal};
use rt_wait::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering, fence, spin_step};
use rt_wait::note::Note;

/// No deadline: later than every other.
pub const NEVER: u64 = u64::MAX;

/// The words.
#[derive(Debug)]
pub struct Poller {
    lastpoll: AtomicU64, // when somebody last waited; 0 while somebody does. Go: lastpoll
    until: AtomicU64,    // until when it sleeps; 0: it has not decided. Go: pollUntil
    woken: AtomicBool,   // a wake-up is under way, or was not taken in yet. Go: netpollWakeSig
    note: Note,          // signalled only by who has set `woken`; cleared by the waiter
    breaker: AtomicI32,  // the eventfd that ends a wait for descriptors; -1: none. Stored once
}

/// What a starter must still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a timer that nobody waits for fires late"]
pub enum Told {
    /// The waiter knows, or will look.
    Waiter,
    /// Nobody waits: an M must be found that will.
    Nobody,
}

/// loom takes SeqCst operations for AcqRel ones; on the machine a SeqCst store is a full barrier.
#[inline(always)]
fn loom_barrier() {
    if cfg!(loom) {
        fence(Ordering::SeqCst);
    }
}

impl Default for Poller {
    fn default() -> Poller {
        Poller::new()
    }
}

impl Poller {
    /// Nobody waits, since time 1.
    #[must_use]
    pub fn new() -> Poller {
        Poller {
            lastpoll: AtomicU64::new(1),
            until: AtomicU64::new(0),
            woken: AtomicBool::new(false),
            note: Note::new(),
            breaker: AtomicI32::new(-1),
        }
    }

    /// Notes when somebody last looked at the time: schedinit.
    pub fn opened(&self, now_ns: u64) {
        self.lastpoll.store(now_ns.max(1), Ordering::SeqCst);
    }

    /// A timer due at `when` has become the first of its heap, by a SeqCst store before this call.
    /// Go: `wakeNetPoller`.
    pub fn timer_started(&self, when: u64) -> Told {
        loom_barrier();
        if self.lastpoll.load(Ordering::SeqCst) != 0 {
            return Told::Nobody;
        }
        let until = self.until.load(Ordering::SeqCst);
        let sleeps_past = until == 0 || until > when;
        if sleeps_past {
            self.wake();
        }
        Told::Waiter
    }

    /// Has the one that waits look again. Go: `netpollBreak`.
    pub fn look_again(&self) {
        if self.is_attended() {
            self.wake();
        }
    }

    /// The note first: who decides to wait for descriptors looks at it once more after it has seen
    /// that there is a set, which is later than the breaker.
    fn wake(&self) {
        if self.woken.swap(true, Ordering::SeqCst) {
            return;
        }
        self.note.wakeup();
        let breaker = self.breaker.load(Ordering::SeqCst); // pairs with `breaks_by`
        if breaker >= 0 {
            eventfd_signal(breaker);
        }
    }

    /// From now on who waits may do so on descriptors, and this eventfd breaks it.
    pub fn breaks_by(&self, eventfd: i32) {
        self.breaker.store(eventfd, Ordering::SeqCst); // before the set is; pairs with `wake`
    }

    /// A break was reported to the one that waits.
    pub fn break_was_seen(&self) {
        eventfd_clear(self.breaker.load(Ordering::Relaxed)); // it is in the set that reported
    }

    /// Does somebody wait? Asked by an idler after [`crate::idle::IdleWords::p_idles`], or by a
    /// searcher after [`crate::idle::IdleWords::stop_search`]: a starter that left it to them has
    /// started its timer before.
    #[must_use]
    pub fn is_attended(&self) -> bool {
        self.lastpoll.load(Ordering::SeqCst) == 0
    }

    /// Waits until the earliest deadline, if nobody else waits. `first` looks at every heap;
    /// `sleep` sleeps on the note until a deadline, and is told when somebody last waited. False:
    /// somebody waits already.
    pub fn wait(&self, first: impl Fn() -> u64, sleep: impl FnOnce(&Note, u64, u64)) -> bool {
        let last = self.lastpoll.swap(0, Ordering::SeqCst);
        if last == 0 {
            return false;
        }
        self.until.store(0, Ordering::SeqCst);
        loom_barrier();
        let until = first();
        self.until.store(until, Ordering::SeqCst);
        loom_barrier();
        if first() >= until {
            sleep(&self.note, until, last);
        }
        true
    }

    /// Ends the wait of the one that [`Poller::wait`] said true to. The note is signalled only
    /// while `woken` is set, and only this resets it: a wake-up under way is waited for; one that
    /// comes later meets the next who waits.
    pub fn finish(&self, now_ns: u64) {
        if self.woken.load(Ordering::SeqCst) {
            while !self.note.is_signalled() {
                spin_step();
            }
            self.note.clear();
            self.woken.swap(false, Ordering::SeqCst);
        }
        self.until.store(0, Ordering::SeqCst);
        self.lastpoll.swap(now_ns.max(1), Ordering::SeqCst);
    }
}

#[cfg(all(test, loom))]
mod models {
    extern crate std;
    use super::*;
    use loom::sync::Arc;
    use loom::thread;
    use std::vec::Vec;

    /// Two heaps' first deadlines, and the poller.
    struct World {
        poller: Poller,
        heaps: [AtomicU64; 2],
        waiting: loom::sync::atomic::AtomicUsize,
    }

    fn world(first: u64) -> Arc<World> {
        Arc::new(World {
            poller: Poller::new(),
            heaps: [AtomicU64::new(first), AtomicU64::new(NEVER)],
            waiting: loom::sync::atomic::AtomicUsize::new(0),
        })
    }

    impl World {
        fn first(&self) -> u64 {
            self.heaps.iter().map(|heap| heap.load(Ordering::SeqCst)).min().unwrap_or(NEVER)
        }

        /// Waits once. Time stands before 50: a sleep to a later deadline ends by a wake-up only.
        fn wait(&self) -> bool {
            let waited = self.poller.wait(
                || self.first(),
                |note, until, _last| {
                    assert_eq!(self.waiting.fetch_add(1, Ordering::SeqCst), 0, "two wait");
                    if until > 50 {
                        note.sleep();
                    }
                    self.waiting.fetch_sub(1, Ordering::SeqCst);
                },
            );
            if waited {
                self.poller.finish(2);
            }
            waited
        }

        fn start(&self, heap: usize, when: u64) -> Told {
            self.heaps[heap].store(when, Ordering::SeqCst);
            self.poller.timer_started(when)
        }
    }

    /// If a starter's timer were slept over, the waiter would never end, which loom reports.
    #[test]
    fn loom_an_earlier_timer_is_not_slept_over() {
        loom::model(|| {
            let world = world(100);
            let theirs = Arc::clone(&world);
            let waiter = thread::spawn(move || while theirs.first() > 50 && theirs.wait() {});
            if world.start(1, 10) == Told::Nobody {
                let _one_of_us = world.wait();
            }
            waiter.join().unwrap();
        });
    }

    #[test]
    fn loom_one_waits_at_most() {
        loom::model(|| {
            let world = world(10);
            let waiters: Vec<_> = (0..2)
                .map(|_| {
                    let world = Arc::clone(&world);
                    thread::spawn(move || world.wait())
                })
                .collect();
            let waited = waiters.into_iter().filter_map(|w| w.join().ok()).filter(|w| *w).count();
            assert!(waited >= 1);
            assert!(world.wait(), "after they are done another may");
        });
    }

    #[test]
    fn loom_a_late_wakeup_is_not_doubled() {
        loom::model(|| {
            let world = world(40);
            let theirs = Arc::clone(&world);
            let starter = thread::spawn(move || {
                let _told = theirs.start(1, 30);
                let _told = theirs.start(1, 20);
            });
            world.wait();
            world.wait();
            starter.join().unwrap();
        });
    }
}

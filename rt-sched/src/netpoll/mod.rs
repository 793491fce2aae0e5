//! Waiting for descriptors. Go: `netpoll.go`, `netpoll_epoll.go`.
//!
//! ```text
//!   goroutine                        a P's M, between goroutines      the one M that waits
//!   a system call says EAGAIN        poll, without waiting            epoll_wait, until the first
//!   the first time: registers          |                              deadline of all timers
//!   waits on its word                  v                                |
//!        ^---------------------- event: takes it out, readies it <------+
//! ```
//!
//! A descriptor is registered once, at its first wait, for both directions and for changes only. A
//! call is tried before anything is waited for, unless the last one has come to the end of what
//! there was: then the next change is an event.
//!
//! The M that waits is the one that waits for timers ([`crate::poller`]); who wakes it up for an
//! earlier deadline writes to an eventfd. Where there is no epoll, or a thread runs no goroutine,
//! the thread waits by poll(2).
//!
//! # Safety
//! - **mine**: the P is the running M's.
#![allow(unsafe_code, reason = "**mine**: queues are owned by who has the P")]

mod desc;
pub mod pollable;
mod slot;
pub mod task;
pub mod word;

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};

use arrayvec::ArrayVec;
use rt_os::errno::Errno;
use rt_os::sys::clock::nanotime;
use rt_os::sys::epoll::{self, EDGE, Event, PRIORITY, READ_CLOSED, READABLE, WRITABLE};
use rt_os::sys::file::{self, Fd};
use rt_wait::mutex::Mutex;
use rt_wait::rank::Rank;

use crate::inside::with_current_p;
use crate::m::M;
use crate::newm::start_system_thread;
use crate::p::P;
use crate::runq::Push;
use crate::sched::Sched;
use crate::wake::{after_push, wake_for_work};

pub use desc::Direction;
use desc::{Desc, FreeDescs};

/// So many reports are taken at once. Go: 128.
const BATCH: usize = 128;
/// No set yet.
const NONE: Fd = -1;
/// What reports of the eventfd carry: no description is at address 0.
const BREAK: u64 = 0;

/// A scheduler's poller.
#[derive(Debug)]
pub(crate) struct Netpoll {
    /// The set. Written once, under the lock.
    set: AtomicI32,
    /// One M polls without waiting. Go: `pollingNet`.
    polling: AtomicBool,
    /// Waits that began on threads without a P, less those that ended there.
    waits_elsewhere: AtomicI64,
    free: Mutex<FreeDescs>,
}

/// Reports, on the way from the kernel to who waits.
pub(crate) struct Reports(ArrayVec<Event, BATCH>);

impl Reports {
    /// Readies who waits for what was reported: on this P, if there is one, behind all who wait for
    /// it. Who answers a quick client would else go first again and again. Go: `injectglist`.
    pub(crate) fn deliver(self, sched: &Sched, pp: Option<&P>) {
        for event in &self.0 {
            if event.data() != BREAK
                && let Some(desc) = Desc::of_tag(event.data())
            {
                desc.report(event.events());
            }
        }
        if let Some(pp) = pp.filter(|_| !self.is_empty()) {
            // SAFETY: **mine**.
            match unsafe { pp.runq.owner() }.queue_next() {
                Push::Lone => {} // g0 takes it itself
                pushed => after_push(sched, pushed),
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Netpoll {
    pub(crate) fn new() -> Netpoll {
        Netpoll {
            set: AtomicI32::new(NONE),
            polling: AtomicBool::new(false),
            waits_elsewhere: AtomicI64::new(0),
            free: Mutex::new(Rank::Netpoll, FreeDescs::new()),
        }
    }

    /// The set, if there is one. Go: `netpollinited`.
    #[inline(always)]
    fn set(&self) -> Option<Fd> {
        Some(self.set.load(Ordering::SeqCst)).filter(|set| *set != NONE)
    }

    /// Does the M that waits have to wait here?
    pub(crate) fn is_open(&self) -> bool {
        self.set().is_some()
    }

    /// The set, made if there is none yet. Go: `netpollinit`.
    fn open(&self, sched: &Sched) -> Result<Fd, Errno> {
        if let Some(set) = self.set() {
            return Ok(set);
        }
        let one_at_a_time = self.free.lock();
        if let Some(set) = self.set() {
            return Ok(set);
        }
        let set = epoll::create()?;
        let breaker = epoll::eventfd().inspect_err(|_| file::close(set))?;
        if let Err(error) = epoll::add(set, breaker, READABLE, BREAK) {
            file::close(set);
            file::close(breaker);
            return Err(error);
        }
        sched.shared.poller.breaks_by(breaker);
        self.set.store(set, Ordering::SeqCst);
        drop(one_at_a_time);
        if sched.is_pinned() {
            start_system_thread(sched, deliver_for_ever); // each M waits for its own P's
        } else {
            sched.shared.poller.look_again(); // who waits, shall wait here
        }
        Ok(set)
    }

    /// Registers a descriptor, unless `known` says that it is; else tells `note`. One at a time.
    /// Go: `netpollopen`.
    fn register(
        &self,
        sched: &Sched,
        fd: Fd,
        known: impl FnOnce() -> Option<&'static Desc>,
        note: impl FnOnce(&'static Desc),
    ) -> Result<&'static Desc, Errno> {
        let set = self.open(sched)?;
        let mut free = self.free.lock();
        if let Some(desc) = known() {
            return Ok(desc); // another one was first
        }
        let desc = free.take()?;
        let events = READABLE | WRITABLE | READ_CLOSED | PRIORITY | EDGE;
        let added = match epoll::add(set, fd, events, desc.tag()) {
            // Left behind by a descriptor of this number that was closed while the file lived on.
            Err(Errno::EEXIST) => epoll::change(set, fd, events, desc.tag()),
            added => added,
        };
        if let Err(error) = added {
            free.put(desc);
            return Err(error);
        }
        note(desc);
        Ok(desc)
    }

    /// The descriptor is about to be closed, or leaves us: nobody waits for it. Go: `netpollclose`.
    fn forget(&self, desc: &'static Desc, fd: Fd, lives_on: bool) {
        if lives_on && let Some(set) = self.set() {
            let _gone = epoll::remove(set, fd);
        }
        self.free.lock().put(desc);
    }

    /// Does anybody wait? Exact for who idles as the last. Go: `netpollAnyWaiters`.
    fn is_waited_for(&self, sched: &Sched) -> bool {
        let of = |pp: &P| pp.net_waits.get() as i64;
        let elsewhere = self.waits_elsewhere.load(Ordering::Relaxed);
        elsewhere.wrapping_add(sched.shared.allp.iter_all().map(of).sum::<i64>()) != 0
    }

    /// Notes that one begins to wait, or ends. Go: `netpollAdjustWaiters`.
    fn count_wait(&self, by: i64) {
        with_current_p(|pp| match pp {
            Some(pp) => pp.net_waits.set(pp.net_waits.get().wrapping_add(by as u64)),
            None => {
                self.waits_elsewhere.fetch_add(by, Ordering::Relaxed);
            }
        });
    }
}

/// Sees to it that somebody waits for what one is about to wait for, if a P idles and the caller's
/// has others to run: else it comes to wait by itself.
fn attend(sched: &Sched) {
    let shared = &sched.shared;
    if shared.idle.npidle() == 0 || shared.poller.is_attended() {
        return;
    }
    let goes_on = with_current_p(|pp| pp.is_none_or(|pp| !pp.runq.is_empty()));
    if goes_on || !shared.watch.looks_soon() {
        wake_for_work(sched);
    }
}

/// Would somebody who waits for descriptors and deadlines have something to wait for?
pub(crate) fn has_waiters(sched: &Sched) -> bool {
    sched.shared.netpoll.is_open() && sched.shared.netpoll.is_waited_for(sched)
}

/// Takes what reports there are, if anybody waits and nobody else sees to it. By an M with a P. Go:
/// `netpoll(0)`.
#[inline]
pub(crate) fn poll(sched: &Sched, pp: &P) -> bool {
    let Some(set) = sched.shared.netpoll.set() else { return false };
    !sched.shared.poller.is_attended() && poll_set(sched, pp, set)
}

/// Apart: the reports lie on the stack.
#[inline(never)]
fn poll_set(sched: &Sched, pp: &P, set: Fd) -> bool {
    let net = &sched.shared.netpoll;
    if !net.is_waited_for(sched) {
        return false;
    }
    if net.polling.swap(true, Ordering::Acquire) {
        return false; // another one is at it
    }
    let reports = take(set, Some(0));
    net.polling.store(false, Ordering::Release);
    let some = !reports.is_empty();
    reports.deliver(sched, Some(pp));
    some
}

/// Sleeps until there is a report, `until_ns` has come, or somebody breaks it. By the one M that
/// waits; the reports are still to be delivered.
pub(crate) fn sleep_until(sched: &Sched, until_ns: u64) -> Reports {
    let set = sched.shared.netpoll.set().expect("it is open");
    let timeout = (until_ns != crate::timer::NEVER).then(|| until_ns.saturating_sub(nanotime()));
    let mut reports = take(set, timeout);
    let before = reports.0.len();
    reports.0.retain(|event| event.data() != BREAK);
    if reports.0.len() != before {
        sched.shared.poller.break_was_seen();
    }
    reports
}

/// Where goroutines keep their Ps: a thread of its own.
fn deliver_for_ever(mp: &M) {
    loop {
        sleep_until(mp.sched(), crate::timer::NEVER).deliver(mp.sched(), None);
    }
}

fn take(set: Fd, timeout_ns: Option<u64>) -> Reports {
    let mut events = [Event::default(); BATCH];
    let count = match epoll::wait(set, &mut events, timeout_ns) {
        Ok(count) => count,
        Err(error) => rt_os::throw::throw_with(
            format_args!("runtime: epollwait on fd {set} failed with {error:?}\n"),
            "runtime: netpoll failed",
        ),
    };
    Reports(events[..count].iter().copied().collect())
}

//! Whose P is it? How a P is taken from a thread that does not give it up, without a signal. Go:
//! `retake`, `setBlockOnExitSyscall`, `takeP`; design: asymmetric Dekker with membarrier(2).
//!
//! All that a goroutine does outside the runtime is to the runtime as a system call: it may take
//! long, so others must be able to take the P meanwhile. Whatever touches a P's own data first says
//! so (`inside`), by a plain store, and looks whether somebody wants the P.
//!
//! ```text
//!   inside     0: in user code         1: in the runtime; only the thread itself writes it
//!
//!   request    NONE --ask, by CAS--> ASKED(ticket) --take, by CAS--> TAKEN(ticket)
//!               ^                        |                              |
//!               +-- the thread enters to leave its goroutine, by CAS ---+ the thread has a P again
//!               +-- withdrawn, by CAS: it had another P, or stays inside
//!
//!   thread                                      retaker
//!   inside = 1                                  request = ASKED
//!   (light barrier: the compiler's)             heavy barrier: membarrier, on every thread
//!   request == NONE?  the P is mine             inside == 0?  request = TAKEN: the P is mine
//!   ... touches the P ...
//!   inside = 0
//! ```
//!
//! The heavy barrier makes one of them see the other: either the thread's `inside` was stored
//! before it, and the retaker sees it, or the thread's look comes after it, and sees the request.
//! The CAS decides the rest. A ticket is used once, so a retaker that looked at `inside` for one
//! request cannot spend what it saw on another.
//!
//! A thread that may not leave its goroutine just now (it allocates, it readies another) does not
//! answer a request: it steps outside again and does without a P ([`Brief::Outside`]). So the
//! retaker never waits for more than a few instructions.
//!
//! Where membarrier is forbidden, a bit is set in every `request` word: each entry then takes
//! the slow way, with a full fence.

mod barrier;
#[cfg(not(loom))]
pub(crate) mod heavy;
#[cfg(all(test, loom))]
mod models;

use rt_wait::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use barrier::Light;

/// Without the mechanism, to measure what it costs: no P is ever taken. `--cfg rt_no_handoff`.
const IS_OFF: bool = cfg!(rt_no_handoff);

const NONE: u64 = 0;
const ASKED: u64 = 1;
const TAKEN: u64 = 2;
const STATE: u64 = 3;
/// Every entry needs a fence of its own.
const FENCED: u64 = 4;
/// The ticket lies above.
const TICKET_SHIFT: u32 = 3;

/// The two words of an M.
#[derive(Debug)]
pub struct Handoff {
    inside: AtomicU32,  // the M's thread writes; retakers look
    request: AtomicU64, // by CAS, see above
    light: Light,
}

/// What came of a short entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "who came in leaves again"]
pub enum Brief {
    /// In the runtime until [`Handoff::leave`]; the M's P, if it has one, is the caller's.
    Inside,
    /// It was in the runtime before.
    Nested,
    /// Not in the runtime: the M's P is not the caller's.
    Outside,
}

/// A request that stands, or stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request(u64);

impl Handoff {
    /// A thread that starts in the runtime. `fenced`: there is no membarrier.
    #[must_use]
    pub fn new(fenced: bool) -> Handoff {
        let request = if fenced { FENCED } else { NONE };
        Handoff { inside: AtomicU32::new(1), request: AtomicU64::new(request), light: Light::new() }
    }

    /// From now on each entry makes its own fence. By the M's own thread, or before it runs.
    pub fn set_fenced(&self) {
        self.light.forbid();
        self.request.fetch_or(FENCED, Ordering::SeqCst);
    }

    #[inline(always)]
    fn enter(&self) -> bool {
        if IS_OFF {
            return true;
        }
        self.inside.store(1, Ordering::Relaxed); // before the look: the barrier, or the slow way
        self.light.barrier();
        self.request.load(Ordering::Relaxed) == NONE
    }

    /// The word, when it is not NONE alone. Acquire: what a retaker did with the P.
    #[cold]
    fn look(&self) -> u64 {
        if self.request.load(Ordering::Relaxed) & FENCED != 0 {
            fence(Ordering::SeqCst); // pairs with the heavy barrier, which then is a fence too
        }
        self.request.load(Ordering::Acquire)
    }

    /// The thread comes into the runtime to leave its goroutine: it can do without the P if it
    /// must. False: the P was taken.
    #[inline(always)]
    #[must_use = "without a P nothing of it may be touched"]
    pub fn enter_to_leave(&self) -> bool {
        self.enter() || self.answer()
    }

    /// Answers a request: it comes to the scheduler as it is. False: too late.
    #[cold]
    fn answer(&self) -> bool {
        let mut word = self.look();
        loop {
            match word & STATE {
                NONE => return true,
                TAKEN => return false,
                _ => {}
            }
            let order = Ordering::AcqRel;
            match self.request.compare_exchange(word, word & FENCED, order, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// The thread comes into the runtime for a moment, in the midst of its goroutine.
    #[inline(always)]
    pub fn enter_briefly(&self) -> Brief {
        if IS_OFF || self.inside.load(Ordering::Relaxed) != 0 {
            return Brief::Nested;
        }
        if self.enter() { Brief::Inside } else { self.enter_slowly() }
    }

    #[cold]
    fn enter_slowly(&self) -> Brief {
        if self.look() & STATE == NONE {
            return Brief::Inside;
        }
        self.leave();
        Brief::Outside
    }

    /// The thread goes back to user code.
    #[inline(always)]
    pub fn leave(&self) {
        if IS_OFF {
            return;
        }
        self.inside.store(0, Ordering::Release); // pairs with `is_inside`: what was done to the P
    }

    /// Is the thread in the runtime? False orders what it did there.
    #[inline(always)]
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.inside.load(Ordering::Acquire) != 0
    }

    /// Was its P taken, and has it none since? Asked by the thread itself.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.request.load(Ordering::Acquire) & STATE == TAKEN
    }

    /// The M has a P, again. By its thread, inside.
    pub fn acquired(&self) {
        let word = self.request.load(Ordering::Relaxed);
        if word & STATE == TAKEN {
            self.request.store(word & FENCED, Ordering::Relaxed); // nobody else changes TAKEN
        }
    }

    /// Asks for the P; the heavy barrier must follow. `ticket` was never used before. None: it was
    /// taken already.
    pub fn ask(&self, ticket: u64) -> Option<Request> {
        let word = self.request.load(Ordering::Relaxed);
        match word & STATE {
            NONE => {}
            ASKED => return Some(Request(word)), // another's will do: the barrier still follows
            _ => return None,
        }
        let asked = word | ASKED | ticket << TICKET_SHIFT;
        let order = Ordering::SeqCst;
        self.request.compare_exchange(word, asked, order, order).ok().map(|_| Request(asked))
    }

    /// The thread was seen outside, after the heavy barrier: takes the P. False: it has answered,
    /// or another was first.
    #[must_use = "who takes a P must see to it"]
    pub fn take(&self, request: Request) -> bool {
        let taken = request.0 & !STATE | TAKEN;
        let order = Ordering::AcqRel; // what the thread did with the P, and what we do
        self.request.compare_exchange(request.0, taken, order, Ordering::Relaxed).is_ok()
    }

    /// Takes a request back.
    pub fn withdraw(&self, request: Request) {
        let none = request.0 & FENCED;
        let order = Ordering::Relaxed; // it guards nothing; if it fails, it was answered
        let _answered = self.request.compare_exchange(request.0, none, order, order);
    }
}

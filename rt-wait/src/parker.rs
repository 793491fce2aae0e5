//! One who parks until unparked: a token, and a place to wait for it. std: `thread::park`,
//! `Thread::unpark`; what an executor's waker calls.
//!
//! Many may unpark; one parks at a time. An unpark that comes first is kept, once.

use core::pin::{Pin, pin};
use core::ptr::NonNull;

use crate::claim::Claim;
use crate::park::{Spot, WaitReason, Waiter};
use crate::spin::SpinLock;

/// In whose name an unpark takes the claim.
const UNPARK: usize = 2;

/// The token and who waits for it.
#[derive(Debug, Default)]
struct State {
    token: bool,
    sleeper: Option<Sleeper>,
}

/// Who waits, and the claim if a deadline may end the wait too.
#[derive(Clone, Copy, Debug)]
struct Sleeper {
    waiter: Waiter,
    claim: Option<NonNull<Claim>>,
}

/// A token that one waits for.
#[derive(Debug)]
pub struct Parker {
    state: SpinLock<State>,
}

impl Parker {
    crate::const_unless_loom! {
        /// Without a token.
        #[must_use]
        pub fn new() -> Parker {
            Parker { state: SpinLock::new(State { token: false, sleeper: None }) }
        }
    }

    /// Waits for a token and takes it.
    pub fn park(&self) {
        let spot = pin!(Spot::new());
        if self.sleep(spot.as_ref(), None) {
            spot.as_ref().commit();
        }
    }

    /// Waits for a token and takes it, at most until `when_ns` of the monotonic clock. True when
    /// there was one.
    pub fn park_until(&self, when_ns: u64) -> bool {
        let spot = pin!(Spot::new());
        let claim = Claim::new();
        if !self.sleep(spot.as_ref(), Some(&claim)) {
            return true;
        }
        if spot.as_ref().commit_until(&claim, when_ns) {
            return true;
        }
        self.state.lock().sleeper = None; // nobody readies us; the claim goes away
        false
    }

    /// Takes a token that is there, or prepares to wait: true.
    fn sleep(&self, spot: Pin<&Spot>, claim: Option<&Claim>) -> bool {
        let mut state = self.state.lock();
        if core::mem::take(&mut state.token) {
            return false;
        }
        debug_assert!(state.sleeper.is_none(), "one parks at a time");
        spot.prepare(WaitReason::Park);
        state.sleeper = Some(Sleeper { waiter: spot.waiter(), claim: claim.map(NonNull::from) });
        true
    }

    /// Gives the token: to who waits, else to who comes next.
    pub fn unpark(&self) {
        let mut state = self.state.lock();
        match state.sleeper.take() {
            Some(sleeper) if sleeper.is_ours() => {
                drop(state);
                sleeper.ready();
            }
            _ => state.token = true,
        }
    }
}

impl Default for Parker {
    fn default() -> Parker {
        Parker::new()
    }
}

mod unchecked {
    //! # Safety
    //! - **sleeps**: a sleeper in the state waits, or takes itself out under the lock: until then
    //!   its claim is there. Who takes it out with the claim has the duty to ready it.
    #![allow(unsafe_code, reason = "**sleeps**: pointers to who waits")]

    use super::{Sleeper, State, UNPARK};

    // SAFETY: **sleeps**: the lock's holder may look.
    unsafe impl Send for State {}

    impl Sleeper {
        /// Does the caller end its wait, and not the deadline?
        pub(super) fn is_ours(&self) -> bool {
            // SAFETY: **sleeps**: just taken out, under the lock.
            self.claim.is_none_or(|claim| unsafe { claim.as_ref() }.take(UNPARK))
        }

        pub(super) fn ready(self) {
            // SAFETY: **sleeps**.
            unsafe { self.waiter.ready() };
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    extern crate std;
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_token_is_kept_once() {
        let parker = Parker::new();
        parker.unpark();
        parker.unpark();
        parker.park();
        assert!(!parker.park_until(rt_os::sys::clock::nanotime() + 1_000_000));
        assert!(!parker.park_until(0), "the past is over");
        parker.unpark();
        assert!(parker.park_until(u64::MAX));
    }

    #[test]
    fn two_play_with_deadlines() {
        let pair = Arc::new((Parker::new(), Parker::new()));
        let theirs = Arc::clone(&pair);
        let thread = std::thread::spawn(move || {
            for _ in 0..2000 {
                theirs.0.park();
                theirs.1.unpark();
            }
        });
        for _ in 0..2000 {
            pair.0.unpark();
            while !pair.1.park_until(rt_os::sys::clock::nanotime() + 20_000) {}
        }
        thread.join().unwrap();
    }
}

#[cfg(all(test, loom, not(shuttle)))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn loom_parker_no_unpark_is_lost() {
        loom::model(|| {
            let parker = Arc::new(Parker::new());
            let theirs = Arc::clone(&parker);
            let thread = thread::spawn(move || theirs.unpark());
            parker.park();
            thread.join().unwrap();
            parker.unpark();
            parker.park();
        });
    }

    /// The deadline is a third thread: whoever wins the claim, one wait ends one time, and a token
    /// that did not end it is kept.
    #[test]
    fn loom_parker_deadline_against_unpark() {
        loom::model(|| {
            let parker = Arc::new(Parker::new());
            let theirs = Arc::clone(&parker);
            let thread = thread::spawn(move || theirs.unpark());
            let spot = pin!(Spot::new());
            let claim = Claim::new();
            if parker.sleep(spot.as_ref(), Some(&claim)) {
                let won = claim.expire(); // the deadline comes before the sleeper leaves
                if won {
                    parker.state.lock().sleeper = None;
                    spot.as_ref().cancel();
                    parker.park(); // the token is there, or comes
                } else {
                    spot.as_ref().commit();
                }
            }
            thread.join().unwrap();
            assert!(!parker.state.lock().token, "one unpark, one park");
        });
    }
}

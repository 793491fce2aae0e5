//! Words that their owner changes and others may look at: a retaker, a dump, a trace. Plain loads
//! and stores on this machine. What orders a look stands where the look is.

use core::ptr::null_mut;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64};

use rt_wait::park::WaitReason;

macro_rules! shown {
    ($(#[$doc:meta])* $name:ident $(<$t:ident>)?, $word:ty, $value:ty, $get:ident, $set:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name $(<$t>)? ($word);

        impl $(<$t>)? $name $(<$t>)? {
            /// What it is.
            #[inline(always)]
            pub(crate) fn get(&self) -> $value {
                self.0.load($get)
            }

            /// Makes it another. By the owner.
            #[inline(always)]
            pub(crate) fn set(&self, value: $value) {
                self.0.store(value, $set);
            }
        }
    };
}

shown! {
    /// A pointer. Who sees it, sees what it leads to as it was made.
    Link<T>, AtomicPtr<T>, *mut T, Acquire, Release
}
shown! {
    /// A number.
    Number, AtomicU64, u64, Relaxed, Relaxed
}
shown! {
    /// Yes or no.
    Flag, AtomicBool, bool, Relaxed, Relaxed
}

impl<T> Link<T> {
    /// To nothing.
    pub(crate) const fn none() -> Link<T> {
        Link(AtomicPtr::new(null_mut()))
    }

    /// Points it elsewhere; returns where it pointed. By the owner: two plain steps.
    #[inline(always)]
    pub(crate) fn replace(&self, to: *mut T) -> *mut T {
        let was = self.get();
        self.set(to);
        was
    }
}

impl Number {
    /// 0.
    pub(crate) const fn zero() -> Number {
        Number(AtomicU64::new(0))
    }
}

impl Flag {
    /// No.
    pub(crate) const fn no() -> Flag {
        Flag(AtomicBool::new(false))
    }

    /// Makes it another; returns what it was. By the owner: two plain steps.
    #[inline(always)]
    pub(crate) fn replace(&self, value: bool) -> bool {
        let was = self.get();
        self.set(value);
        was
    }
}

/// Why a goroutine waits.
#[derive(Debug)]
pub(crate) struct Reason(AtomicU8);

impl Reason {
    /// It does not wait.
    pub(crate) const fn none() -> Reason {
        Reason(AtomicU8::new(WaitReason::None as u8))
    }

    /// Why it waits.
    pub(crate) fn get(&self) -> WaitReason {
        WaitReason::from_u8(self.0.load(Relaxed))
    }

    /// It waits for another reason. By the owner.
    #[inline(always)]
    pub(crate) fn set(&self, reason: WaitReason) {
        self.0.store(reason as u8, Relaxed);
    }
}

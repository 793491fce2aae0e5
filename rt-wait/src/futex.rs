//! A word that threads sleep on. Go: `futexsleep`, `futexwakeup`.
//!
//! Under loom the kernel is played by a lock and a condition variable: the check of the word and
//! the falling asleep are one step, as the kernel promises (futex(2)).

use crate::atomic::{AtomicU32, Ordering};

/// The word. All transitions on its value belong to the type that wraps it.
#[derive(Debug)]
#[cfg_attr(not(loom), repr(transparent))] // its address is the address of the value
pub struct FutexWord {
    value: AtomicU32,
    #[cfg(loom)]
    kernel: loom::sync::Mutex<()>,
    #[cfg(loom)]
    sleepers: loom::sync::Condvar,
}

impl FutexWord {
    /// A word with a start value.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new(value: u32) -> FutexWord {
        FutexWord { value: AtomicU32::new(value) }
    }

    /// A word with a start value.
    #[cfg(loom)]
    #[must_use]
    pub fn new(value: u32) -> FutexWord {
        FutexWord {
            value: AtomicU32::new(value),
            kernel: loom::sync::Mutex::new(()),
            sleepers: loom::sync::Condvar::new(),
        }
    }

    /// Reads the word.
    #[inline(always)]
    pub fn load(&self, order: Ordering) -> u32 {
        self.value.load(order)
    }

    /// Writes the word.
    #[inline(always)]
    pub fn store(&self, value: u32, order: Ordering) {
        self.value.store(value, order);
    }

    /// Writes the word and returns what it was.
    #[inline(always)]
    pub fn swap(&self, value: u32, order: Ordering) -> u32 {
        self.value.swap(value, order)
    }

    /// Changes the word from `current` to `new`, or returns what it is. Either way it acquires what
    /// the one who wrote the word released.
    ///
    /// # Errors
    /// The value found, when it is not `current`.
    #[inline(always)]
    pub fn compare_exchange(&self, current: u32, new: u32, order: Ordering) -> Result<u32, u32> {
        self.value.compare_exchange(current, new, order, Ordering::Acquire)
    }

    /// Sleeps while the word is `expected`, at most `timeout_ns`. Wakes for no reason now and then;
    /// the caller looks at the word again. Returns false when the time is over.
    pub fn wait(&self, expected: u32, timeout_ns: Option<u64>) -> bool {
        #[cfg(not(loom))]
        {
            rt_os::sys::futex::wait(&self.value, expected, timeout_ns)
                != rt_os::sys::futex::Wake::TimedOut
        }
        #[cfg(loom)]
        {
            assert!(timeout_ns.is_none(), "time does not pass under loom");
            let held = self.kernel.lock().unwrap();
            if self.value.load(Ordering::Relaxed) == expected {
                drop(self.sleepers.wait(held).unwrap());
            }
            true
        }
    }

    /// Wakes one thread that sleeps on a word which may be gone by now: the kernel takes the
    /// address for a name. Under loom the word must still be there.
    pub(crate) fn wake_address(word: *const FutexWord) {
        #[cfg(not(loom))]
        rt_os::sys::futex::wake_address(word.cast(), 1);
        #[cfg(loom)]
        loom_only::wake_one(word);
    }

    /// Wakes up to `count` threads that sleep on the word.
    pub fn wake(&self, count: u32) {
        #[cfg(not(loom))]
        rt_os::sys::futex::wake(&self.value, count);
        #[cfg(loom)]
        {
            drop(self.kernel.lock().unwrap());
            if count == 1 {
                self.sleepers.notify_one();
            } else {
                self.sleepers.notify_all();
            }
        }
    }
}

#[cfg(loom)]
mod loom_only {
    //! # Safety
    //! - **kept**: the models keep the words that they wake by address.
    #![allow(unsafe_code, reason = "**kept**: the model of a wake-up by address")]

    pub(super) fn wake_one(word: *const super::FutexWord) {
        // SAFETY: **kept**.
        unsafe { &*word }.wake(1);
    }
}

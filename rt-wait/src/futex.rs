//! A word that threads sleep on. Go: `futexsleep`, `futexwakeup`.
//!
//! Under loom the kernel is played by a lock and a condition variable: the check of the word and
//! the falling asleep are one step, as the kernel promises (futex(2)).
//!
//! # Safety
//! - **word**: a word that is written by `FutexWord::release` stays until that write.
#![allow(unsafe_code, reason = "**word**: it may end with the write")]

#[cfg(loom)]
use crate::atomic::checker;
use crate::atomic::{AtomicU32, Ordering};

/// The word. All transitions on its value belong to the type that wraps it.
#[derive(Debug)]
#[cfg_attr(not(loom), repr(transparent))] // its address is the address of the value
pub struct FutexWord {
    value: AtomicU32,
    #[cfg(loom)]
    kernel: checker::sync::Mutex<()>,
    #[cfg(loom)]
    sleepers: checker::sync::Condvar,
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
            kernel: checker::sync::Mutex::new(()),
            sleepers: checker::sync::Condvar::new(),
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

    /// Sleeps until the word is not `value` any more; what its writer did before is then seen.
    pub(crate) fn wait_while(&self, value: u32) {
        #[cfg(not(loom))]
        while self.load(Ordering::Acquire) == value {
            self.wait(value, None);
        }
        #[cfg(loom)]
        {
            let mut held = self.kernel.lock().unwrap();
            while self.value.load(Ordering::Acquire) == value {
                held = self.sleepers.wait(held).unwrap();
            }
        }
    }

    /// Writes `value` and wakes the one thread that sleeps in [`FutexWord::wait_while`]. From the
    /// write on that thread may leave and the word be gone: the kernel then takes its address for a
    /// name. loom has no such names; there the wake-up is part of the write.
    ///
    /// # Safety
    /// The word is there until the write.
    pub(crate) unsafe fn release(word: *const FutexWord, value: u32) {
        // SAFETY: **word**: until the write.
        let this = unsafe { &*word };
        #[cfg(not(loom))]
        {
            this.value.store(value, Ordering::Release); // pairs with `wait_while`
            rt_os::sys::futex::wake_address(word.cast(), 1);
        }
        #[cfg(loom)]
        {
            let held = this.kernel.lock().unwrap();
            this.value.store(value, Ordering::Release);
            this.sleepers.notify_one();
            drop(held);
        }
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

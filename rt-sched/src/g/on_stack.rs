//! Is some M on the goroutine's stack? Go has no such word: there a switch passes through g0 first.
//!
//! ```text
//!          mount: the M that executes it, before it switches to it
//!   OFF ------------------------------------------------------------> ON
//!    ^                                                                 |
//!    +------- leave: whoever runs next on that M, after the switch ----+
//! ```
//!
//! A goroutine puts itself into a queue while it still stands on its stack; whoever takes it out
//! must see OFF before it switches there. A direct switch asks once and goes by g0 when the answer
//! is no; only g0 waits, so two goroutines never wait for each other's stacks.

use rt_wait::atomic::{AtomicBool, Ordering, spin_step};

/// The word.
#[derive(Debug)]
pub struct OnStack(AtomicBool);

impl OnStack {
    /// Nobody is on the stack.
    #[must_use]
    pub fn off() -> OnStack {
        OnStack(AtomicBool::new(false))
    }

    /// Is nobody on it? True orders all that was done there. Pairs with `leave`.
    #[inline(always)]
    #[must_use]
    pub fn is_off(&self) -> bool {
        !self.0.load(Ordering::Acquire)
    }

    /// The caller is about to switch to the stack; it has seen [`OnStack::is_off`].
    #[inline(always)]
    pub fn mount(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The caller has switched away from the stack. Pairs with `is_off`.
    #[inline(always)]
    pub fn leave(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Waits until nobody is on it: some nanoseconds, or until the kernel runs that M again. On g0
    /// only.
    pub fn wait_off(&self, yield_thread: impl Fn()) {
        let mut looks = 0u32;
        while !self.is_off() {
            looks += 1;
            if looks.is_multiple_of(128) {
                yield_thread();
            }
            spin_step();
        }
    }
}

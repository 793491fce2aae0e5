//! Who still needs the goroutine's slot: its stack, and a handle to it.
//!
//! ```text
//!   go:     STACK ---------- release(STACK): last, free it
//!   spawn:  STACK|HANDLE --- release(STACK) ---> HANDLE --- release(HANDLE): last, free it
//!                       \--- release(HANDLE) --> STACK ---- release(STACK):  last, free it
//!   goexit: ... keep_for_ever: FOREVER stays, nobody is ever the last
//! ```
//!
//! The stack lets go after the M has left it; the handle when it is joined or dropped.

use rt_wait::atomic::{AtomicU32, Ordering};

/// One who holds the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Holder {
    /// The goroutine, as long as its stack is in use.
    Stack = 1,
    /// The one `JoinHandle`.
    Handle = 2,
}

/// The bit that nobody releases.
const FOREVER: u32 = 4;

/// The word.
#[derive(Debug)]
pub struct Hold(AtomicU32);

impl Hold {
    /// Held by the stack, and by a handle if there is one.
    #[must_use]
    pub fn new(with_handle: bool) -> Hold {
        let handle = if with_handle { Holder::Handle as u32 } else { 0 };
        Hold(AtomicU32::new(Holder::Stack as u32 | handle))
    }

    /// The slot is never freed: its stack was left with live frames, and others may hold pointers
    /// into them.
    pub fn keep_for_ever(&self) {
        self.0.fetch_or(FOREVER, Ordering::Relaxed);
    }

    /// Lets go. True when nobody holds the slot any more: the caller frees it.
    #[inline]
    #[must_use]
    pub fn release(&self, holder: Holder) -> bool {
        let bit = holder as u32;
        // Alone: nobody else will touch the word, and no locked instruction is needed.
        if self.0.load(Ordering::Acquire) == bit {
            return true;
        }
        self.0.fetch_and(!bit, Ordering::AcqRel) == bit
    }
}

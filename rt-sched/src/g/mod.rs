//! The goroutine. Go: `g`.
//!
//! A G lives at the top of its own stack, so that starting one touches one page:
//!
//! ```text
//!   stack.hi ->  +--------------------------+
//!                | colour: 0..31 lines      |  so that tops do not share cache sets
//!                +--------------------------+ <- G, 64-byte aligned
//!                | the closure, then its    |
//!                | result                   | <- G.payload
//!                +--------------------------+ <- first stack pointer, 16-byte aligned
//!                | frames, downwards        |
//!   stack.lo ->  +--------------------------+
//!                | guard                    |
//! ```

mod hold;
mod join;
mod on_stack;
mod status;

pub use hold::{Hold, Holder};
pub use join::{JoinWord, Result as JoinResult};
pub use on_stack::OnStack;
pub use status::{Status, StatusWord};

use core::cell::{Cell, UnsafeCell};
use core::ptr::{NonNull, null_mut};

use rt_asm::switch::Context;
use rt_stack::bounds::Stack;
use rt_wait::park::{ParkHeader, ParkOps};

use crate::fiber::Fiber;
use crate::info::InfoWord;
use crate::m::M;
use crate::p::P;
use crate::runq::Linked;
use crate::shown::{Flag, Link, Number, Reason};
use crate::waiting::Since;

/// The code of a goroutine: calls the closure in the payload, stores what it returns.
pub type Run = unsafe fn(NonNull<G>);

/// A goroutine. Owned by whoever may change its [`Status`]; fields say where that differs.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct G {
    pub(crate) park: ParkHeader, // first: rt-wait finds it through the g slot
    /// Where it goes on. Written by itself as it leaves its stack, read by who executes it.
    pub(crate) sched: UnsafeCell<Context>,
    /// The M it runs on. In the first line, with all that a switch touches. Go: `g.m`.
    pub(crate) m: Link<M>,
    pub(crate) status: StatusWord,
    pub(crate) on_stack: OnStack,
    /// Since when it is runnable, in ns, if it is timed; 0 otherwise. Who readies it, then who runs
    /// it.
    pub(crate) runnable_since_ns: Cell<u64>,
    pub(crate) hold: Hold,
    pub(crate) join: JoinWord,
    /// Its link in whichever queue owns it. Go: `g.schedlink`.
    pub(crate) schedlink: Cell<Option<NonNull<G>>>,
    /// The M it is locked to. Go: `g.lockedm`.
    pub(crate) lockedm: Link<M>,
    pub(crate) run: Cell<Option<Run>>,
    pub(crate) payload: Cell<*mut u8>,
    pub(crate) goid: Number,
    /// Who started it. Go: `g.parentGoid`.
    pub(crate) parent_goid: Number,
    /// Where in the code it was started; 0: unknown. Written by who starts it. Go: `g.gopc`.
    pub(crate) gopc: Number,
    pub(crate) wait_reason: Reason,
    /// The runtime's own, which does not keep a program alive. Go: `isSystemGoroutine`.
    pub(crate) is_system: Flag,
    pub(crate) since: Since,
    pub(crate) stack: Cell<Stack>,
    /// Tied to its thread by the ground. Its own. See [`crate::locked::wire`].
    pub(crate) is_wired: Cell<bool>,
    /// The P that it never leaves, when goroutines keep their Ps. Written by who starts it.
    pub(crate) home: Cell<*const P>,
    /// What a sanitizer knows its stack by.
    pub(crate) fiber: Fiber,
    /// What it is known by. See [`crate::info`].
    pub(crate) info: InfoWord,
    /// Its local values, kept by who provides them; null when there are none. Its own.
    pub(crate) locals: Cell<*mut ()>,
}

// SAFETY-free note: G is shared through raw pointers only; the rules are in `status`.

impl G {
    /// A G that has never run. `ops` is how it parks; `None` for a g0.
    #[must_use]
    pub fn new(ops: Option<&'static ParkOps>, stack: Stack) -> G {
        G {
            park: ParkHeader { ops },
            sched: UnsafeCell::new(Context::default()),
            status: StatusWord::new(Status::Dead),
            on_stack: OnStack::off(),
            runnable_since_ns: Cell::new(0),
            hold: Hold::new(false),
            join: JoinWord::new(),
            m: Link::none(),
            schedlink: Cell::new(None),
            lockedm: Link::none(),
            run: Cell::new(None),
            payload: Cell::new(null_mut()),
            goid: Number::zero(),
            parent_goid: Number::zero(),
            gopc: Number::zero(),
            wait_reason: Reason::none(),
            is_system: Flag::no(),
            since: Since::unknown(),
            stack: Cell::new(stack),
            is_wired: Cell::new(false),
            home: Cell::new(core::ptr::null()),
            fiber: Fiber::new(),
            info: InfoWord::none(),
            locals: Cell::new(null_mut()),
        }
    }

    /// Its number; 0 for a g0. Go: `goid`.
    #[must_use]
    pub fn goid(&self) -> u64 {
        self.goid.get()
    }

    /// What it does: a glimpse unless the caller owns it.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.get()
    }

    /// The address of the G of a stack whose usable top is `top`.
    #[inline]
    #[must_use]
    pub fn place(top: usize) -> NonNull<G> {
        let at = (top - size_of::<G>()) & !(align_of::<G>() - 1);
        NonNull::new(at as *mut G).expect("a stack is not at address 0")
    }
}

mod fresh {
    //! # Safety
    //! - **place**: the top of a slot that is the caller's, and nobody's yet.
    #![allow(unsafe_code, reason = "**place**: memory by address")]

    use core::mem::{ManuallyDrop, offset_of};

    use super::{G, NonNull, Status, StatusWord};

    impl G {
        /// Writes a G that is `Dead` over what lies there. Who looks at every slot may look at this
        /// one meanwhile: at the status, which is written in one, and at no more while it is
        /// neither running nor waiting.
        ///
        /// # Safety
        /// **place**; what lies there is zero, or a G that is `Dead`.
        pub(crate) unsafe fn write_over(gp: NonNull<G>, new: G) {
            const AT: usize = offset_of!(G, status);
            const BEHIND: usize = AT + size_of::<StatusWord>();
            let new = ManuallyDrop::new(new);
            let (from, to) = (core::ptr::from_ref(&*new).cast::<u8>(), gp.as_ptr().cast::<u8>());
            // SAFETY: **place**: the bytes before the status.
            unsafe { to.copy_from_nonoverlapping(from, AT) };
            // SAFETY: **place**: the bytes behind it.
            unsafe {
                let len = size_of::<G>() - BEHIND;
                to.add(BEHIND).copy_from_nonoverlapping(from.add(BEHIND), len);
            }
            // SAFETY: **place**: any 4 bytes are a word.
            unsafe { &(*gp.as_ptr()).status }.set(Status::Dead);
        }
    }
}

mod renew {
    //! # Safety
    //! - **free**: a free G belongs to who took it out of its list.
    #![allow(unsafe_code, reason = "**free**: words are written anew")]

    use super::{G, Hold, JoinWord, NonNull, null_mut};

    impl G {
        /// Makes the words of a free G new: without locked instructions, since nobody looks.
        ///
        /// # Safety
        /// **free**: it is the caller's.
        #[inline(always)]
        pub(crate) unsafe fn renew(gp: NonNull<G>, handle: bool) {
            // SAFETY: **free**.
            unsafe { (&raw mut (*gp.as_ptr()).hold).write(Hold::new(handle)) };
            // SAFETY: **free**.
            unsafe { (&raw mut (*gp.as_ptr()).join).write(JoinWord::new()) };
            // SAFETY: **free**.
            unsafe { (*gp.as_ptr()).locals.set(null_mut()) };
        }
    }
}

mod linked {
    //! # Safety
    //! - **link**: `schedlink` is used by queues only, and a G is in one at most.
    #![allow(unsafe_code, reason = "**link**: raw pointers to Gs")]

    use super::{G, Linked, NonNull};

    // SAFETY: **link**: one cell, stored and given back.
    unsafe impl Linked for G {
        unsafe fn next(this: NonNull<G>) -> Option<NonNull<G>> {
            // SAFETY: alive and the caller's.
            unsafe { this.as_ref() }.schedlink.get()
        }

        unsafe fn set_next(this: NonNull<G>, next: Option<NonNull<G>>) {
            // SAFETY: alive and the caller's.
            unsafe { this.as_ref() }.schedlink.set(next);
        }
    }

    // SAFETY: a G is handed between Ms by the rules of `status`.
    unsafe impl Send for G {}
    // SAFETY: as above: shared by raw pointer, each field has one writer at a time.
    unsafe impl Sync for G {}
}

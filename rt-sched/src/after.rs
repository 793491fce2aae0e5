//! A function that is called later, each time in a goroutine of its own. Go: `time.AfterFunc`,
//! `Timer.Stop`, `Timer.Reset`.
//!
//! # Safety
//! - **counted**: while its timer is in a heap, that heap owns one count of the `Inner`: it is
//!   given back by who stops the timer, or by the firing. So a running timer stays in place.
#![allow(unsafe_code, reason = "**counted**: heaps point to timers")]

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::pin::Pin;

use rt_os::sys::clock::nanotime;
use rt_wait::mutex::Mutex;
use rt_wait::rank::Rank;

use crate::sched::Sched;
use crate::sleep::start_timer;
use crate::spawn::{Options, go_with};
use crate::sysmon::watch_lone;
use crate::timer::{NEVER, Timer};

type Function = dyn Fn() + Send + Sync;

/// Calls what it is given, once, and sees to what must be seen to around a goroutine's function. In
/// it the function is called and may be dropped, with all that it has captured.
pub type Around = fn(&mut dyn FnMut());

struct Inner {
    timer: Timer,
    /// One starts or stops it at a time.
    changing: Mutex<()>,
    sched: &'static Sched,
    around: Around,
    function: Box<Function>,
}

/// A call that is due later. Dropping it lets the call happen.
pub struct AfterFunc {
    inner: Arc<Inner>,
}

impl core::fmt::Debug for AfterFunc {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AfterFunc").field("is_running", &self.inner.timer.is_running()).finish()
    }
}

impl AfterFunc {
    /// Calls `function` in a goroutine of its own, `delay_ns` from now, with `around` around it.
    ///
    /// # Safety
    /// As for [`crate::spawn::go`], which starts the goroutine.
    pub unsafe fn start(
        sched: &'static Sched,
        delay_ns: u64,
        around: Around,
        function: impl Fn() + Send + Sync + 'static,
    ) -> AfterFunc {
        let inner = Arc::new_cyclic(|this: &alloc::sync::Weak<Inner>| Inner {
            timer: Timer::new(fire, this.as_ptr().cast_mut().cast()),
            changing: Mutex::new(Rank::Join, ()),
            sched,
            around,
            function: Box::new(function),
        });
        let after = AfterFunc { inner };
        after.reset(delay_ns);
        after
    }

    /// Stops it. True: it will not be called. False: it was called, or is about to be, or was
    /// stopped before.
    pub fn stop(&self) -> bool {
        let held = self.inner.changing.lock();
        let stopped = self.take_out();
        drop(held);
        stopped
    }

    /// Makes it due `delay_ns` from now, whether it is running or not. True: it was running, and
    /// the old call will not happen.
    pub fn reset(&self, delay_ns: u64) -> bool {
        let held = self.inner.changing.lock();
        let was_running = self.take_out();
        // The heap's count.
        let raw = Arc::into_raw(Arc::clone(&self.inner));
        // SAFETY: **counted**.
        let timer = unsafe { Pin::new_unchecked(&(*raw).timer) };
        let when = nanotime().saturating_add(delay_ns).min(NEVER - 1);
        // SAFETY: **counted**: it stays until it is stopped or fires.
        unsafe { start_timer(self.inner.sched, timer, when) };
        watch_lone(self.inner.sched); // who has set it may keep the only P
        drop(held);
        was_running
    }

    /// Takes the timer out of its heap, if it is in one.
    fn take_out(&self) -> bool {
        // SAFETY: an Arc's contents do not move.
        let stopped = unsafe { Pin::new_unchecked(&self.inner.timer) }.stop();
        if stopped {
            // SAFETY: **counted**: the heap's count comes back; `self` has one of its own.
            unsafe { Arc::decrement_strong_count(Arc::as_ptr(&self.inner)) };
        }
        stopped
    }
}

fn call(inner: Arc<Inner>) {
    let around = inner.around;
    let mut inner = Some(inner);
    around(&mut || {
        if let Some(inner) = inner.take() {
            (inner.function)();
        }
    });
}

/// Called by the heap's P, which has taken the timer out.
unsafe fn fire(argument: *mut ()) {
    // SAFETY: **counted**: the heap's count is ours now.
    let inner = unsafe { Arc::from_raw(argument.cast::<Inner>().cast_const()) };
    let options = Options { sched: Some(inner.sched), ..Options::default() };
    // SAFETY: `start`'s contract.
    if let Err(error) = unsafe { go_with(options, move || call(inner)) } {
        rt_os::throw::throw_with(
            format_args!("runtime: a timer's goroutine: {error}\n"),
            "no goroutine for a timer",
        );
    }
}

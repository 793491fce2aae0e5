//! Tells sanitizers which stack the thread is on. Nothing, in a build without them.
//!
//! `--cfg rt_tsan` beside `-Zsanitizer=thread`, `--cfg rt_asan` beside `-Zsanitizer=address`
//! (`cargo xtask sanitize`). Before a switch [`leaving`] says where it goes; who arrives says so by
//! [`arrived`].
//!
//! # Safety
//! - **sanitizer**: the functions are in the sanitizer's runtime, which the cfg says is linked.
//! - **own**: a G's fiber words are used by the thread that switches to or from it.
#![allow(unsafe_code, reason = "**sanitizer**: its runtime is C")]

#[cfg(any(rt_tsan, rt_asan))]
use core::cell::Cell;
#[cfg(any(rt_tsan, rt_asan))]
use core::ptr::null_mut;

use crate::g::G;

/// What a sanitizer knows a stack by.
#[derive(Debug, Default)]
pub(crate) struct Fiber {
    #[cfg(rt_tsan)]
    tsan: Cell<*mut Opaque>,
    #[cfg(rt_asan)]
    fake_stack: Cell<*mut Opaque>,
}

/// Something of the sanitizer's.
#[cfg(any(rt_tsan, rt_asan))]
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Opaque {
    _bytes: [u8; 0],
}

impl Fiber {
    /// Nothing is known yet.
    pub(crate) const fn new() -> Fiber {
        Fiber {
            #[cfg(rt_tsan)]
            tsan: Cell::new(null_mut()),
            #[cfg(rt_asan)]
            fake_stack: Cell::new(null_mut()),
        }
    }
}

#[cfg(rt_tsan)]
unsafe extern "C" {
    fn __tsan_get_current_fiber() -> *mut Opaque;
    fn __tsan_create_fiber(flags: u32) -> *mut Opaque;
    fn __tsan_destroy_fiber(fiber: *mut Opaque);
    fn __tsan_switch_to_fiber(fiber: *mut Opaque, flags: u32);
}

#[cfg(rt_asan)]
unsafe extern "C" {
    fn __sanitizer_start_switch_fiber(save: *mut *mut Opaque, bottom: *const u8, bytes: usize);
    fn __asan_unpoison_memory_region(at: *const u8, bytes: usize);
    fn __sanitizer_finish_switch_fiber(
        saved: *mut Opaque,
        old_bottom: *mut *const u8,
        old_bytes: *mut usize,
    );
}

/// The thread starts on its g0.
#[inline(always)]
pub(crate) fn started(_g0: &G) {
    #[cfg(rt_tsan)]
    // SAFETY: **sanitizer**.
    _g0.fiber.tsan.set(unsafe { __tsan_get_current_fiber() });
}

/// A goroutine is about to be started on a stack that another may have left with live frames.
#[inline(always)]
pub(crate) fn fresh(_g: &G) {
    #[cfg(rt_tsan)]
    {
        let old = _g.fiber.tsan.replace(null_mut());
        if !old.is_null() {
            // SAFETY: **sanitizer**; the one that ended there is off it.
            unsafe { __tsan_destroy_fiber(old) };
        }
    }
    #[cfg(rt_asan)]
    {
        let stack = _g.stack.get();
        // SAFETY: **sanitizer**; nobody is on that stack.
        unsafe { __asan_unpoison_memory_region(stack.lo as *const u8, stack.size_bytes()) };
    }
}

/// The thread switches from `from` to `to` with the next instructions; `from` runs on later unless
/// it is dead.
#[inline(always)]
pub(crate) fn leaving(_from: &G, _to: &G, _for_good: bool) {
    #[cfg(rt_tsan)]
    {
        if _to.fiber.tsan.get().is_null() {
            // SAFETY: **sanitizer**. Destroyed by `fresh`, when the next one begins there.
            _to.fiber.tsan.set(unsafe { __tsan_create_fiber(0) });
        }
        // SAFETY: **sanitizer**, **own**. Flag 0: the switch orders memory. Nothing that is not
        // inlined may be called or returned from between this and the switch.
        unsafe { __tsan_switch_to_fiber(_to.fiber.tsan.get(), 0) };
    }
    #[cfg(rt_asan)]
    {
        let stack = _to.stack.get();
        let save = if _for_good { null_mut() } else { _from.fiber.fake_stack.as_ptr() };
        // SAFETY: **sanitizer**, **own**.
        unsafe { __sanitizer_start_switch_fiber(save, stack.lo as *const u8, stack.size_bytes()) };
    }
}

/// The thread has come to `me`.
#[inline(always)]
pub(crate) fn arrived(_me: &G) {
    #[cfg(rt_asan)]
    {
        let saved = _me.fiber.fake_stack.replace(null_mut());
        // SAFETY: **sanitizer**, **own**.
        unsafe { __sanitizer_finish_switch_fiber(saved, null_mut(), null_mut()) };
    }
}

//! The lists of idle Ps and idle Ms. Go: `pidleput`, `pidleget`, `mput`, `mget`, `mgetSpecific`.
//!
//! # Safety
//! - **listed**: what is in a list is alive, in no other list, and its links are the list's; all
//!   under sched.lock.
#![allow(unsafe_code, reason = "**listed**: intrusive lists")]

use core::ptr::{NonNull, null_mut};

use crate::m::M;
use crate::p::P;
use crate::sched::{Shared, Synced};

/// A P was taken out of the idle list. If sysmon sleeps, it must watch again.
fn leaves(shared: &Shared, pp: &P) {
    shared.idle_mask.write(pp.id(), false);
    shared.idle.p_leaves();
    crate::sysmon::watch_running(shared);
}

impl Synced {
    /// Puts a P into the idle list; it is the next to be taken.
    ///
    /// # Panics
    /// "pidleput: P has non-empty run queue": its goroutines would wait for ever.
    pub(crate) fn pidleput(&mut self, shared: &Shared, pp: &P) {
        assert!(pp.runq.is_empty(), "pidleput: P has non-empty run queue");
        shared.idle_mask.write(pp.id(), true);
        pp.link.set(self.pidle);
        self.pidle = Some(NonNull::from(pp));
        shared.idle.p_idles();
    }

    /// Takes the P that went idle last.
    pub(crate) fn pidleget(&mut self, shared: &Shared) -> Option<NonNull<P>> {
        let pp = self.pidle?;
        // SAFETY: **listed**.
        let p = unsafe { pp.as_ref() };
        self.pidle = p.link.take();
        leaves(shared, p);
        Some(pp)
    }

    /// Takes `wanted` if it idles, else the P that went idle last. Go: `exitsyscallTryGetP`.
    pub(crate) fn pidleget_prefer(
        &mut self,
        shared: &Shared,
        wanted: *mut P,
    ) -> Option<NonNull<P>> {
        // SAFETY: null, or a P, and those are never freed.
        let wanted = unsafe { wanted.as_ref() };
        let Some(wanted) = wanted.filter(|pp| shared.idle_mask.read(pp.id())) else {
            return self.pidleget(shared);
        };
        let after = wanted.link.take();
        if self.pidle == Some(NonNull::from(wanted)) {
            self.pidle = after;
        } else {
            let before = self.pidle_iter().find(|pp| pp.link.get() == Some(NonNull::from(wanted)));
            before.expect("a P with its bit set is in the list").link.set(after);
        }
        leaves(shared, wanted);
        Some(NonNull::from(wanted))
    }

    /// Puts an M into the idle list; it is the next to be taken.
    pub(crate) fn mput(&mut self, mp: &M) {
        let head = self.midle;
        mp.idle_prev.set(null_mut());
        mp.idle_next.set(head);
        mp.is_idle.set(true);
        let mp = core::ptr::from_ref(mp).cast_mut();
        if let Some(head) = NonNull::new(head) {
            // SAFETY: **listed**.
            unsafe { head.as_ref() }.idle_prev.set(mp);
        }
        self.midle = mp;
        self.nmidle += 1;
    }

    /// Takes the M that went idle last; null when none idles.
    pub(crate) fn mget(&mut self) -> *mut M {
        let mp = self.midle;
        if !mp.is_null() {
            self.munlink(mp);
        }
        mp
    }

    /// Takes `mp` if it idles.
    pub(crate) fn mget_specific(&mut self, mp: *const M) -> bool {
        let mp = mp.cast_mut();
        let Some(m) = NonNull::new(mp) else { return false };
        // SAFETY: Ms are never freed.
        if !unsafe { m.as_ref() }.is_idle.get() {
            return false;
        }
        self.munlink(mp);
        true
    }

    fn munlink(&mut self, mp: *mut M) {
        // SAFETY: **listed**; the caller took it from the list's head or saw `is_idle`.
        let m = unsafe { &*mp };
        let (prev, next) = (m.idle_prev.get(), m.idle_next.get());
        match NonNull::new(prev) {
            // SAFETY: **listed**.
            Some(prev) => unsafe { prev.as_ref() }.idle_next.set(next),
            None => self.midle = next,
        }
        if let Some(next) = NonNull::new(next) {
            // SAFETY: **listed**.
            unsafe { next.as_ref() }.idle_prev.set(prev);
        }
        m.is_idle.set(false);
        m.idle_next.set(null_mut());
        m.idle_prev.set(null_mut());
        self.nmidle -= 1;
    }

    /// All Ms with threads, or about to have one.
    pub(crate) fn allm_iter(&self) -> impl Iterator<Item = &M> {
        let mut at = self.allm;
        core::iter::from_fn(move || {
            // SAFETY: **listed**, and Ms are never freed.
            let mp = unsafe { at.as_ref() }?;
            at = mp.alllink.get();
            Some(mp)
        })
    }

    /// The idle Ps, the next to be taken first.
    pub fn pidle_iter(&self) -> impl Iterator<Item = &P> {
        let mut at = self.pidle;
        core::iter::from_fn(move || {
            let pp = at?;
            // SAFETY: **listed**, and the lock is held as long as `self` is borrowed.
            let p = unsafe { pp.as_ref() };
            at = p.link.get();
            Some(p)
        })
    }
}

//! Returning pages that nobody has needed lately. Go: `freeStackSpans`, in the spirit.
//!
//! Decided by [`crate::watermark`]; done here, in runs of neighbours (one call for many stacks),
//! coldest first, and without the pool's lock while the kernel works.
//!
//! # Safety
//! - **retained only**: pages are taken from slots in state `Releasing`. They were `Retained`, so
//!   nobody has them, and they are in no list, so nobody gets them.
#![allow(unsafe_code, reason = "**retained only**: takes pages away")]

use rt_os::sys::mem::{self, Advice};

use crate::pool::{Inner, Pool};
use crate::slab::State;

/// So many slots at most are out of reach of `take` while the kernel works on them.
const RUN_MAX: usize = 256;

/// Neighbouring slots, by number: `first..=last`.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    last: u32,
}

impl Run {
    fn len(self) -> usize {
        (self.last - self.first) as usize + 1
    }

    fn ids(self) -> impl Iterator<Item = u32> {
        self.first..=self.last
    }
}

impl Pool {
    /// Ends an epoch: returns the pages of retained stacks that the program has not needed to the
    /// kernel. It keeps the larger of the epoch's peak and half of what it kept before, so a burst
    /// is forgotten by halves. Returns how many stacks were released.
    ///
    /// For an idle thread: it makes system calls, some 0.3 us for each stack. Others may take and
    /// put meanwhile.
    pub fn trim(&self) -> usize {
        let mut inner = self.lock();
        let keep = inner.keep();
        self.release(inner, keep)
    }

    /// As [`Pool::trim`] if `epoch_ns` have passed since the last time, else it does nothing and is
    /// cheap. `now_ns` is any clock that does not go back; the first call begins the first epoch.
    pub fn trim_if_due(&self, now_ns: u64, epoch_ns: u64) -> usize {
        let mut inner = self.lock();
        if !inner.watermark.is_over(now_ns, epoch_ns) {
            return 0;
        }
        let keep = inner.keep();
        self.release(inner, keep)
    }

    /// Releases retained slots until no more than `keep` are left.
    fn release<'a>(&'a self, mut inner: rt_wait::mutex::Guard<'a, Inner>, keep: usize) -> usize {
        let mut surplus = inner.retained.len().saturating_sub(keep);
        let mut released = 0;
        while surplus > 0
            && let Some(run) = self.claim_run(&mut inner, surplus.min(RUN_MAX))
        {
            drop(inner);
            let (lo, hi) = (self.table.slot(run.first).lo, self.table.slot(run.last).hi);
            // SAFETY: **retained only**; guards survive it.
            let done = unsafe { mem::advise(lo, hi - lo, Advice::DontNeed) }.is_ok();
            inner = self.lock();
            self.settle_run(&mut inner, run, done);
            if !done {
                break; // locked memory: its pages stay, no error; the next epoch asks again
            }
            released += run.len();
            surplus -= run.len();
        }
        released
    }

    /// Takes the coldest retained slot and its retained neighbours, `max` in all, out of reach.
    fn claim_run(&self, inner: &mut Inner, max: usize) -> Option<Run> {
        let coldest = inner.retained.coldest()?;
        let retained = |id: &u32| self.table.note(*id).state() == State::Retained;
        let last = self.table.above(coldest).take(max - 1).take_while(retained).last();
        let last = last.unwrap_or(coldest);
        let room = max - 1 - (last - coldest) as usize;
        let first = self.table.below(coldest).take(room).take_while(retained).last();
        let run = Run { first: first.unwrap_or(coldest), last };
        for id in run.ids() {
            inner.retained.remove(&self.table, id);
            self.table.note(id).set(State::Releasing);
        }
        inner.releasing += run.len();
        Some(run)
    }

    /// Puts the slots of a claimed run where they belong now.
    fn settle_run(&self, inner: &mut Inner, run: Run, done: bool) {
        inner.releasing -= run.len();
        for id in run.ids() {
            let (state, list) = if done {
                (State::Released, &mut inner.released)
            } else {
                (State::Retained, &mut inner.retained)
            };
            self.table.note(id).set(state);
            list.push_cold(&self.table, id);
        }
    }
}

impl Inner {
    /// Ends the epoch: how many retained slots may keep their pages.
    fn keep(&mut self) -> usize {
        self.watermark.end_epoch(self.in_use).saturating_sub(self.in_use)
    }
}

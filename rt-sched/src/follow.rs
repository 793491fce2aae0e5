//! The number of Ps follows what the machine gives: the CPUs that the process may use, and the
//! quota of its control groups. Go: `defaultGOMAXPROCS`, `sysmonUpdateGOMAXPROCS`,
//! `updateMaxProcsGoroutine`.
//!
//! `GOMAXPROCS` in the environment, and whoever sets the number by hand, ends that.
//!
//! # Safety
//! - **owns nothing**: the goroutine that is started borrows nothing, and keeps nothing of a
//!   thread's.
#![allow(unsafe_code, reason = "**owns nothing**: starts a goroutine")]

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rt_os::cgroup::{Limit, Source, default_procs};
use rt_os::init::getproccount;
use rt_os::parse::Debug;

use crate::sched::Sched;
use crate::spawn::{Options, go_with};

/// How often it looks, in ns, at most.
const EVERY_NS: u64 = 1_000_000_000;
/// However low a quota is, there are two Ps if there are two CPUs: up to here it does not matter.
const NO_QUOTA_BELOW: u32 = 2;

/// What is to be followed.
#[derive(Debug)]
pub(crate) struct Following {
    /// Nobody has set the number by hand. Written with the world taken, and at boot.
    follows: AtomicBool,
    /// GODEBUG has not forbidden it.
    is_allowed: AtomicBool,
    looks_at_quota: AtomicBool,
    /// A goroutine is under way to set this number; 0: none is.
    under_way: AtomicU32,
}

impl Following {
    pub(crate) fn new() -> Following {
        Following {
            follows: AtomicBool::new(false),
            is_allowed: AtomicBool::new(true),
            looks_at_quota: AtomicBool::new(true),
            under_way: AtomicU32::new(0),
        }
    }

    /// Boot: takes note of what the environment says. Go: `containermaxprocs`, `updatemaxprocs`.
    pub(crate) fn configure(&self, debug: &Debug, is_custom: bool) {
        self.looks_at_quota.store(!debug.ignores_quota, Ordering::Relaxed);
        self.is_allowed.store(!debug.keeps_procs, Ordering::Relaxed);
        self.follows.store(!is_custom, Ordering::Relaxed);
    }

    /// From now on the number is somebody's wish, or the machine's again.
    pub(crate) fn set(&self, follows: bool) {
        self.follows.store(follows, Ordering::Relaxed);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.follows.load(Ordering::Relaxed)
    }

    /// How many Ps the machine should have now. Looks for the quota each time. Go:
    /// `defaultGOMAXPROCS`.
    pub(crate) fn default_procs(&self, ncpu: u32) -> u32 {
        self.procs_for(ncpu, quota)
    }

    fn procs_for(&self, ncpu: u32, quota: impl FnOnce() -> Option<Limit>) -> u32 {
        let matters = ncpu > NO_QUOTA_BELOW && self.looks_at_quota.load(Ordering::Relaxed);
        default_procs(ncpu, if matters { quota() } else { None })
    }
}

/// The quota, looked for anew. Not a part of the boot where none matters: it needs 8 KiB of stack.
#[cold]
#[inline(never)]
fn quota() -> Option<Limit> {
    Source::find()?.limit()
}

/// sysmon's part.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    next_look_ns: u64,
    /// Found at the first look that needs it.
    source: Option<Option<Box<Source>>>,
}

impl Follower {
    /// Looks once a second whether the number of Ps should be another, and has it changed.
    pub(crate) fn look(&mut self, sched: &'static Sched, now_ns: u64) {
        if now_ns < self.next_look_ns {
            return;
        }
        self.next_look_ns = now_ns + EVERY_NS;
        let following = &sched.shared.following;
        if !following.is_on() || !following.is_allowed.load(Ordering::Relaxed) {
            return;
        }
        let procs = following.procs_for(getproccount(), || {
            let source = self.source.get_or_insert_with(|| Source::find().map(Box::new));
            source.as_ref()?.limit()
        });
        if procs == sched.shared.gomaxprocs()
            || following.under_way.swap(procs, Ordering::Relaxed) != 0
        {
            return;
        }
        let options = Options { sched: Some(sched), ..Options::default() };
        // SAFETY: **owns nothing**. If there is no stack for it, the next look tries again.
        let started = unsafe { go_with(options, move || follow(sched, procs)) };
        if started.is_err() {
            following.under_way.store(0, Ordering::Relaxed);
        }
    }
}

fn follow(sched: &Sched, procs: u32) {
    let _no_memory = crate::world::follow_to(procs); // then the old number stands
    sched.shared.following.under_way.store(0, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Limit = Limit { quota_us: 50_000, period_us: 100_000 };

    /// Go: TestCgroupGOMAXPROCS, containermaxprocs=0.
    #[test]
    fn the_quota_counts_unless_it_is_ignored() {
        let following = Following::new();
        assert_eq!(following.procs_for(8, || Some(HALF)), 2);
        assert_eq!(following.procs_for(8, || None), 8);
        assert_eq!(following.procs_for(2, || unreachable!("it would not matter")), 2);
        assert_eq!(following.procs_for(1, || unreachable!("it would not matter")), 1);
        following.configure(&Debug { ignores_quota: true, ..Debug::default() }, false);
        assert_eq!(following.procs_for(8, || unreachable!("it is ignored")), 8);
    }
}

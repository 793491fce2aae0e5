//! Takes a P from a thread that comes in and goes out all the time: the code that the explorer's
//! retaker follows, with real threads and the real barrier. It sees what is forgotten when a P
//! changes hands; what only a store in a queue would break is the explorer's and the models'.
//!
//! # Safety
//! - **lab**: the scheduler, its M and its P are leaked; the M is the owner's thread's.
#![allow(unsafe_code, reason = "**lab**: an M and a P that two threads know")]

extern crate std;

use alloc::boxed::Box;
use core::hint::spin_loop;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;

use crate::handoff::Brief;
use crate::handoff::heavy::prepare;
use crate::m::M;
use crate::p::P;
use crate::procresize::acquirep;
use crate::retake::retake;
use crate::sched::{Config, Sched};
use crate::testing::Lab;

/// So often the P is taken.
const TIMES: u64 = 500;

const NOBODY: u32 = 0;
const OWNER: u32 = 1;
const RETAKER: u32 = 2;

#[derive(Clone, Copy)]
struct World {
    sched: &'static Sched,
    mp: &'static M,
    pp: &'static P,
}

// SAFETY: **lab**.
unsafe impl Send for World {}

static TAKEN: AtomicU64 = AtomicU64::new(0);
/// The P is nobody's, and may be had again.
static IS_FREE: AtomicBool = AtomicBool::new(false);
/// Who is at the P's own data. Plain loads and stores: whoever is there has it alone.
static AT_DATA: AtomicU32 = AtomicU32::new(NOBODY);

fn touch(who: u32) {
    assert_eq!(AT_DATA.load(Ordering::Relaxed), NOBODY, "another is at the P's data");
    AT_DATA.store(who, Ordering::Relaxed);
    (0..8).for_each(|_| spin_loop());
    assert_eq!(AT_DATA.load(Ordering::Relaxed), who, "another came to the P's data");
    AT_DATA.store(NOBODY, Ordering::Relaxed);
}

fn own(world: World) {
    let World { mp, pp, .. } = world;
    while TAKEN.load(Ordering::Relaxed) < TIMES {
        for turn in 0..20 {
            (0..turn).for_each(|_| spin_loop());
            match mp.handoff.enter_briefly() {
                Brief::Inside => {
                    touch(OWNER);
                    mp.handoff.leave();
                }
                Brief::Nested => panic!("it was outside"),
                Brief::Outside => {}
            }
        }
        if !mp.handoff.enter_to_leave() {
            mp.p.set(null_mut());
            while !IS_FREE.swap(false, Ordering::Acquire) {
                thread::yield_now();
            }
            acquirep(mp, pp);
        }
        touch(OWNER);
        mp.handoff.leave();
    }
}

fn take(world: World) {
    let World { sched, mp, pp } = world;
    while TAKEN.load(Ordering::Relaxed) < TIMES {
        let _took = retake(
            sched,
            &[pp],
            |_| crate::trace::Taken::Busy,
            |_| true,
            |taken, from| {
                assert!(core::ptr::eq(taken, pp) && core::ptr::eq(from, mp));
                touch(RETAKER);
                TAKEN.fetch_add(1, Ordering::Relaxed);
                IS_FREE.store(true, Ordering::Release);
            },
        );
    }
}

#[test]
fn one_is_at_a_ps_data_at_a_time() {
    prepare();
    let mut lab = Lab::new(Config::default());
    lab.resize(1, 1).expect("there is memory for a P");
    let sched: &'static Sched = Box::leak(Box::new(lab)).sched();
    let pp = sched.shared.allp.get(0).expect("there is one");
    // SAFETY: **lab**: it has the P.
    let mp = unsafe { &*pp.m.get() };
    let world = World { sched, mp, pp };
    mp.handoff.leave();
    thread::scope(|scope| {
        scope.spawn(move || own(world));
        scope.spawn(move || take(world));
    });
    assert!(TAKEN.load(Ordering::Relaxed) >= TIMES);
}

//! The pinned way to run: every P keeps its M, every goroutine keeps its P, so none ever changes
//! its thread. Chosen once for a scheduler ([`crate::sched::Config::pinned`]).
//!
//! There is no stealing, no idle P and no global queue. A new goroutine goes to the less busy of
//! two Ps and stays there; who readies it on another thread puts it into its P's inbox. What blocks
//! the thread blocks all goroutines of its P.
//!
//! # Safety
//! - **mine**: the running M's P.
//! - **home**: a goroutine's `home` is one of the scheduler's Ps, which live as long as it.
//! - **one ready**: `ready` is called once for each `prepare`, by who took the waiter (rt-wait).
#![allow(unsafe_code, reason = "**mine**: queues are owned by who has the P")]

use core::ptr::NonNull;

use rt_os::sys::clock::nanotime;
use rt_wait::park::{ParkHeader, WaitReason};

use crate::find::Next;
use crate::g::{G, Status};
use crate::inbox::chain_of;
use crate::m::M;
use crate::newm::Start;
use crate::p::P;
use crate::park::with_current_p;
use crate::runq::{Chain, Push};
use crate::sched::Sched;
use crate::thread::startm;
use crate::timer::NEVER;

/// The pinned way, for [`crate::sched::Config`]. A table, so that programs that do not choose it
/// do not contain it.
#[derive(Debug)]
pub struct Pinned {
    pub(crate) find: fn(&M) -> Next,
    pub(crate) submit: unsafe fn(NonNull<G>, &Sched),
    pub(crate) keep_home: fn(Chain<G>),
    pub(crate) start: fn(&Sched),
}

/// The one value of it.
pub static PINNED: Pinned = Pinned { find, submit, keep_home, start };

/// [`rt_wait::park::ParkOps::ready`] of goroutines that keep their P.
///
/// # Safety
/// **one ready**.
pub unsafe fn ready(header: NonNull<ParkHeader>) {
    let gp = header.cast::<G>();
    // SAFETY: **one ready**: it waits and is ours.
    let g = unsafe { gp.as_ref() };
    g.wait_reason.set(WaitReason::None);
    g.status.change(Status::Waiting, Status::Runnable);
    // SAFETY: **home**; **one ready**.
    unsafe { send_home(gp) };
}

/// Chooses a P for a new goroutine and puts it there.
///
/// # Safety
/// It is runnable, in no queue, and ours.
unsafe fn submit(gp: NonNull<G>, sched: &Sched) {
    let home = with_current_p(|pp| choose(sched, pp));
    // SAFETY: the caller's.
    unsafe { gp.as_ref() }.home.set(home.as_ptr());
    // SAFETY: the caller's; **home**.
    unsafe { send_home(gp) };
}

/// The less busy of the caller's P and another, or of any two.
fn choose(sched: &Sched, own: Option<&P>) -> NonNull<P> {
    let allp = &sched.shared.allp;
    let any = || {
        let id = (rt_asm::cpu::ticks() >> 3) as u32 % sched.shared.gomaxprocs();
        allp.get(id).expect("a P below gomaxprocs")
    };
    let (own, other) = (own.unwrap_or_else(any), any());
    NonNull::from(if load(other) < load(own) { other } else { own })
}

/// How many goroutines the P has to see to.
fn load(pp: &P) -> usize {
    pp.runq_len() + pp.inbox.len() as usize + usize::from(!pp.inbox.is_asleep())
}

/// Puts a runnable goroutine into its P's queue, or into its inbox from elsewhere.
///
/// # Safety
/// **home**; it is in no queue, and ours.
unsafe fn send_home(gp: NonNull<G>) {
    // SAFETY: **home**.
    let home = unsafe { &*gp.as_ref().home.get() };
    let overflow = with_current_p(|pp| match pp {
        Some(pp) if core::ptr::eq(pp, home) => {
            // SAFETY: **mine**, and it is in no queue.
            match unsafe { pp.runq.owner().push_next(gp) } {
                Push::Lone | Push::Ring => None,
                Push::Full(batch) => Some(batch),
            }
        }
        _ => Some(chain_of(gp)),
    });
    if let Some(chain) = overflow {
        home.inbox.put(chain);
    }
}

/// What a full queue gave up stays with its P.
fn keep_home(batch: Chain<G>) {
    with_current_p(|pp| pp.expect("who pushed has a P").inbox.put(batch));
}

/// Blocks until there is a goroutine for this M's P. On g0.
fn find(mp: &M) -> Next {
    // SAFETY: **mine**.
    let pp = unsafe { mp.pp() };
    loop {
        pp.run_timers();
        // SAFETY: **mine**.
        let runq = unsafe { pp.runq.owner() };
        let mut arrived = pp.inbox.take(runq.room());
        while let Some(gp) = arrived.pop() {
            // SAFETY: **mine**; it just left the inbox. There is room for it.
            let pushed = unsafe { runq.push(gp) };
            assert!(matches!(pushed, Push::Ring | Push::Lone), "room was counted");
        }
        if let Some(popped) = pp.pop_fair(runq) {
            return Next { gp: popped.item, inherits_time: popped.inherits_time };
        }
        pp.inbox.sleep(|note| {
            let until = pp.timers.first_when();
            let now = nanotime();
            if until == NEVER {
                note.sleep();
            } else if until > now {
                mp.be_punctual();
                let _woken = note.sleep_timeout(until - now);
            }
        });
    }
}

/// Gives each P but the caller's an M of its own. On m0's g0, once, behind schedinit.
fn start(sched: &Sched) {
    for pp in sched.shared.allp.iter() {
        // SAFETY: nobody ever steals in this scheduler.
        unsafe { pp.runq.owner().set_exclusive(true) };
    }
    loop {
        let mut synced = sched.lock();
        let Some(pp) = synced.pidleget(&sched.shared) else { return };
        startm(sched, synced, Start::Schedule { pp, spinning: false });
    }
}

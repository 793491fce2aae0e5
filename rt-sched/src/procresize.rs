//! Changes the number of Ps. Go: `procresize`, `p.init`, `p.destroy`, `acquirep`, `releasep`.
//!
//! A function over the scheduler's record: it decides and rearranges, and returns the chain of Ps
//! that have work. Waking Ms for them is the caller's ([`crate::world`]); at boot the chain must be
//! empty.
//!
//! The contract, tested as properties (R1 to R14): the first P objects stay what they are for ever;
//! the caller ends up with a P; every other P is in the idle list or in the chain; no goroutine, no
//! timer and no free goroutine is lost, whatever the sequence of sizes.
//!
//! # Safety
//! - **stopped**: the world is stopped, or it is boot: no other M has a P, nobody steals.
//! - **alive**: Ps and Ms are never freed while the scheduler lives.
#![allow(unsafe_code, reason = "**stopped**: it takes the queues of others apart")]

use core::ptr::{NonNull, null_mut};

use crate::allp::NoMemory;
use crate::m::M;
use crate::p::{P, PStatus};
use crate::port::Port;
use crate::runq::{Chain, GlobalQueue};
use crate::sched::{IdleOrder, Shared, Synced};
use crate::trace::record::proc_moves;

/// Ps that have work, linked by `p.link`; each knows in `p.m` the idle M that shall run it, or
/// none.
#[derive(Debug)]
#[must_use = "the Ps in the chain have work and no M"]
pub struct RunnablePs {
    head: Option<NonNull<P>>,
}

impl RunnablePs {
    /// Is there none? So it must be at boot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }
}

impl Iterator for RunnablePs {
    type Item = NonNull<P>;

    fn next(&mut self) -> Option<NonNull<P>> {
        let pp = self.head?;
        // SAFETY: **alive**; a P in the chain is in no other list.
        self.head = unsafe { pp.as_ref() }.link.take();
        Some(pp)
    }
}

/// Sets the number of Ps to `nprocs`, for the M `mp`, at `now_ns` of the monotonic clock.
///
/// # Errors
/// [`NoMemory`] before anything was changed but the number of Ps that exist.
///
/// # Panics
/// "procresize: invalid arg" for 0.
///
/// # Safety
/// **stopped**. `synced` is `shared`'s.
pub unsafe fn procresize(
    shared: &Shared,
    synced: &mut Synced,
    port: &dyn Port,
    mp: &M,
    nprocs: u32,
    now_ns: u64,
) -> Result<RunnablePs, NoMemory> {
    let old = shared.gomaxprocs();
    assert!(nprocs > 0, "procresize: invalid arg");
    // All that can fail comes first.
    shared.allp.ensure(nprocs)?;
    shared.tracer.make_room(shared, nprocs)?;
    shared.idle_mask.resize(nprocs, shared.allp.cap())?;
    // SAFETY: **stopped**.
    unsafe { shared.steal_order.get_mut() }.reset(nprocs)?;

    if synced.procresizetime != 0 {
        synced.totaltime += u64::from(old) * now_ns.saturating_sub(synced.procresizetime);
    }
    synced.procresizetime = now_ns;

    for id in old..nprocs {
        init(shared, p_at(shared, id));
    }
    // A P of our own comes first: what the destroyed ones had goes to it.
    keep_or_take_p0(shared, mp, nprocs);
    let own = NonNull::new(mp.p.get()).expect("the caller has a P now");
    // SAFETY: **alive**.
    let own = unsafe { own.as_ref() };
    for id in nprocs..old {
        destroy(synced, port, p_at(shared, id), own);
    }
    shared.allp.set_len(nprocs);
    synced.publish_global_len(shared);

    let runnable = distribute(shared, synced, own, nprocs);
    for pp in shared.allp.iter() {
        // SAFETY: **stopped**: the mode may change; with one P there are no thieves.
        unsafe { pp.runq.owner().set_exclusive(nprocs == 1) };
    }
    shared.set_gomaxprocs(nprocs);
    Ok(runnable)
}

fn p_at(shared: &Shared, id: u32) -> &P {
    shared.allp.get(id).expect("every P below gomaxprocs exists")
}

/// Makes a new or dead P ready. Its ticks and its goroutine numbers go on. Go: `p.init`.
fn init(shared: &Shared, pp: &P) {
    pp.set_status(PStatus::GcStop);
    shared.idle_mask.write(pp.id(), false);
}

fn keep_or_take_p0(shared: &Shared, mp: &M, nprocs: u32) {
    if let Some(pp) = NonNull::new(mp.p.get()) {
        // SAFETY: **alive**.
        let pp = unsafe { pp.as_ref() };
        if pp.id() < nprocs {
            pp.set_status(PStatus::Running);
            return;
        }
        pp.m.set(null_mut());
        mp.p.set(null_mut());
    }
    let p0 = p_at(shared, 0);
    p0.m.set(null_mut());
    p0.set_status(PStatus::Idle);
    acquirep(mp, p0);
}

/// Empties a P: its goroutines go to the head of the global queue, in their order, `next` first;
/// its timers to `heir`, its free goroutines to the shared list. Go: `p.destroy`.
fn destroy(synced: &mut Synced, port: &dyn Port, pp: &P, heir: &P) {
    // SAFETY: **stopped**: the P is nobody's, so its queue is ours.
    let runq = unsafe { pp.runq.owner() };
    while let Some(gp) = runq.pop_back_stopped() {
        // SAFETY: it just left the queue.
        unsafe { synced.runq.put_head(gp) };
    }
    if let Some(gp) = runq.take_next_stopped() {
        // SAFETY: as above.
        unsafe { synced.runq.put_head(gp) };
    }
    if heir.timers.take_all(&pp.timers).is_err() {
        rt_os::throw::throw("runtime: out of memory");
    }
    heir.look_again.set(0);
    let free = pp.with_gfree(core::mem::take);
    synced.gfree.append(free);
    port.p_destroyed(pp);
    pp.oldm.set(null_mut());
    pp.set_status(PStatus::Dead);
}

/// Puts every P but `own` into the idle list, or into the chain when it has work.
fn distribute(shared: &Shared, synced: &mut Synced, own: &P, nprocs: u32) -> RunnablePs {
    let mut idle = Chained::default();
    let mut with_old_m = Chained::default(); // ascending
    let mut without = Chained::default();
    for id in (0..nprocs).rev() {
        let pp = p_at(shared, id);
        if core::ptr::eq(pp, own) {
            continue;
        }
        pp.set_status(PStatus::Idle);
        if pp.runq.is_empty() {
            idle.push(pp);
        } else if synced.mget_specific(pp.oldm.get()) {
            pp.m.set(pp.oldm.get());
            with_old_m.push(pp);
        } else {
            without.push(pp);
        }
    }
    // `idle` holds the lowest first; each pidleput puts before the others.
    match synced.idle_order {
        IdleOrder::HighestFirst => idle.drain(|pp| synced.pidleput(shared, pp)),
        IdleOrder::LowestFirst => idle.reversed().drain(|pp| synced.pidleput(shared, pp)),
    }
    let mut runnable = with_old_m;
    without.drain(|pp| {
        pp.m.set(synced.mget());
        runnable.push(pp);
    });
    RunnablePs { head: runnable.head }
}

/// A stack of Ps through `p.link`.
#[derive(Default)]
struct Chained {
    head: Option<NonNull<P>>,
}

impl Chained {
    fn push(&mut self, pp: &P) {
        pp.link.set(self.head);
        self.head = Some(NonNull::from(pp));
    }

    fn drain(self, mut f: impl FnMut(&P)) {
        for pp in (RunnablePs { head: self.head }) {
            // SAFETY: **alive**.
            f(unsafe { pp.as_ref() });
        }
    }

    fn reversed(self) -> Chained {
        let mut reversed = Chained::default();
        self.drain(|pp| reversed.push(pp));
        reversed
    }
}

/// Ties a P to an M. Go: `acquirep`, `wirep`.
///
/// # Panics
/// "wirep: already in go" and "wirep: invalid p state".
pub(crate) fn acquirep(mp: &M, pp: &P) {
    assert!(mp.p.get().is_null(), "wirep: already in go");
    assert!(pp.m.get().is_null() && pp.status() == PStatus::Idle, "wirep: invalid p state");
    mp.p.set(core::ptr::from_ref(pp).cast_mut());
    pp.m.set(core::ptr::from_ref(mp).cast_mut());
    pp.oldm.set(core::ptr::from_ref(mp).cast_mut());
    pp.set_status(PStatus::Running);
    mp.handoff.acquired();
    if let Some(ring) = pp.ring() {
        proc_moves(ring, mp, true);
    }
}

/// Unties the M's P, which is then idle and nobody's. Go: `releasep`.
///
/// # Panics
/// "releasep: invalid p state".
pub(crate) fn releasep(mp: &M) -> NonNull<P> {
    let pp = NonNull::new(mp.p.get()).expect("releasep: invalid arg");
    // SAFETY: **alive**.
    let p = unsafe { pp.as_ref() };
    assert!(
        core::ptr::eq(p.m.get(), mp) && p.status() == PStatus::Running,
        "releasep: invalid p state"
    );
    if let Some(ring) = p.ring() {
        proc_moves(ring, mp, false);
    }
    mp.p.set(null_mut());
    p.m.set(null_mut());
    p.set_status(PStatus::Idle);
    pp
}

impl Synced {
    /// Tells everyone how long the global queue is. To be called before the lock goes.
    pub(crate) fn publish_global_len(&self, shared: &Shared) {
        shared.global_len.swap(self.runq.len() as u32, core::sync::atomic::Ordering::SeqCst);
    }

    /// The global queue, for one change after which its length is published.
    pub(crate) fn with_runq<R>(
        &mut self,
        shared: &Shared,
        f: impl FnOnce(&mut GlobalQueue<crate::g::G>) -> R,
    ) -> R {
        let result = f(&mut self.runq);
        self.publish_global_len(shared);
        result
    }

    /// Takes the free goroutines that no P keeps.
    pub(crate) fn take_gfree(&mut self, max: usize) -> Chain<crate::g::G> {
        self.gfree.split_front(max)
    }
}

//! What tests outside the crate need to take a scheduler's record apart. No part of the API.
//!
//! # Safety
//! - **alone**: a test uses its scheduler from one thread and starts no M; so the world is stopped.
#![allow(unsafe_code, reason = "**alone**: procresize wants a stopped world")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::pin::Pin;
use core::ptr::NonNull;

use rt_os::errno::Errno;
use rt_stack::bounds::Stack;
use rt_stack::pool::Pool;
use rt_stack::system::MStacks;

use crate::allp::NoMemory;
use crate::g::{G, Status};
use crate::m::M;
use crate::p::{P, PStatus};
use crate::port::Port;
use crate::procresize::{acquirep, procresize, releasep};
use crate::runq::{Chain, Push};
use crate::sched::{Config, Sched};
use crate::timer::Timer;

/// A ground without threads.
#[derive(Debug)]
struct NoThreads;

impl Port for NoThreads {
    unsafe fn start_thread(&self, _mp: NonNull<M>) -> Result<(), Errno> {
        Err(Errno::EAGAIN)
    }
    fn minit(&self, _mp: &M) {}
    fn stacks(&self) -> Result<Option<MStacks>, Errno> {
        Ok(None)
    }
    unsafe fn exit_thread(&self, _mp: &M) -> ! {
        panic!("a test's M has no thread")
    }
    fn p_destroyed(&self, _pp: &P) {}
    fn detects_deadlock(&self) -> bool {
        false
    }
}

static NO_THREADS: NoThreads = NoThreads;

/// A scheduler that nobody runs, with Ms and goroutines that are only records.
#[derive(Debug)]
#[allow(clippy::vec_box, reason = "lists point to them: they must not move")]
pub struct Lab {
    sched: Box<Sched>,
    caller: Box<M>,
    ms: Vec<Box<M>>,
    gs: Vec<Box<G>>,
}

/// How one P stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PView {
    /// Where it lies.
    pub address: usize,
    /// Its number.
    pub id: u32,
    /// What it does.
    pub status: PStatus,
    /// The goroutine in its `next` slot, and those of its ring in order.
    pub next: Option<u64>,
    /// See [`PView::next`].
    pub ring: Vec<u64>,
    /// Its free goroutines.
    pub free: Vec<u64>,
    /// How many timers it has.
    pub timers: usize,
    /// Is its bit in the idle mask set?
    pub masked_idle: bool,
}

impl Lab {
    /// A scheduler without Ps.
    #[must_use]
    pub fn new(config: Config) -> Lab {
        let stacks = Pool::new(256 << 10); // for ever: goroutines lie in it
        Lab {
            sched: Box::new(Sched::new(config, &NO_THREADS, Box::leak(Box::new(stacks)))),
            caller: Box::new(M::new()),
            ms: Vec::new(),
            gs: Vec::new(),
        }
    }

    /// The record.
    #[must_use]
    pub fn sched(&self) -> &Sched {
        &self.sched
    }

    /// Changes the number of Ps. Returns, for each P that has work, its number and its M's.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn resize(
        &mut self,
        nprocs: u32,
        now_ns: u64,
    ) -> Result<Vec<(u32, Option<u64>)>, NoMemory> {
        let sched = &self.sched;
        let mut synced = sched.lock();
        while synced.pidleget(&sched.shared).is_some() {} // as stopTheWorld does
        // SAFETY: **alone**.
        let chain = unsafe {
            procresize(&sched.shared, &mut synced, &NO_THREADS, &self.caller, nprocs, now_ns)
        }?;
        let numbers = chain.map(|pp| {
            // SAFETY: Ps live as long as the scheduler.
            let pp = unsafe { pp.as_ref() };
            // SAFETY: Ms of the lab are never freed before it.
            (pp.id(), unsafe { pp.m.get().as_ref() }.map(M::id))
        });
        Ok(numbers.collect())
    }

    /// Starts what the last resize returned, as startTheWorld would, and parks it again: each P
    /// goes back to be nobody's but not idle. For a lab every such P is drained into the global
    /// queue and put into the idle list.
    pub fn settle(&mut self, chain: &[(u32, Option<u64>)]) {
        let mut synced = self.sched.lock();
        for (id, m) in chain {
            let pp = self.sched.shared.allp.get(*id).expect("a P of the chain");
            // SAFETY: **alone**.
            let runq = unsafe { pp.runq.owner() };
            while let Some(popped) = runq.pop() {
                // SAFETY: it just left its queue.
                synced.with_runq(&self.sched.shared, |runq| unsafe { runq.put(popped.item) });
            }
            pp.m.set(core::ptr::null_mut());
            synced.pidleput(&self.sched.shared, pp);
            if let Some(m) = m {
                let mp = self.ms.iter().find(|mp| mp.id() == *m).expect("an M of the lab");
                synced.mput(mp);
            }
        }
    }

    /// Puts a new goroutine into a P's queue, first if `next`; `false` when it went on to the
    /// global queue with half of the ring. Its number is its place in the order of making.
    pub fn put(&mut self, id: u32, next: bool) -> (u64, Push<()>) {
        let gp = self.make();
        let pp = self.sched.shared.allp.get(id).expect("a P");
        // SAFETY: **alone**.
        let runq = unsafe { pp.runq.owner() };
        // SAFETY: it was just made.
        let pushed = unsafe { if next { runq.push_next(gp) } else { runq.push(gp) } };
        let pushed = match pushed {
            Push::Lone => Push::Lone,
            Push::Ring => Push::Ring,
            Push::Full(batch) => {
                let mut synced = self.sched.lock();
                synced.with_runq(&self.sched.shared, |runq| runq.put_batch(batch));
                Push::Full(Chain::new())
            }
        };
        (self.gs.len() as u64, pushed)
    }

    /// Puts a new goroutine into the global queue; its number.
    pub fn put_global(&mut self) -> u64 {
        let gp = self.make();
        let mut synced = self.sched.lock();
        // SAFETY: it was just made.
        synced.with_runq(&self.sched.shared, |runq| unsafe { runq.put(gp) });
        self.gs.len() as u64
    }

    /// Gives a P a new free goroutine; its number.
    pub fn put_free(&mut self, id: u32) -> u64 {
        let gp = self.make();
        let pp = self.sched.shared.allp.get(id).expect("a P");
        // SAFETY: it was just made.
        pp.with_gfree(|free| unsafe { free.push_front(gp) });
        self.gs.len() as u64
    }

    /// A goroutine on a stack, as the scheduler's own are. It lives for ever.
    ///
    /// # Panics
    /// When there is no stack to be had.
    pub fn on_stack(&mut self, status: Status) -> &'static G {
        let pool = self.sched.stacks.usual();
        let stack = pool.take().expect("a stack");
        let gp = G::place(pool.colour(stack));
        let g = G::new(None, stack);
        g.status.change(Status::Dead, status);
        // SAFETY: **alone**: the top of a stack that nobody else has.
        unsafe { gp.write(g) };
        // SAFETY: just written; the pool is never freed, and the stack not given back.
        unsafe { gp.as_ref() }
    }

    fn make(&mut self) -> NonNull<G> {
        let g = Box::new(G::new(None, Stack::default()));
        g.goid.set(self.gs.len() as u64 + 1);
        let gp = NonNull::from(&*g);
        self.gs.push(g);
        gp
    }

    /// Makes an idle M, the last of `oldm` if it is a P; its number.
    pub fn idle_m(&mut self, oldm: Option<u32>) -> u64 {
        let mp = Box::new(M::new());
        mp.id.set(self.ms.len() as u64 + 1);
        self.sched.lock().mput(&mp);
        if let Some(pp) = oldm.and_then(|id| self.sched.shared.allp.get(id)) {
            pp.oldm.set(core::ptr::from_ref(&*mp).cast_mut());
        }
        self.ms.push(mp);
        self.ms.len() as u64
    }

    /// Starts a timer on a P.
    pub fn start_timer(&self, id: u32, timer: Pin<&Timer>, when_ns: u64) {
        let pp = self.sched.shared.allp.get(id).expect("a P");
        // SAFETY: the test keeps its timers as long as the lab, and lets none fire on another
        // thread.
        let started = unsafe { pp.timers.start(timer, when_ns) };
        assert!(started.is_ok());
    }

    /// Fires what is due on a P; how many.
    pub fn run_timers(&self, id: u32, now_ns: u64) -> usize {
        self.sched.shared.allp.get(id).expect("a P").timers.run_due(now_ns)
    }

    /// Lets the caller give its P up and take the first idle one, if there is one.
    pub fn change_p(&mut self) {
        let mut synced = self.sched.lock();
        let Some(pp) = synced.pidleget(&self.sched.shared) else { return };
        let old = releasep(&self.caller);
        // SAFETY: Ps live as long as the scheduler.
        let old = unsafe { old.as_ref() };
        // SAFETY: **alone**.
        let runq = unsafe { old.runq.owner() };
        while let Some(popped) = runq.pop() {
            // SAFETY: it just left its queue.
            synced.with_runq(&self.sched.shared, |runq| unsafe { runq.put(popped.item) });
        }
        synced.pidleput(&self.sched.shared, old);
        // SAFETY: as above.
        acquirep(&self.caller, unsafe { pp.as_ref() });
    }

    /// The caller's P, if it has one and the two agree about it.
    #[must_use]
    pub fn own(&self) -> Option<u32> {
        // SAFETY: Ps live as long as the scheduler.
        let pp = unsafe { self.caller.p.get().as_ref() }?;
        core::ptr::eq(pp.m.get(), &*self.caller).then(|| pp.id())
    }

    /// The idle Ps, the next to be taken first.
    #[must_use]
    pub fn idle_ps(&self) -> Vec<u32> {
        self.sched.lock().pidle_iter().map(P::id).collect()
    }

    /// The idle Ms, the next to be taken first.
    #[must_use]
    pub fn idle_ms(&self) -> Vec<u64> {
        let synced = self.sched.lock();
        let mut at = synced.midle;
        let mut ids = Vec::new();
        // SAFETY: what is in the list lives as long as the lab.
        while let Some(mp) = unsafe { at.as_ref() } {
            ids.push(mp.id());
            at = mp.idle_next.get();
        }
        assert_eq!(ids.len(), synced.nmidle as usize);
        ids
    }

    /// The global queue, in order.
    #[must_use]
    pub fn global(&self) -> Vec<u64> {
        // SAFETY: goroutines of the lab live as long as it.
        self.sched.lock().runq.iter().map(|gp| unsafe { gp.as_ref() }.goid()).collect()
    }

    /// The free goroutines that no P has.
    #[must_use]
    pub fn shared_free(&self) -> Vec<u64> {
        goids(&self.sched.lock().gfree)
    }

    /// How P `id` stands, dead ones included.
    #[must_use]
    pub fn p(&self, id: u32) -> Option<PView> {
        let pp = self.sched.shared.allp.get(id)?;
        let (next, ring) = pp.runq.snapshot_stopped();
        // SAFETY: goroutines of the lab live as long as it.
        let goid = |gp: NonNull<G>| unsafe { gp.as_ref() }.goid();
        assert!(pp.timers.with_heap(crate::timer::Heap::is_sound), "a heap is out of order");
        Some(PView {
            address: core::ptr::from_ref(pp) as usize,
            id: pp.id(),
            status: pp.status(),
            next: next.map(goid),
            ring: ring.into_iter().map(goid).collect(),
            free: pp.with_gfree(|free| goids(free)),
            timers: pp.timers.len(),
            masked_idle: self.sched.shared.idle_mask.read(id),
        })
    }

    /// The strides of the steal order.
    #[must_use]
    pub fn coprimes(&self) -> Vec<u32> {
        // SAFETY: **alone**.
        unsafe { self.sched.shared.steal_order.get() }.coprimes().to_vec()
    }
}

fn goids(chain: &Chain<G>) -> Vec<u64> {
    // SAFETY: goroutines of the lab live as long as it.
    chain.iter().map(|gp| unsafe { gp.as_ref() }.goid()).collect()
}

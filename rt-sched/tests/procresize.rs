//! procresize under arbitrary sequences, against a model of lists: R1 to R13 of its contract.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use rt_sched::p::PStatus;
use rt_sched::runq::{CAPACITY, Push, STEAL_MAX};
use rt_sched::sched::{Config, IdleOrder};
use rt_sched::testing::Lab;
use rt_sched::timer::Timer;

/// One thing that happens to a scheduler.
#[derive(Clone, Debug)]
enum Step {
    Resize(u32),
    Put { p: u32, next: bool, count: u32 },
    PutGlobal,
    PutFree(u32),
    IdleM { oldm: Option<u32> },
    Timer { p: u32, when: u64 },
    Fire { p: u32, now: u64 },
    ChangeP,
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![6 => 1..9u32, 2 => 9..40u32, 1 => 40..131u32];
    let many = prop_oneof![8 => 1..4u32, 1 => 250..530u32];
    prop_oneof![
        5 => size.prop_map(Step::Resize),
        6 => (0..40u32, any::<bool>(), many)
            .prop_map(|(p, next, count)| Step::Put { p, next, count }),
        1 => Just(Step::PutGlobal),
        2 => (0..40u32).prop_map(Step::PutFree),
        3 => proptest::option::of(0..40u32).prop_map(|oldm| Step::IdleM { oldm }),
        3 => (0..40u32, 0..1000u64).prop_map(|(p, when)| Step::Timer { p, when }),
        1 => (0..40u32, 0..1000u64).prop_map(|(p, now)| Step::Fire { p, now }),
        1 => Just(Step::ChangeP),
    ]
}

/// What the model knows of a P.
#[derive(Clone, Debug, Default)]
struct ModelP {
    next: Option<u64>,
    ring: VecDeque<u64>,
    free: Vec<u64>, // the hottest first
    timers: Vec<u64>,
    oldm: Option<u64>,
    address: usize,
}

impl ModelP {
    fn has_work(&self) -> bool {
        self.next.is_some() || !self.ring.is_empty()
    }
}

/// A scheduler of plain lists.
#[derive(Debug, Default)]
struct Model {
    n: u32,
    ps: Vec<ModelP>, // all that were ever made
    own: Option<u32>,
    idle: Vec<u32>, // the next to be taken first
    global: VecDeque<u64>,
    idle_ms: Vec<u64>, // the next to be taken first
    shared_free: Vec<u64>,
    changed_at: u64,
    total: u64,
}

impl Model {
    fn put(&mut self, p: u32, goid: u64, next: bool) {
        let pp = &mut self.ps[p as usize];
        let goid = match next {
            false => Some(goid),
            true => pp.next.replace(goid),
        };
        let Some(goid) = goid else { return };
        if pp.ring.len() < CAPACITY {
            return pp.ring.push_back(goid);
        }
        self.global.extend(pp.ring.drain(..STEAL_MAX));
        self.global.push_back(goid);
    }

    fn drain(&mut self, p: u32) {
        let pp = &mut self.ps[p as usize];
        self.global.extend(pp.next.take());
        self.global.extend(pp.ring.drain(..));
    }

    /// The chain of Ps with work, each with its M.
    fn resize(&mut self, n: u32, now: u64, order: IdleOrder) -> Vec<(u32, Option<u64>)> {
        if self.changed_at != 0 {
            self.total += u64::from(self.n) * (now - self.changed_at);
        }
        self.changed_at = now;
        let old = std::mem::replace(&mut self.n, n);
        while self.ps.len() < n as usize {
            self.ps.push(ModelP::default());
        }
        let own = self.own.filter(|&own| own < n).unwrap_or(0);
        if self.own.replace(own) != Some(own) {
            self.ps[own as usize].oldm = None; // the caller's M had it last now
        }
        let mut head = VecDeque::new();
        for p in (n..old).rev() {
            let pp = &mut self.ps[p as usize];
            head.extend(pp.next.take());
            head.extend(pp.ring.drain(..));
            pp.oldm = None;
            let timers = std::mem::take(&mut pp.timers);
            self.ps[own as usize].timers.extend(timers);
        }
        for p in n..old {
            // In the order of their ends: lower numbers first.
            let free = std::mem::take(&mut self.ps[p as usize].free);
            self.shared_free.extend(free);
        }
        head.append(&mut self.global);
        self.global = head;
        self.distribute(own, order)
    }

    fn distribute(&mut self, own: u32, order: IdleOrder) -> Vec<(u32, Option<u64>)> {
        let others: Vec<u32> = (0..self.n).filter(|&p| p != own).collect();
        self.idle = others.iter().copied().filter(|&p| !self.ps[p as usize].has_work()).collect();
        if order == IdleOrder::HighestFirst {
            self.idle.reverse();
        }
        let (mut with_old, mut without) = (Vec::new(), Vec::new());
        for &p in others.iter().rev().filter(|&&p| self.ps[p as usize].has_work()) {
            let oldm = self.ps[p as usize].oldm;
            match self.idle_ms.iter().position(|&m| Some(m) == oldm) {
                Some(at) => with_old.push((p, Some(self.idle_ms.remove(at)))),
                None => without.push(p),
            }
        }
        // Those without an M of their own take what is left, the lowest first, and stand first.
        let mut taken = Vec::new();
        for &p in without.iter().rev() {
            let m = (!self.idle_ms.is_empty()).then(|| self.idle_ms.remove(0));
            taken.push((p, m));
        }
        taken.into_iter().rev().chain(with_old.into_iter().rev()).collect()
    }
}

static FIRED: AtomicU32 = AtomicU32::new(0);

unsafe fn fire(_: *mut ()) {
    FIRED.fetch_add(1, Ordering::Relaxed);
}

/// A lab, its model, and the timers that the lab points to.
struct Both {
    lab: Lab,
    model: Model,
    timers: Vec<Pin<Box<Timer>>>,
    order: IdleOrder,
    now: u64,
}

impl Both {
    fn new(order: IdleOrder) -> Both {
        let config = Config { idle_order: order, ..Config::default() };
        let (lab, model) = (Lab::new(config), Model::default());
        Both { lab, model, timers: Vec::new(), order, now: 0 }
    }

    fn resize(&mut self, n: u32) {
        self.now += 1 + u64::from(n % 7);
        let chain = self.lab.resize(n, self.now).expect("memory for some Ps");
        let expected = self.model.resize(n, self.now, self.order);
        assert_eq!(chain, expected, "R6: the chain and its Ms");
        self.check(&chain);
        self.lab.settle(&chain);
        for (p, m) in chain {
            self.model.drain(p);
            self.model.idle.insert(0, p);
            if let Some(m) = m {
                self.model.idle_ms.insert(0, m);
            }
        }
    }

    /// `p` folded into the Ps that are there; idle Ps must stay empty, so only the caller's has
    /// work put into it, and those that a resize will find are filled first.
    fn some_p(&self, p: u32) -> u32 {
        p % self.model.n
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Resize(n) => self.resize(n),
            Step::Put { p, next, count } => {
                let p = self.some_p(p);
                for _ in 0..count {
                    let full = self.model.ps[p as usize].ring.len() == CAPACITY;
                    let displaces = !next || self.model.ps[p as usize].next.is_some();
                    let (goid, pushed) = self.lab.put(p, next);
                    self.model.put(p, goid, next);
                    assert_eq!(matches!(pushed, Push::Full(_)), full && displaces);
                }
            }
            Step::PutGlobal => {
                let goid = self.lab.put_global();
                self.model.global.push_back(goid);
            }
            Step::PutFree(p) => {
                let p = self.some_p(p);
                let goid = self.lab.put_free(p);
                self.model.ps[p as usize].free.insert(0, goid);
            }
            Step::IdleM { oldm } => {
                let oldm = oldm.map(|p| self.some_p(p)).filter(|&p| Some(p) != self.model.own);
                let m = self.lab.idle_m(oldm);
                self.model.idle_ms.insert(0, m);
                if let Some(p) = oldm {
                    self.model.ps[p as usize].oldm = Some(m);
                }
            }
            Step::Timer { p, when } => {
                let p = self.some_p(p);
                self.timers.push(Box::pin(Timer::new(fire, std::ptr::null_mut())));
                self.lab.start_timer(p, self.timers[self.timers.len() - 1].as_ref(), when);
                self.model.ps[p as usize].timers.push(when);
            }
            Step::Fire { p, now } => {
                let p = self.some_p(p);
                let timers = &mut self.model.ps[p as usize].timers;
                let before = timers.len();
                timers.retain(|&when| when > now);
                assert_eq!(self.lab.run_timers(p, now), before - timers.len());
            }
            Step::ChangeP => self.change_p(),
        }
    }

    fn change_p(&mut self) {
        // A P in the idle list may have been given work by `Put`; it is then not for the taking.
        if self.model.idle.iter().any(|&p| self.model.ps[p as usize].has_work()) {
            return;
        }
        self.lab.change_p();
        if self.model.idle.is_empty() {
            return;
        }
        let (new, old) = (self.model.idle.remove(0), self.model.own.expect("a P"));
        self.model.drain(old);
        self.model.idle.insert(0, old);
        self.model.own = Some(new);
        self.model.ps[new as usize].oldm = None; // the caller's M, which never idles
    }

    /// All that must be true right after a resize.
    fn check(&mut self, chain: &[(u32, Option<u64>)]) {
        let (lab, model) = (&self.lab, &mut self.model);
        let n = model.n;
        let shared = &lab.sched().shared;
        assert_eq!((shared.allp.len(), shared.gomaxprocs()), (n, n), "R1: the number of Ps");
        assert_eq!(shared.allp.cap() as usize, model.ps.len(), "R1: exact growth");
        assert_eq!(lab.own(), model.own, "R3: the caller's P");
        let idle = lab.idle_ps();
        assert_eq!(idle, model.idle, "R5: the order of the idle list");
        assert_eq!(shared.idle.npidle() as usize, idle.len(), "R4: npidle");
        let parts = idle.iter().copied().chain(chain.iter().map(|(p, _)| *p)).chain(model.own);
        let parts: Vec<u32> = parts.collect();
        assert_eq!(parts.iter().collect::<HashSet<_>>().len(), parts.len(), "R4: no P twice");
        assert_eq!(parts.len(), n as usize, "R4: a partition");
        assert_eq!(lab.idle_ms(), model.idle_ms, "R6: Ms taken out of the list once");
        assert_eq!(Vec::from(model.global.clone()), lab.global(), "R7: the global queue");
        assert_eq!(model.shared_free, lab.shared_free(), "R9: free goroutines");
        let coprimes: Vec<u32> = (1..=n).filter(|&i| gcd(i, n) == 1).collect();
        assert_eq!(lab.coprimes(), coprimes, "R11: the strides");
        let times = {
            let s = lab.sched().lock();
            (s.totaltime, s.procresizetime)
        };
        assert_eq!(times, (model.total, self.now), "R10: the time integral");
        for id in 0..model.ps.len() as u32 {
            let view = lab.p(id).expect("R12: a P that was made stays");
            let pp = &mut model.ps[id as usize];
            assert_eq!(view.id, id, "R2");
            let first_seen = std::mem::replace(&mut pp.address, view.address);
            assert!(first_seen == 0 || first_seen == view.address, "R1: Ps do not move");
            assert_eq!((view.next, view.ring), (pp.next, Vec::from(pp.ring.clone())), "R7");
            assert_eq!((view.free, view.timers), (pp.free.clone(), pp.timers.len()), "R8, R9");
            let status = match id {
                _ if id >= n => PStatus::Dead,
                _ if Some(id) == model.own => PStatus::Running,
                _ => PStatus::Idle,
            };
            assert_eq!(view.status, status, "R2, R3: P{id}");
            assert_eq!(view.masked_idle, idle.contains(&id), "R4, R13: the idle mask");
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_keeps_the_contract(
        first in 1..9u32,
        steps in proptest::collection::vec(step(), 1..24),
        todays in any::<bool>(),
    ) {
        let order = if todays { IdleOrder::HighestFirst } else { IdleOrder::LowestFirst };
        let mut both = Both::new(order);
        both.resize(first);
        for step in &steps {
            both.step(step);
        }
        both.resize(1);
        let left: usize = both.model.ps.iter().map(|pp| pp.timers.len()).sum();
        let fired = both.lab.run_timers(0, u64::MAX - 2);
        prop_assert_eq!(fired, left, "R8: every timer is in the last P's heap");
    }
}

#[test]
fn the_seeds_and_todays_first_idle_p() {
    for (order, first) in [(IdleOrder::LowestFirst, 1), (IdleOrder::HighestFirst, 3)] {
        let mut both = Both::new(order);
        both.resize(4);
        assert_eq!(both.lab.idle_ps()[0], first, "{order:?}");
    }
}

#[test]
#[should_panic(expected = "procresize: invalid arg")]
fn no_ps_is_not_a_number_of_ps() {
    let _chain = Lab::new(Config::default()).resize(0, 1);
}

#[test]
fn what_a_destroyed_p_had_comes_first_in_the_global_queue() {
    let mut both = Both::new(IdleOrder::HighestFirst);
    both.resize(3);
    let names: BTreeMap<&str, u64> = [
        ("global", both.lab.put_global()),
        ("p1 first", both.lab.put(1, false).0),
        ("p1 second", both.lab.put(1, false).0),
        ("p2 first", both.lab.put(2, false).0),
        ("p2 next", both.lab.put(2, true).0),
    ]
    .into();
    both.lab.resize(1, 5).expect("fewer Ps need no memory");
    let order = ["p2 next", "p2 first", "p1 first", "p1 second", "global"];
    assert_eq!(both.lab.global(), order.map(|name| names[name]));
}

//! The run queues against a model, and ports of Go's tests of them.

use std::cell::Cell;
use std::collections::{HashSet, VecDeque};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::*;
use rt_sched::runq::{CAPACITY, GlobalQueue, Linked, LocalQueue, Push, STEAL_MAX, Steal};
use rt_sched::steal_order::StealOrder;

/// Something to queue.
struct Item {
    number: u32,
    next: Cell<Option<NonNull<Item>>>,
}

// SAFETY: one cell, stored and given back by the item's owner.
unsafe impl Linked for Item {
    unsafe fn next(this: NonNull<Item>) -> Option<NonNull<Item>> {
        // SAFETY: the caller's.
        unsafe { this.as_ref() }.next.get()
    }

    unsafe fn set_next(this: NonNull<Item>, next: Option<NonNull<Item>>) {
        // SAFETY: the caller's.
        unsafe { this.as_ref() }.next.set(next);
    }
}
// SAFETY: handed over as a whole.
unsafe impl Send for Item {}
// SAFETY: as above.
unsafe impl Sync for Item {}

type Queue = LocalQueue<Item>;

fn item(number: u32) -> NonNull<Item> {
    NonNull::from(Box::leak(Box::new(Item { number, next: None.into() })))
}

fn open(item: NonNull<Item>) -> u32 {
    // SAFETY: made by `item`, and taken out of a queue once.
    unsafe { Box::from_raw(item.as_ptr()) }.number
}

/// Where an item goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Tail,
    Next,
    /// As `Next`, and it has never run.
    New,
}

fn push(queue: &Queue, number: u32, next: bool) -> Vec<u32> {
    push_to(queue, number, if next { To::Next } else { To::Tail })
}

fn push_to(queue: &Queue, number: u32, to: To) -> Vec<u32> {
    // SAFETY: the test is the queue's only owner.
    let owner = unsafe { queue.owner() };
    // SAFETY: a new item, in each arm.
    let pushed = unsafe {
        match to {
            To::Tail => owner.push(item(number)),
            To::Next => owner.push_next(item(number)),
            To::New => owner.push_new(item(number)),
        }
    };
    match pushed {
        Push::Full(mut batch) => std::iter::from_fn(|| batch.pop().map(open)).collect(),
        Push::Lone | Push::Ring => Vec::new(),
    }
}

fn pop(queue: &Queue) -> Option<(u32, bool)> {
    // SAFETY: the test is the queue's only owner.
    let popped = unsafe { queue.owner() }.pop()?;
    Some((open(popped.item), popped.inherits_time))
}

fn drain(queue: &Queue) -> Vec<u32> {
    std::iter::from_fn(|| pop(queue).map(|(number, _)| number)).collect()
}

fn steal(victim: &Queue, to: &Queue, policy: Steal) -> Option<u32> {
    // SAFETY: the test is the thief, and owns its queue.
    victim.steal_into(unsafe { to.owner() }, policy, || true).map(open)
}

/// Go: TestSchedLocalQueue. So many in, the same out, in order; empty before and after.
#[test]
fn sched_local_queue() {
    let queue = Queue::new();
    for count in 0..CAPACITY as u32 {
        assert!(pop(&queue).is_none() && queue.is_empty());
        for number in 0..count {
            assert!(push(&queue, number, false).is_empty());
        }
        for number in 0..count {
            assert_eq!(pop(&queue), Some((number, false)));
        }
    }
    assert!(pop(&queue).is_none() && queue.is_empty());
}

/// Go: `runqputbatch`. What was readied in a row goes behind those who wait, the last one too.
#[test]
fn the_next_one_may_be_queued() {
    let queue = Queue::new();
    // SAFETY: the test is the queue's only owner.
    let queue_next = || unsafe { queue.owner() }.queue_next();
    assert!(matches!(queue_next(), Push::Lone));
    push(&queue, 1, true);
    assert!(matches!(queue_next(), Push::Lone), "nobody waits for it");
    assert_eq!(pop(&queue), Some((1, true)));
    for number in 1..=4 {
        push(&queue, number, number > 1);
    }
    assert!(matches!(queue_next(), Push::Ring));
    assert_eq!(drain(&queue), [1, 2, 3, 4]);
    (0..CAPACITY as u32).for_each(|number| assert!(push(&queue, number, false).is_empty()));
    push(&queue, 1000, true);
    let Push::Full(mut batch) = queue_next() else { panic!("the ring is full") };
    let mut all: Vec<u32> = std::iter::from_fn(|| batch.pop().map(open)).collect();
    all.extend(drain(&queue));
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), CAPACITY + 1);
}

/// Go: TestSchedLocalQueueSteal. A steal takes half, and everything is there once.
#[test]
fn sched_local_queue_steal() {
    for count in 0..CAPACITY as u32 {
        let (victim, thief) = (Queue::new(), Queue::new());
        (0..count).for_each(|number| assert!(push(&victim, number, false).is_empty()));
        let mut stolen: Vec<u32> = steal(&victim, &thief, Steal::Ring).into_iter().collect();
        stolen.extend(drain(&thief));
        let half = count / 2;
        let len = stolen.len() as u32;
        assert!(len == half || len == half + 1, "{len} of {count} stolen");
        let left = drain(&victim);
        let seen: HashSet<u32> = stolen.iter().chain(&left).copied().collect();
        assert_eq!((seen.len() as u32, len + left.len() as u32), (count, count));
    }
}

/// Go: TestSchedLocalQueueEmpty. While one of two is in the queue, it never says that it is empty.
#[test]
fn sched_local_queue_empty() {
    for round in 0..2000u32 {
        let (queue, ready) = (Queue::new(), AtomicUsize::new(0));
        let (first_next, second_next) = (round & 1 == 0, round & 2 == 0);
        push(&queue, 1, first_next);
        let meet = || {
            ready.fetch_add(1, Ordering::SeqCst);
            while ready.load(Ordering::SeqCst) < 2 {
                std::hint::spin_loop();
            }
        };
        std::thread::scope(|scope| {
            let looker = scope.spawn(|| {
                meet();
                queue.is_empty()
            });
            meet();
            push(&queue, 2, second_next);
            let taken = pop(&queue);
            assert!(!looker.join().unwrap(), "empty in round {round}");
            assert!(taken.is_some());
        });
        assert_eq!(drain(&queue).len(), 1);
    }
}

/// Go: TestStealOrder. Every start meets every P once; no pair of position and stride comes twice.
#[test]
fn steal_order() {
    let mut order = StealOrder::new();
    for procs in 1..=64u32 {
        order.reset(procs).unwrap();
        let strides = order.coprimes().len() as u32;
        assert!(procs < 3 || strides >= 2, "{procs} Ps: too few strides");
        let mut rounds = HashSet::new();
        for random in 0..procs * strides {
            let round: Vec<u32> = order.start(random).collect();
            assert_eq!(round.iter().collect::<HashSet<_>>().len() as u32, procs);
            let pair = (round[0], round.get(1).copied());
            assert!(procs < 3 || rounds.insert(pair), "{procs} Ps: the same round twice");
        }
    }
}

/// Thieves and an owner, at full speed: everything comes out once.
#[test]
fn racing_thieves_lose_nothing() {
    const COUNT: u32 = 200_000;
    let (queue, done) = (Queue::starting_at(u32::MAX - 1000), AtomicBool::new(false));
    let mut got: Vec<u32> = std::thread::scope(|scope| {
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mine, mut got) = (Queue::new(), Vec::new());
                    while !done.load(Ordering::Acquire) || !queue.is_empty() {
                        got.extend(steal(&queue, &mine, Steal::RingThenNext));
                        got.extend(drain(&mine));
                    }
                    got
                })
            })
            .collect();
        let mut got = Vec::new();
        for number in 0..COUNT {
            let to = [To::Next, To::Tail, To::New, To::New, To::New][number as usize % 5];
            got.extend(push_to(&queue, number, to));
            if number % 3 == 0 {
                got.extend(pop(&queue).map(|(number, _)| number));
            }
        }
        got.extend(drain(&queue));
        done.store(true, Ordering::Release);
        thieves.into_iter().for_each(|thief| got.extend(thief.join().unwrap()));
        got
    });
    got.sort_unstable();
    assert!(got.into_iter().eq(0..COUNT));
}

#[derive(Clone, Debug)]
enum Step {
    Push { to: To, count: u32 },
    Pop { count: u32 },
    RingFirst,
    Steal(Steal),
}

fn step() -> impl Strategy<Value = Step> {
    let many = prop_oneof![9 => 1..5u32, 1 => 200..300u32];
    prop_oneof![
        4 => (prop_oneof![Just(To::Tail), Just(To::Next), Just(To::New)], many.clone())
            .prop_map(|(to, count)| Step::Push { to, count }),
        3 => many.prop_map(|count| Step::Pop { count }),
        1 => Just(Step::RingFirst),
        1 => Just(Step::Steal(Steal::Ring)),
        1 => Just(Step::Steal(Steal::RingThenNext)),
    ]
}

#[derive(Default)]
struct Model {
    next: Option<u32>,
    ring: VecDeque<u32>,
    next_is_new: bool,
    new_at_tail: usize,
}

impl Model {
    /// What goes on to the global queue.
    fn push(&mut self, number: u32, to: To) -> Vec<u32> {
        let (number, is_new) = match to {
            To::Tail => (Some(number), false),
            To::Next | To::New => (self.next.replace(number), self.next_is_new),
        };
        if to != To::Tail {
            self.next_is_new = to == To::New;
        }
        let Some(number) = number else { return Vec::new() };
        self.new_at_tail = if is_new { self.new_at_tail + 1 } else { 0 };
        if self.ring.len() < CAPACITY {
            self.ring.push_back(number);
            return Vec::new();
        }
        self.new_at_tail = self.new_at_tail.saturating_sub(1);
        self.ring.drain(..STEAL_MAX).chain([number]).collect()
    }

    /// The `next` slot, the youngest of the new ones, the oldest.
    fn pop(&mut self) -> Option<(u32, bool)> {
        if let Some(number) = self.next.take() {
            return Some((number, true));
        }
        if self.new_at_tail == 0 {
            return Some((self.ring.pop_front()?, false));
        }
        self.new_at_tail -= 1;
        let youngest = self.ring.pop_back();
        if youngest.is_none() {
            self.new_at_tail = 0;
        }
        Some((youngest?, false))
    }

    fn steal(&mut self, policy: Steal) -> Vec<u32> {
        match self.ring.len() {
            0 if policy == Steal::RingThenNext => self.next.take().into_iter().collect(),
            len => self.ring.drain(..len - len / 2).collect(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// Q1 to Q4: order, bounds, overflow and steals, from any position.
    #[test]
    fn the_local_queue_is_its_model(
        start in prop_oneof![Just(0u32), Just(u32::MAX - 3), any::<u32>()],
        shared in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..30),
    ) {
        let (queue, mut model, mut number) = (Queue::starting_at(start), Model::default(), 0);
        // SAFETY: one thread; in the exclusive mode nobody steals below.
        unsafe { queue.owner().set_exclusive(!shared) };
        for step in steps {
            match step {
                Step::Push { to, count } => for _ in 0..count {
                    number += 1;
                    let (got, expected) = (push_to(&queue, number, to), model.push(number, to));
                    prop_assert!(got.is_empty() || got.len() == STEAL_MAX + 1, "Q2");
                    prop_assert_eq!(got, expected, "Q2");
                },
                Step::Pop { count } => for _ in 0..count {
                    prop_assert_eq!(pop(&queue), model.pop(), "Q1");
                },
                Step::RingFirst => {
                    // SAFETY: the test is the only owner.
                    let got = unsafe { queue.owner() }.pop_ring_first().map(|p| open(p.item));
                    prop_assert_eq!(got, model.ring.pop_front().or_else(|| model.next.take()));
                }
                Step::Steal(_) if !shared => {}
                Step::Steal(policy) => {
                    let (thief, mut expected) = (Queue::new(), model.steal(policy));
                    let last = steal(&queue, &thief, policy);
                    prop_assert_eq!(last, expected.pop(), "Q3: the last is returned");
                    prop_assert_eq!(drain(&thief), expected, "Q3: the rest in order");
                }
            }
            let empty = model.ring.is_empty() && model.next.is_none();
            prop_assert_eq!(queue.is_empty(), empty, "Q4");
            prop_assert_eq!(queue.ring_len(), model.ring.len(), "Q1");
        }
        drain(&queue);
    }

    /// Q5: a P's share of the global queue.
    #[test]
    fn a_batch_is_a_fair_share(len in 0..600usize, procs in 1..20u32, max in 1..200usize) {
        let mut queue = GlobalQueue::new();
        // SAFETY: new items.
        (0..len as u32).for_each(|number| unsafe { queue.put(item(number)) });
        let mut batch = queue.get_batch(procs, max);
        let expected = len.min(max).min(len / procs as usize + 1);
        prop_assert_eq!(batch.len(), expected);
        let numbers: Vec<u32> = std::iter::from_fn(|| batch.pop().map(open)).collect();
        prop_assert!(numbers.into_iter().eq(0..expected as u32));
        while let Some(item) = queue.get() {
            open(item);
        }
    }
}

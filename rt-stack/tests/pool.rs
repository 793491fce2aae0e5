//! The pool against a model, under arbitrary sequences of calls.

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use rt_stack::bounds::Stack;
use rt_stack::pool::{Pool, StackError, Stats};
use support::Probe;

#[derive(Clone, Debug)]
enum Step {
    Take,
    TakeBatch(usize),
    /// Gives back the taken stack of this rank.
    Put(prop::sample::Index),
    PutBatch(Vec<prop::sample::Index>),
    Trim,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => Just(Step::Take),
        2 => (1usize..12).prop_map(Step::TakeBatch),
        6 => index().prop_map(Step::Put),
        2 => prop::collection::vec(index(), 0..12).prop_map(Step::PutBatch),
        2 => Just(Step::Trim),
    ]
}

/// What must be true of a pool.
#[derive(Default)]
struct Model {
    /// By `lo`; and the word that its user wrote.
    taken: BTreeMap<usize, (Stack, usize)>,
    retained: BTreeMap<usize, (Stack, usize)>,
    released: BTreeMap<usize, Stack>,
    peak: usize,
    target: usize,
    words: usize,
}

/// The word at the top of a stack, where a scheduler would keep its header.
fn word(stack: Stack) -> *mut usize {
    (stack.hi - 8) as *mut usize
}

impl Model {
    fn took(&mut self, pool: &Pool, stack: Stack) {
        assert!(stack.hi.is_multiple_of(4096) && stack.size_bytes() < pool.slot_bytes());
        assert!(!self.taken.contains_key(&stack.lo), "a stack is given to one at a time");
        let before = self.taken.range(..stack.lo).next_back();
        assert!(before.is_none_or(|(_, (below, _))| below.hi < stack.lo), "a guard lies between");
        let after = self.taken.range(stack.lo..).next();
        assert!(after.is_none_or(|(lo, _)| stack.hi < *lo), "a guard lies between");
        let left = match self.retained.remove(&stack.lo) {
            Some((_, word)) => word,
            None => {
                assert!(self.retained.is_empty(), "warm stacks come first");
                let old = self.released.remove(&stack.lo);
                assert!(old.is_some() || self.released.is_empty(), "guarded ones come next");
                0
            }
        };
        self.words += 1;
        // SAFETY: the stack is ours.
        unsafe {
            assert_eq!(*word(stack), left, "what the last user left, or zero");
            *word(stack) = self.words;
        }
        self.taken.insert(stack.lo, (stack, self.words));
        self.peak = self.peak.max(self.taken.len());
    }

    fn choose(&mut self, index: &prop::sample::Index) -> Option<Stack> {
        let count = self.taken.len();
        let (_, &chosen) = self.taken.iter().nth((count > 0).then(|| index.index(count))?)?;
        self.taken.remove(&chosen.0.lo);
        self.retained.insert(chosen.0.lo, chosen);
        Some(chosen.0)
    }

    /// What a trim must release: so many, any of the retained ones; their words are zero then.
    fn trimmed(&mut self, released: usize) {
        self.target = self.peak.max(self.target / 2);
        self.peak = self.taken.len();
        let surplus = (self.taken.len() + self.retained.len()).saturating_sub(self.target);
        assert_eq!(released, surplus.min(self.retained.len()));
        let before = self.retained.len();
        self.retained.retain(|lo, (stack, left)| {
            // SAFETY: it was ours; its pages are there, or read as zero.
            let found = unsafe { *word(*stack) };
            assert!(found == *left || found == 0, "whole or released");
            if found == 0 {
                self.released.insert(*lo, *stack);
            }
            found != 0
        });
        assert_eq!(before - self.retained.len(), released);
    }

    fn check(&self, pool: &Pool, probe: &mut Probe) {
        let Stats { in_use, retained, released, .. } = pool.stats();
        let model = (self.taken.len(), self.retained.len(), self.released.len());
        assert_eq!((in_use, retained, released), model);
        let mut used: Vec<_> = pool.iter_used().map(|stack| stack.lo).collect();
        used.sort_unstable();
        let mut known: Vec<_> = self.taken.keys().chain(self.retained.keys()).copied().collect();
        known.sort_unstable();
        assert_eq!(used, known);
        let all = self.taken.values().chain(self.retained.values()).map(|(stack, _)| stack);
        for &stack in all.chain(self.released.values()) {
            assert!(!probe.readable(stack.lo - 1) && probe.readable(stack.lo));
            let inside = pool.find(stack.lo).unwrap();
            assert!(inside.stack == stack && !inside.in_guard);
            assert!(pool.find(stack.lo - 1).unwrap().in_guard);
            assert_eq!(pool.find(stack.hi - 1).unwrap().stack, stack);
            let colour = pool.colour(stack);
            assert!(
                colour.is_multiple_of(64) && (stack.hi - 2048 + 1..=stack.hi).contains(&colour)
            );
        }
        for (stack, word_) in self.taken.values() {
            // SAFETY: ours.
            assert_eq!(unsafe { *word(*stack) }, *word_);
        }
    }
}

fn run(pool: &'static Pool, steps: &[Step]) -> Result<(), StackError> {
    let mut model = Model::default();
    let mut probe = Probe::new();
    for step in steps {
        match step {
            Step::Take => model.took(pool, pool.take()?),
            Step::TakeBatch(count) => {
                let mut stacks = vec![Stack::default(); *count];
                assert_eq!(pool.take_batch(&mut stacks)?, *count);
                stacks.iter().for_each(|stack| model.took(pool, *stack));
            }
            Step::Put(index) => model.choose(index).into_iter().for_each(|stack| pool.put(stack)),
            Step::PutBatch(indices) => {
                pool.put_batch(indices.iter().filter_map(|index| model.choose(index)));
            }
            Step::Trim => model.trimmed(pool.trim()),
        }
    }
    model.check(pool, &mut probe);
    Ok(())
}

/// A pool for ever; its address space is not given back.
fn leak(pool: Pool) -> &'static Pool {
    Box::leak(Box::new(pool))
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count) }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn a_pool_does_what_the_model_says(
        kib in prop::sample::select(vec![16usize, 32, 64, 256]),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        run(leak(Pool::new(kib << 10)), &steps).unwrap();
    }
}

proptest! {
    // Few: each guard costs two mappings for ever.
    #![proptest_config(cases(150))]

    #[test]
    fn so_does_one_with_guards_by_mprotect(steps in prop::collection::vec(step(), 1..40)) {
        run(leak(Pool::with_mprotect_guards(64 << 10)), &steps).unwrap();
    }
}

#[test]
fn epochs_follow_the_callers_clock() {
    let pool = leak(Pool::new(16 << 10));
    let mut stacks = [Stack::default(); 8];
    assert_eq!(pool.take_batch(&mut stacks), Ok(8));
    pool.put_batch(stacks);
    assert_eq!(pool.trim_if_due(5, 60), 0); // the first epoch begins
    assert_eq!(pool.trim_if_due(65, 60), 0); // its peak was 8
    assert_eq!(pool.trim_if_due(124, 60), 0); // too early
    assert_eq!(pool.trim_if_due(125, 60), 4);
    assert_eq!(pool.trim_if_due(126, 60), 0);
    assert_eq!(pool.stats().retained, 4);
}

#[test]
fn neighbours_are_released_together_and_colours_differ() {
    let pool = leak(Pool::new(64 << 10));
    let mut stacks = [Stack::default(); 64];
    assert_eq!(pool.take_batch(&mut stacks), Ok(64));
    let mut offsets: Vec<_> = stacks[..32].iter().map(|s| s.hi - pool.colour(*s)).collect();
    offsets.sort_unstable();
    offsets.dedup();
    assert_eq!(offsets.len(), 32, "32 neighbours have 32 colours");
    pool.put_batch(stacks.into_iter().step_by(2));
    assert_eq!(pool.trim(), 0);
    let mut released = 0;
    for _ in 0..8 {
        released += pool.trim();
    }
    assert_eq!((released, pool.stats().in_use, pool.stats().retained), (32, 32, 0));
}

#[test]
#[should_panic(expected = "given back once")]
fn a_stack_is_given_back_once() {
    let pool = leak(Pool::new(16 << 10));
    let stack = pool.take().unwrap();
    pool.put(stack);
    pool.put(stack);
}

#[test]
#[should_panic(expected = "a stack of this pool")]
fn a_strangers_stack_is_refused() {
    let stranger = leak(Pool::new(16 << 10)).take().unwrap();
    leak(Pool::new(16 << 10)).put(stranger);
}

#[test]
fn an_address_of_nobody_is_not_found() {
    let pool = leak(Pool::new(16 << 10));
    assert_eq!(pool.find(&raw const pool as usize), None);
    let stack = pool.take().unwrap();
    assert_eq!(pool.find(stack.hi), None, "the next slot was never taken");
    assert_eq!(pool.find(&raw const pool as usize), None);
}

//! Timers against a model: Q10 of the contract. None early, none twice, none lost, none after a
//! stop.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use proptest::prelude::*;
use rt_sched::timer::{Heap, NEVER, Started, Timer, Timers};

/// A timer that counts how often it fired, on one of several heaps.
struct Slot {
    fired: Box<AtomicU32>,
    timer: Pin<Box<Timer>>,
    /// The model: where it runs and until when.
    running: Option<(usize, u64)>,
    expected: u32,
}

unsafe fn count(argument: *mut ()) {
    // SAFETY: the slot's counter, which outlives its timer.
    unsafe { &*argument.cast::<AtomicU32>() }.fetch_add(1, Ordering::SeqCst);
}

impl Slot {
    fn new() -> Slot {
        let fired = Box::new(AtomicU32::new(0));
        let argument = (&raw const *fired).cast_mut().cast();
        Slot { timer: Box::pin(Timer::new(count, argument)), fired, running: None, expected: 0 }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Start { slot: usize, heap: usize, when: u64 },
    Stop { slot: usize },
    Advance { by: u64 },
    Run { heap: usize },
}

const HEAPS: usize = 3;
const SLOTS: usize = 40;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..SLOTS, 0..HEAPS, 0..100u64)
            .prop_map(|(slot, heap, when)| Step::Start { slot, heap, when }),
        2 => (0..SLOTS).prop_map(|slot| Step::Stop { slot }),
        2 => (0..30u64).prop_map(|by| Step::Advance { by }),
        2 => (0..HEAPS).prop_map(|heap| Step::Run { heap }),
    ]
}

fn start(heap: &Timers, timer: Pin<&Timer>, when: u64) -> Started {
    // SAFETY: heaps and timers are leaked or outlive the test; `count` may run anywhere.
    unsafe { heap.start(timer, when) }.expect("memory for a timer")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn timers_are_their_model(steps in proptest::collection::vec(step(), 1..80)) {
        let heaps: [Timers; HEAPS] = std::array::from_fn(|_| Timers::new());
        let mut slots: Vec<Slot> = (0..SLOTS).map(|_| Slot::new()).collect();
        let mut now = 1;
        for step in steps {
            match step {
                Step::Start { slot, heap, when } => {
                    let when = now + when;
                    let first = slots.iter().filter_map(|s| s.running).filter(|r| r.0 == heap);
                    let first = first.map(|r| r.1).min().unwrap_or(NEVER);
                    let slot = &mut slots[slot];
                    if slot.running.is_none() {
                        let started = start(&heaps[heap], slot.timer.as_ref(), when);
                        prop_assert_eq!(started == Started::First, when <= first);
                        slot.running = Some((heap, when));
                    }
                }
                Step::Stop { slot } => {
                    let slot = &mut slots[slot];
                    let stopped = slot.timer.as_ref().stop();
                    prop_assert_eq!(stopped, slot.running.take().is_some(), "stop said wrong");
                }
                Step::Advance { by } => now += by,
                Step::Run { heap } => {
                    let due = |slot: &&mut Slot| {
                        slot.running.is_some_and(|(at, when)| at == heap && when <= now)
                    };
                    let mut expected = 0;
                    for slot in slots.iter_mut().filter(due) {
                        slot.running = None;
                        slot.expected += 1;
                        expected += 1;
                    }
                    prop_assert_eq!(heaps[heap].run_due(now), expected);
                }
            }
            for slot in &slots {
                prop_assert_eq!(slot.fired.load(Ordering::SeqCst), slot.expected, "early or twice");
                prop_assert_eq!(slot.timer.is_running(), slot.running.is_some());
            }
            for (at, heap) in heaps.iter().enumerate() {
                prop_assert!(heap.with_heap(Heap::is_sound));
                let whens = slots.iter().filter_map(|s| s.running).filter(|r| r.0 == at);
                let first = whens.map(|r| r.1).min().unwrap_or(NEVER);
                prop_assert_eq!(heap.first_when(), first, "the first deadline");
                let soon = slots.iter().filter_map(|s| s.running);
                let soon = soon.filter(|r| r.0 == at && r.1 <= now + 30).count();
                for most in [0, 3, SLOTS] {
                    prop_assert_eq!(heap.count_due(now + 30, most), soon.min(most));
                }
            }
        }
    }
}

/// Go: TestTimerStopStress and TestStopResult, in the small: stop against firing, at full speed.
#[test]
fn a_timer_fires_or_was_stopped() {
    for _ in 0..300 {
        let heap = Timers::new();
        let slots: Vec<Slot> = (0..64).map(|_| Slot::new()).collect();
        for (i, slot) in slots.iter().enumerate() {
            let _started = start(&heap, slot.timer.as_ref(), i as u64);
        }
        let (now, stopped) = (AtomicU64::new(0), AtomicU32::new(0));
        let timers: Vec<Pin<&Timer>> = slots.iter().map(|slot| slot.timer.as_ref()).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while now.fetch_add(1, Ordering::SeqCst) < 64 {
                    heap.run_due(now.load(Ordering::SeqCst));
                }
            });
            scope.spawn(|| {
                for timer in timers.iter().rev() {
                    stopped.fetch_add(u32::from(timer.stop()), Ordering::SeqCst);
                }
            });
        });
        heap.run_due(1000);
        let fired: u32 = slots.iter().map(|slot| slot.fired.load(Ordering::SeqCst)).sum();
        assert!(slots.iter().all(|slot| slot.fired.load(Ordering::SeqCst) <= 1));
        assert_eq!(fired + stopped.load(Ordering::SeqCst), 64, "a timer was lost or fired twice");
    }
}

/// A deadline that no clock reaches neither fires nor is lost.
#[test]
fn the_latest_deadline_is_a_deadline() {
    let (heap, slot) = (Timers::new(), Slot::new());
    assert_eq!(start(&heap, slot.timer.as_ref(), u64::MAX), Started::First);
    assert_eq!(heap.run_due(NEVER - 2), 0);
    assert!(slot.timer.as_ref().stop() && heap.is_empty());
}

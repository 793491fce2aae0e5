//! Values of a goroutine's own.

mod common;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Counted, in_a_child, on_a_thread_of_c, run, wait_until, with_procs};
use rt::thread::{self, AccessError, Builder};

static INITS: AtomicUsize = AtomicUsize::new(0);

rt::thread_local! {
    static NUMBER: Cell<usize> = counted(Cell::new(100));
    static LIST: RefCell<Vec<usize>> = counted(RefCell::new(vec![5]));
}

/// Counts the call of an initializer.
fn counted<T>(value: T) -> T {
    INITS.fetch_add(1, SeqCst);
    value
}

#[test]
fn values_are_made_at_their_first_use_and_kept() {
    let check = || {
        let made = |f: &dyn Fn()| {
            let before = INITS.load(SeqCst);
            f();
            INITS.load(SeqCst) - before
        };
        assert_eq!(made(&|| assert_eq!(NUMBER.get(), 100)), 1);
        assert_eq!(made(&|| assert_eq!(NUMBER.replace(101), 100)), 0);
        assert_eq!((NUMBER.take(), NUMBER.get()), (101, 0));
        NUMBER.set(7);
        assert_eq!((NUMBER.with(Cell::get), NUMBER.try_with(Cell::get)), (7, Ok(7)));
        assert_eq!(made(&|| LIST.with_borrow(|list| assert_eq!(list[..], [5]))), 1);
        LIST.with_borrow_mut(|list| list.push(6));
        assert_eq!(LIST.replace(vec![1]), [5, 6]);
        assert_eq!(LIST.take(), [1]);
        LIST.set(vec![2]);
        assert!(LIST.with_borrow(|list| list[..] == [2]));
    };
    let set_first = || {
        let before = INITS.load(SeqCst);
        NUMBER.set(3);
        LIST.set(vec![4]);
        assert_eq!((NUMBER.get(), LIST.take()), (3, vec![4]));
        assert_eq!(INITS.load(SeqCst), before, "the initializers were not needed");
    };
    with_procs(|| {
        for _ in 0..3 {
            thread::spawn(check).join().unwrap();
            thread::spawn(set_first).join().unwrap();
            std::thread::spawn(check).join().unwrap();
            std::thread::spawn(set_first).join().unwrap();
        }
    });
    on_a_thread_of_c(check);
}

#[test]
fn each_goroutine_has_its_own_wherever_it_runs() {
    rt::thread_local!(static MINE: Cell<usize> = const { Cell::new(0) });
    with_procs(|| {
        let handles: Vec<_> = (1..=200usize)
            .map(|i| {
                thread::spawn(move || {
                    assert_eq!(MINE.get(), 0, "of whoever ran on this stack before");
                    MINE.set(i);
                    let address = MINE.with(|mine| std::ptr::from_ref(mine) as usize);
                    // The closure parks, and goes on elsewhere.
                    MINE.with(|mine| {
                        for round in 0..20 {
                            if round % 5 == i % 5 {
                                thread::sleep(Duration::from_micros(10));
                            }
                            thread::yield_now();
                            assert_eq!(mine.get(), i);
                            assert_eq!(
                                MINE.with(|again| std::ptr::from_ref(again) as usize),
                                address
                            );
                        }
                        mine.set(i + 1);
                    });
                    assert_eq!(rt::blocking(|| MINE.get()), i + 1, "the goroutine's here too");
                    rt::blocking(|| MINE.set(i + 2));
                    (MINE.get() - 2, address)
                })
            })
            .collect();
        for (i, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.join().unwrap().0, i + 1);
        }
        assert_eq!(MINE.get(), 0);
    });
}

/// Notes its number when dropped.
struct Notes(u32, Arc<Mutex<Vec<u32>>>);

impl Drop for Notes {
    fn drop(&mut self) {
        thread::yield_now(); // destructors may park
        self.1.lock().unwrap().push(self.0);
    }
}

rt::thread_local! {
    static FIRST: OnceCell<Notes> = const { OnceCell::new() };
    static SECOND: OnceCell<Notes> = const { OnceCell::new() };
    static THIRD: OnceCell<Notes> = const { OnceCell::new() };
}

/// Gives the three keys values, in the order of `keys`.
fn fill(notes: &Arc<Mutex<Vec<u32>>>, keys: [u32; 3]) {
    for number in keys {
        let key = [&FIRST, &SECOND, &THIRD][number as usize];
        key.with(|cell| assert!(cell.set(Notes(number, Arc::clone(notes))).is_ok()));
    }
}

#[test]
fn values_are_dropped_once_newest_first_before_the_join() {
    with_procs(|| {
        let notes = Arc::new(Mutex::new(Vec::new()));
        let take = || std::mem::take(&mut *notes.lock().unwrap());
        for keys in [[0, 1, 2], [2, 0, 1]] {
            let newest_first: Vec<_> = keys.into_iter().rev().collect();
            let theirs = Arc::clone(&notes);
            thread::spawn(move || fill(&theirs, keys)).join().unwrap();
            assert_eq!(take(), newest_first);
            let theirs = Arc::clone(&notes);
            std::thread::spawn(move || fill(&theirs, keys)).join().unwrap();
            assert_eq!(take(), newest_first, "as std");
            let theirs = Arc::clone(&notes);
            let panics = thread::spawn(move || {
                fill(&theirs, keys);
                panic!("deliberate");
            });
            assert!(panics.join().is_err());
            assert_eq!(take(), newest_first, "after a panic");
            let theirs = Arc::clone(&notes);
            rt::go(move || fill(&theirs, keys));
            wait_until(|| notes.lock().unwrap().len() == 3);
            assert_eq!(take(), newest_first, "without a handle");
            thread::scope(|s| {
                s.spawn(|| fill(&notes, keys));
            });
            assert_eq!(take(), newest_first, "before the scope returns");
        }
    });
    let notes = Arc::new(Mutex::new(Vec::new()));
    run(|| fill(&notes, [0, 1, 2]));
    assert_eq!(*notes.lock().unwrap(), [2, 1, 0], "before `run` returns");
}

#[test]
fn many_goroutines_drop_all() {
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    struct Value([usize; 4]);
    impl Drop for Value {
        fn drop(&mut self) {
            assert_eq!(self.0, [self.0[0]; 4]);
            DROPS.fetch_add(1, SeqCst);
        }
    }
    rt::thread_local! {
        static A: RefCell<Option<Value>> = const { RefCell::new(None) };
        static B: RefCell<Box<Value>> = RefCell::new(Box::new(Value([0; 4])));
    }
    with_procs(|| {
        DROPS.store(0, SeqCst);
        let handles: Vec<_> = (0..10_000usize)
            .map(|i| {
                thread::spawn(move || {
                    A.set(Some(Value([i; 4])));
                    thread::yield_now();
                    B.with_borrow_mut(|value| value.0 = [i; 4]);
                    thread::yield_now();
                    A.with_borrow(|value| assert_eq!(value.as_ref().unwrap().0[3], i));
                })
            })
            .collect();
        for handle in handles {
            handle.join().unwrap();
        }
        assert_eq!(DROPS.load(SeqCst), 20_000);
    });
}

#[test]
fn destructors_may_use_keys_but_not_their_own() {
    static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());
    fn log(text: impl Into<String>) {
        LOG.lock().unwrap().push(text.into());
    }
    struct Early;
    struct Late(&'static str);
    rt::thread_local! {
        static EARLY: Early = const { Early };
        static LATE: Late = Late("made by a destructor");
        static PLAIN: Cell<u32> = const { Cell::new(1) };
    }
    impl Drop for Early {
        fn drop(&mut self) {
            log(format!("early: {:?}", EARLY.try_with(|_| ())));
            LATE.with(|late| log(late.0));
            PLAIN.set(PLAIN.get() + 1);
        }
    }
    impl Drop for Late {
        fn drop(&mut self) {
            log(format!("late: {:?} {:?}", LATE.try_with(|_| ()), EARLY.try_with(|_| ())));
            log(format!("plain: {}", PLAIN.get()));
        }
    }
    let body = || {
        LOG.lock().unwrap().clear();
        EARLY.with(|_| ());
    };
    let check = || {
        let denied = "Err(AccessError)";
        let wanted = [
            format!("early: {denied}"),
            "made by a destructor".into(),
            format!("late: {denied} {denied}"),
            "plain: 2".into(),
        ];
        assert_eq!(*LOG.lock().unwrap(), wanted);
    };
    with_procs(|| {
        thread::spawn(body).join().unwrap();
        check();
        std::thread::spawn(body).join().unwrap();
        check(); // the same on plain threads
    });
}

#[test]
fn a_key_used_by_its_own_initializer_keeps_the_later_value() {
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    struct Value(#[allow(dead_code, reason = "dropped")] Counted<'static>, u32);
    rt::thread_local! {
        static DEPTH: Cell<u32> = const { Cell::new(0) };
        static TWICE: Value = {
            DEPTH.set(DEPTH.get() + 1);
            let depth = DEPTH.get();
            if depth == 1 {
                assert_eq!(TWICE.with(|value| value.1), 2);
            }
            Value(Counted(&DROPS), depth)
        };
    }
    with_procs(|| {
        DROPS.store(0, SeqCst);
        let body = || {
            assert_eq!(TWICE.with(|value| value.1), 1);
            assert_eq!(DROPS.load(SeqCst), 1, "the first is of no use any more");
        };
        thread::spawn(body).join().unwrap();
        assert_eq!(DROPS.load(SeqCst), 2, "both are dropped, once each");
    });
}

#[test]
fn results_that_nobody_wants_find_the_values_dropped() {
    static SEEN: Mutex<Vec<Result<u32, AccessError>>> = Mutex::new(Vec::new());
    rt::thread_local!(static KEY: Cell<u32> = const { Cell::new(1) });
    struct Looks;
    impl Drop for Looks {
        fn drop(&mut self) {
            SEEN.lock().unwrap().push(KEY.try_with(Cell::get));
        }
    }
    with_procs(|| {
        SEEN.lock().unwrap().clear();
        for uses in [false, true] {
            drop(thread::spawn(move || {
                thread::sleep(Duration::from_millis(1)); // its handle is dropped by now
                if uses {
                    KEY.set(2);
                }
                Looks
            }));
        }
        wait_until(|| SEEN.lock().unwrap().len() == 2);
        for seen in SEEN.lock().unwrap().iter() {
            let error: &dyn std::error::Error = seen.as_ref().unwrap_err();
            assert_eq!(error.to_string(), "already destroyed");
        }
        // Whoever comes next on those stacks begins anew.
        for _ in 0..200 {
            thread::spawn(|| assert_eq!(KEY.replace(9), 1)).join().unwrap();
        }
    });
}

#[test]
fn a_pinned_goroutine_drops_its_values_on_its_thread() {
    static THREADS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    fn note() {
        THREADS.lock().unwrap().push(rt_os::sys::thread::gettid());
    }
    struct Value;
    impl Drop for Value {
        fn drop(&mut self) {
            for _ in 0..10 {
                thread::sleep(Duration::from_micros(10));
                note();
            }
        }
    }
    rt::thread_local!(static VALUE: Value = const { Value });
    with_procs(|| {
        THREADS.lock().unwrap().clear();
        let body = || {
            VALUE.with(|_| ());
            note();
        };
        Builder::new().pinned().spawn(body).unwrap().join().unwrap();
        let threads = THREADS.lock().unwrap();
        assert_eq!((threads.len(), threads.iter().collect::<HashSet<_>>().len()), (11, 1));
    });
}

struct PanicsWhenDropped;
impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("deliberate: in a destructor");
    }
}
rt::thread_local!(static PANICS: PanicsWhenDropped = const { PanicsWhenDropped });

#[test]
fn a_panic_in_a_destructor_aborts_as_in_std() {
    let Some(child) = in_a_child("a_panic_in_a_destructor_aborts_as_in_std") else {
        return run(|| drop(thread::spawn(|| PANICS.with(|_| ())).join()));
    };
    let text = String::from_utf8_lossy(&child.stderr);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.status), Some(libc::SIGABRT));
    assert!(text.contains("deliberate: in a destructor"), "{text}");
    assert!(text.contains("thread local panicked on drop, aborting"), "{text}");
}

#[test]
fn with_panics_when_it_is_too_late() {
    static SAID: Mutex<String> = Mutex::new(String::new());
    struct Late;
    rt::thread_local!(static LATE: Late = const { Late });
    impl Drop for Late {
        fn drop(&mut self) {
            let payload = std::panic::catch_unwind(|| LATE.with(|_| ())).unwrap_err();
            SAID.lock().unwrap().clone_from(payload.downcast_ref::<String>().unwrap());
        }
    }
    run(|| thread::spawn(|| LATE.with(|_| ())).join().unwrap());
    assert!(SAID.lock().unwrap().contains("during or after destruction: AccessError"));
}

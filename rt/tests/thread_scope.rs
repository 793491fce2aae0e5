//! Goroutines that borrow.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use common::{Counted, on_a_thread_with_procs, recurse, run, wait_until, with_procs};
use rt::thread::{self, Builder};

/// What a panic said.
fn said(payload: Box<dyn std::any::Any + Send>) -> String {
    match payload.downcast::<&str>() {
        Ok(text) => (*text).to_owned(),
        Err(payload) => *payload.downcast::<String>().unwrap(),
    }
}

fn borrow_and_return() {
    let mut numbers = vec![1u64, 2, 3];
    let text = String::from("borrowed");
    let mut first = 0;
    let lengths = thread::scope(|s| {
        let length = s.spawn(|| text.len());
        for number in &mut numbers {
            s.spawn(move || {
                thread::sleep(Duration::from_micros(200));
                *number *= 10;
            });
        }
        s.spawn(|| first = 1);
        let nested = s.spawn(|| {
            // Goroutines of the scope start others in it, which borrow as long.
            let inner = s.spawn(|| s.spawn(|| text.len() + 1).join().unwrap());
            inner.join().unwrap()
        });
        (length.join().unwrap(), nested.join().unwrap())
    });
    assert_eq!((lengths, first), ((8, 9), 1));
    assert_eq!(numbers, [10, 20, 30], "all have ended");
}

#[test]
fn goroutines_borrow_and_have_ended_when_the_scope_returns() {
    with_procs(borrow_and_return);
    on_a_thread_with_procs(borrow_and_return);
    with_procs(|| rt::blocking(borrow_and_return));
}

#[test]
fn a_borrowed_local_stays_right_while_its_owner_recurses() {
    fn nest(depth: usize, seen: &AtomicUsize) -> usize {
        let local = [depth; 64];
        thread::scope(|s| {
            let reader = s.spawn(|| {
                thread::yield_now();
                thread::sleep(Duration::from_micros(10));
                seen.fetch_add(1, SeqCst);
                local.iter().sum::<usize>()
            });
            let deeper = recurse(1000) + if depth == 0 { 0 } else { nest(depth - 1, seen) };
            assert_eq!(reader.join().unwrap(), 64 * depth);
            deeper
        })
    }
    with_procs(|| {
        let seen = AtomicUsize::new(0);
        let owner = |seen| move || nest(100, seen);
        let deep = thread::scope(|s| {
            let builder = Builder::new().stack_size(64 << 20);
            builder.spawn_scoped(s, owner(&seen)).unwrap().join().unwrap()
        });
        assert_eq!((deep, seen.load(SeqCst)), (101 * 1000, 101));
    });
}

#[test]
fn a_panic_of_the_closure_waits_for_all() {
    with_procs(|| {
        let ended = AtomicUsize::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            thread::scope(|s| {
                for _ in 0..10 {
                    s.spawn(|| {
                        thread::sleep(Duration::from_millis(2));
                        ended.fetch_add(1, SeqCst);
                    });
                }
                s.spawn(|| panic!("deliberate: not reported"));
                panic!("deliberate: of the closure");
            })
        }));
        assert_eq!(ended.load(SeqCst), 10);
        assert_eq!(said(result.unwrap_err()), "deliberate: of the closure");
    });
}

#[test]
fn a_panic_that_nobody_joined_is_reported() {
    with_procs(|| {
        let unjoined = catch_unwind(|| {
            thread::scope(|s| {
                s.spawn(|| panic!("deliberate"));
            })
        });
        assert_eq!(said(unjoined.unwrap_err()), "a scoped thread panicked");
        let one_joined = catch_unwind(|| {
            thread::scope(|s| {
                let dropped = s.spawn(|| panic!("deliberate"));
                assert!(s.spawn(|| panic!("deliberate")).join().is_err());
                wait_until(|| dropped.is_finished());
            })
        });
        assert_eq!(said(one_joined.unwrap_err()), "a scoped thread panicked");
        let joined =
            thread::scope(|s| said(s.spawn(|| panic!("deliberate {}", 1)).join().unwrap_err()));
        assert_eq!(joined, "deliberate 1");
        let passed_on = catch_unwind(|| {
            thread::scope(|s| {
                let result: thread::Result<()> = s.spawn(|| panic!("deliberate {}", 2)).join();
                result.unwrap_or_else(|payload| resume_unwind(payload));
            })
        });
        assert_eq!(said(passed_on.unwrap_err()), "deliberate 2");
    });
}

/// Takes its time to be dropped.
struct Slow<'a>(Counted<'a>);

impl Drop for Slow<'_> {
    fn drop(&mut self) {
        assert_eq!(self.0.0.load(SeqCst) % 2, 1, "the captured value was dropped before");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_dropped_handles_leave_is_dropped_in_time() {
    with_procs(|| {
        let drops = AtomicUsize::new(0);
        for wait_us in [0, 500] {
            thread::scope(|s| {
                let (captured, running) = (Counted(&drops), &drops);
                let handle = s.spawn(move || {
                    let _captured = captured;
                    thread::sleep(Duration::from_micros(wait_us));
                    Slow(Counted(running))
                });
                if wait_us == 0 {
                    wait_until(|| handle.is_finished());
                }
                drop(handle);
            });
            assert_eq!(drops.swap(0, SeqCst), 2, "the captured value and the result");
        }
        thread::scope(|s| drop(s.spawn(|| Counted(&drops)).join()));
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn a_forgotten_handle_neither_hangs_nor_touches_what_is_gone() {
    with_procs(|| {
        let drops = AtomicUsize::new(0);
        let ended = AtomicUsize::new(0);
        thread::scope(|s| {
            for wait_us in [0, 1000] {
                let (captured, ended, drops) = (Counted(&drops), &ended, &drops);
                std::mem::forget(s.spawn(move || {
                    let _captured = captured;
                    thread::sleep(Duration::from_micros(wait_us));
                    ended.fetch_add(1, SeqCst);
                    Counted(drops)
                }));
            }
        });
        assert_eq!(ended.load(SeqCst), 2);
        assert_eq!(drops.load(SeqCst), 2, "the captured ones; the results never");
        let panicked = catch_unwind(|| {
            thread::scope(|s| std::mem::forget(s.spawn(|| panic!("deliberate"))));
        });
        assert_eq!(said(panicked.unwrap_err()), "a scoped thread panicked");
    });
}

#[test]
fn handles_may_move_to_others_of_the_scope() {
    with_procs(|| {
        let drops = AtomicUsize::new(0);
        let sum = thread::scope(|s| {
            let handles: Vec<_> = (0..20u32).map(|i| s.spawn(move || i)).collect();
            let joiner = s.spawn(|| handles.into_iter().map(|h| h.join().unwrap()).sum::<u32>());
            // One that holds the other's handle and result to its own end, and one in a result.
            let held = s.spawn(|| Counted(&drops));
            let holder = s.spawn(move || held);
            s.spawn(move || {
                thread::sleep(Duration::from_micros(300));
                drop(holder.join().unwrap());
            });
            joiner.join().unwrap()
        });
        assert_eq!((sum, drops.load(SeqCst)), (190, 1));
    });
}

#[test]
fn builders_start_in_scopes() {
    with_procs(|| {
        let array = [3u8; 40 << 10];
        let drops = AtomicUsize::new(0);
        thread::scope(|s| {
            let named = Builder::new().name("in a scope".into());
            let named = named.spawn_scoped(s, || thread::current().id()).unwrap();
            assert_eq!(named.thread().name(), Some("in a scope"));
            let id = named.thread().id();
            assert_eq!(named.join().unwrap(), id);
            let large = Builder::new().stack_size(4 << 20);
            let borrowed = &array;
            let large = large.spawn_scoped(s, move || {
                let copy = *borrowed;
                thread::scope(|s| {
                    s.spawn(|| copy.iter().map(|b| u64::from(*b)).sum::<u64>()).join()
                })
            });
            assert_eq!(large.unwrap().join().unwrap().unwrap(), 3 * (40 << 10));
            let captured = Counted(&drops);
            let refused = Builder::new().stack_size(4 << 30);
            assert!(refused.spawn_scoped(s, move || drop(captured)).is_err());
            assert_eq!(drops.load(SeqCst), 1, "with what it had captured");
            assert!(format!("{s:?}").starts_with("Scope { num_running_threads: 0"));
            assert_eq!(format!("{:?}", s.spawn(|| ())), "ScopedJoinHandle { .. }");
        });
    });
}

#[test]
fn a_scope_leaves_the_token_alone() {
    with_procs(|| {
        let me = thread::current();
        me.unpark();
        thread::scope(|s| {
            for _ in 0..5 {
                s.spawn(|| thread::sleep(Duration::from_micros(100)));
            }
        });
        thread::park(); // it is there still
        let start = std::time::Instant::now();
        thread::park_timeout(Duration::from_millis(2));
        assert!(start.elapsed() >= Duration::from_millis(2), "and no other");
    });
}

#[test]
fn scopes_work_while_unwinding() {
    struct Scopes<'a>(&'a Mutex<u32>);
    impl Drop for Scopes<'_> {
        fn drop(&mut self) {
            thread::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| {
                        assert!(!thread::panicking(), "its owner does, it does not");
                        *self.0.lock().unwrap() += 1;
                    });
                }
            });
            assert!(thread::panicking());
        }
    }
    with_procs(|| {
        let count = Mutex::new(0);
        let panics = thread::scope(|s| {
            let panics = s.spawn(|| {
                let _scopes = Scopes(&count);
                panic!("deliberate");
            });
            panics.join().is_err()
        });
        assert!(panics);
        assert_eq!(count.into_inner().unwrap(), 3);
    });
}

#[test]
fn many_scopes_at_once() {
    with_procs(|| {
        let total = AtomicUsize::new(0);
        thread::scope(|outer| {
            for _ in 0..20 {
                outer.spawn(|| {
                    for _ in 0..20 {
                        let mut parts = [0usize; 16];
                        thread::scope(|s| {
                            for part in &mut parts {
                                s.spawn(move || *part = 1);
                            }
                        });
                        total.fetch_add(parts.iter().sum(), SeqCst);
                    }
                });
            }
        });
        assert_eq!(total.load(SeqCst), 20 * 20 * 16);
    });
    assert_eq!(run(|| thread::scope(|_| 3)), 3, "an empty one");
}

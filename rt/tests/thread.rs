//! Goroutines under std's names: handles, names, stacks, pinning.

mod common;

use std::collections::HashSet;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{
    Counted, in_a_child, limit_address_space, on_a_thread_of_c, recurse, run,
    unlimit_address_space, wait_until, with_procs,
};
use rt::thread::{self, Builder, JoinHandle, ThreadId};

/// The same text against both libraries.
macro_rules! program {
    ($name:ident, $($thread:tt)*) => {
        mod $name {
            use std::time::Duration;
            use $($thread)*::{self, Builder, JoinHandle, Scope, ScopedJoinHandle, Thread, ThreadId};

            fn helper<'scope>(
                s: &'scope Scope<'scope, '_>,
                n: u64,
            ) -> ScopedJoinHandle<'scope, u64> {
                Builder::new().name(format!("helper {n}")).spawn_scoped(s, move || n * n).unwrap()
            }

            pub(super) fn main() -> u64 {
                let builder = Builder::new().name("worker".into()).stack_size(1 << 20);
                let worker: JoinHandle<(ThreadId, u64)> = builder
                    .spawn(|| {
                        thread::park();
                        thread::park_timeout(Duration::from_millis(1));
                        (thread::current().id(), 7)
                    })
                    .unwrap();
                let handle: Thread = worker.thread().clone();
                assert_eq!(handle.name(), Some("worker"));
                handle.unpark();
                let (id, seven) = worker.join().unwrap();
                assert_eq!(id, handle.id());
                let mut table = vec![0; 4];
                let squares = thread::scope(|s| {
                    for (i, slot) in table.iter_mut().enumerate() {
                        s.spawn(move || *slot = i as u64);
                    }
                    (1..4).map(|n| helper(s, n)).map(|h| h.join().unwrap()).sum::<u64>()
                });
                let result: thread::Result<()> = thread::spawn(|| panic!("deliberate")).join();
                assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "deliberate");
                thread::yield_now();
                thread::sleep(Duration::from_micros(10));
                assert!(!thread::panicking());
                assert!(thread::available_parallelism().unwrap().get() >= 1);
                seven + squares + table.iter().sum::<u64>()
            }
        }
    };
}
program!(with_std, std::thread);
program!(with_rt, rt::thread);

#[test]
fn a_program_for_std_compiles_unchanged() {
    assert_eq!(with_std::main(), 7 + 14 + 6);
    with_procs(|| assert_eq!(with_rt::main(), 7 + 14 + 6));
    assert_eq!(with_rt::main(), 7 + 14 + 6, "on a plain thread");
}

#[test]
fn handles_are_as_sendable_as_in_std() {
    fn sendable<T: Send + Sync>() {}
    fn unwinds<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    sendable::<JoinHandle<*const u8>>();
    sendable::<thread::ScopedJoinHandle<'_, u8>>();
    sendable::<thread::Scope<'_, '_>>();
    sendable::<thread::Thread>();
    unwinds::<thread::Thread>();
}

#[test]
fn names_and_numbers() {
    with_procs(|| {
        let unnamed = thread::spawn(|| thread::current().name().map(String::from));
        assert_eq!(unnamed.thread().name(), None);
        assert_eq!(unnamed.join().unwrap(), None);
        let named = Builder::new().name("näme".into()).spawn(thread::current).unwrap();
        let outside = named.thread().clone();
        let inside = named.join().unwrap();
        assert_eq!(inside.name(), Some("näme"));
        assert_eq!(inside.id(), outside.id());
        assert_ne!(inside.id(), thread::current().id());
        let text = format!("{outside:?}");
        assert!(
            text.starts_with("Thread { id: ThreadId(") && text.contains("name: Some(\"näme\")")
        );
        assert_eq!(format!("{:?}", thread::spawn(|| ())), "JoinHandle { .. }");
    });
}

#[test]
fn plain_threads_have_names_and_numbers_of_their_own() {
    let ids = || -> Vec<ThreadId> {
        let here = thread::current().id();
        assert_eq!(here, thread::current().id());
        let mut ids = run(|| {
            let handles: Vec<_> = (0..50).map(|_| thread::spawn(thread::current)).collect();
            handles.into_iter().map(|handle| handle.join().unwrap().id()).collect::<Vec<_>>()
        });
        ids.push(here);
        ids
    };
    let plain = std::thread::Builder::new().name("plain".into());
    let plain = plain.spawn(move || (thread::current(), ids())).unwrap();
    let (plain, mut all) = plain.join().unwrap();
    assert_eq!(plain.name(), Some("plain"));
    all.extend(ids());
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 102);
}

#[test]
fn a_zero_in_a_name_is_refused() {
    let result = catch_unwind(|| run(|| drop(Builder::new().name("a\0b".into()).spawn(|| ()))));
    let payload = result.unwrap_err();
    let text = payload.downcast_ref::<&str>().unwrap();
    assert_eq!(*text, "thread name may not contain interior null bytes");
}

#[test]
fn large_closures_and_results_are_moved_whole() {
    fn large() -> Builder {
        Builder::new().stack_size(4 << 20)
    }
    fn move_them() {
        let array = [7u8; 40 << 10];
        let sum = large().spawn(move || array.iter().map(|byte| u64::from(*byte)).sum::<u64>());
        assert_eq!(sum.unwrap().join().unwrap(), 7 * (40 << 10));
        let result = large().spawn(|| [9u8; 40 << 10]).unwrap();
        assert!(result.join().unwrap().iter().all(|byte| *byte == 9));
        let both = large().spawn(move || array.map(|byte| byte + 1)).unwrap();
        wait_until(|| both.is_finished());
        assert!(both.thread().name().is_none());
        assert_eq!(both.join().unwrap(), [8; 40 << 10]);
        let panics = large().spawn(move || -> [u8; 40 << 10] { panic!("{}", array[0]) });
        assert_eq!(*panics.unwrap().join().unwrap_err().downcast::<String>().unwrap(), "7");
    }
    with_procs(|| large().spawn(move_them).unwrap().join().unwrap());
}

#[test]
fn a_deep_goroutine_gets_its_stack() {
    with_procs(|| {
        let builder = Builder::new().stack_size(64 << 20);
        let deep = builder.spawn(|| recurse(20_000)).unwrap(); // 1 KiB and more for each
        assert_eq!(deep.join().unwrap(), 20_000);
    });
}

#[test]
fn a_stack_that_cannot_be_had_is_an_error() {
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    run(|| {
        for size in [2usize << 30, usize::MAX] {
            let captured = Counted(&DROPS);
            let spawned = Builder::new().stack_size(size).spawn(move || drop(captured));
            assert_eq!(spawned.unwrap_err().kind(), ErrorKind::OutOfMemory);
        }
    });
    assert_eq!(DROPS.load(SeqCst), 2);
}

#[test]
fn without_address_space_spawn_says_so() {
    if let Some(child) = in_a_child("without_address_space_spawn_says_so") {
        let text = String::from_utf8_lossy(&child.stderr).into_owned();
        assert!(child.status.success(), "{text}");
        return assert!(text.contains("failed to spawn goroutine: no stack"), "{text}");
    }
    // The panic's message needs memory.
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        unlimit_address_space();
        default(info);
    }));
    // Nor may anybody else need some: one P, and threads for when this one is found blocked.
    run(|| {
        let nap = || rt::blocking(|| std::thread::sleep(Duration::from_millis(20)));
        [(); 4].map(|()| thread::spawn(nap)).into_iter().for_each(|one| one.join().unwrap());
        rt::runtime::set_procs(1).unwrap();
    });
    run(|| {
        let mut handles = Vec::with_capacity(200_000);
        limit_address_space(1 << 30);
        let error = loop {
            match Builder::new().stack_size(100 << 20).spawn(thread::park) {
                Ok(handle) => handles.push(handle),
                Err(error) => break error,
            }
            assert!(handles.len() < 1000, "there is no limit");
        };
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        // And with the usual stacks, until `spawn` panics.
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..100_000 {
                handles.push(thread::spawn(thread::park));
            }
        }));
        let payload = panicked.expect_err("there is no limit");
        assert!(payload.downcast_ref::<String>().unwrap().contains("failed to spawn"));
        // The others are whole.
        for handle in handles {
            handle.thread().unpark();
            handle.join().unwrap();
        }
        assert_eq!(thread::spawn(|| 3).join().unwrap(), 3);
    });
}

#[test]
fn results_are_dropped_once() {
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    let dropped = || DROPS.swap(0, SeqCst);
    with_procs(|| {
        drop(thread::spawn(|| Counted(&DROPS)).join());
        assert_eq!(dropped(), 1, "joined");
        let ended = thread::spawn(|| Counted(&DROPS));
        wait_until(|| ended.is_finished());
        assert_eq!(dropped(), 0);
        drop(ended);
        assert_eq!(dropped(), 1, "dropped after its end");
        let gate = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&gate);
        let running = thread::spawn(move || {
            wait_until(|| theirs.load(SeqCst));
            Counted(&DROPS)
        });
        assert!(!running.is_finished());
        drop(running);
        gate.store(true, SeqCst);
        wait_until(|| DROPS.load(SeqCst) == 1);
        thread::sleep(Duration::from_millis(2));
        assert_eq!(dropped(), 1, "dropped before its end");
        let ran = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&ran);
        std::mem::forget(thread::spawn(move || {
            theirs.store(true, SeqCst);
            Counted(&DROPS)
        }));
        wait_until(|| ran.load(SeqCst));
        thread::sleep(Duration::from_millis(2));
        assert_eq!(dropped(), 0, "forgotten");
    });
}

#[test]
fn ten_thousand_with_names() {
    with_procs(|| {
        let woken = Arc::new(AtomicUsize::new(0));
        let handles: Vec<_> = (0..10_000)
            .map(|i| {
                let woken = Arc::clone(&woken);
                let body = move || {
                    thread::park();
                    woken.fetch_add(1, SeqCst);
                    thread::current().name().map(String::from)
                };
                Builder::new().name(format!("goroutine {i}")).spawn(body).unwrap()
            })
            .collect();
        assert_eq!(woken.load(SeqCst), 0);
        handles.iter().rev().for_each(|handle| handle.thread().unpark());
        for (i, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.join().unwrap(), Some(format!("goroutine {i}")));
        }
        assert_eq!(woken.load(SeqCst), 10_000);
    });
}

rt::thread_local! {
    static LOCAL: std::cell::Cell<u32> = const { std::cell::Cell::new(5) };
}

#[test]
fn threads_of_c_take_part() {
    run(|| ());
    on_a_thread_of_c(|| {
        let me = thread::current();
        assert_eq!((me.id(), me.name()), (thread::current().id(), None));
        let unparks = thread::spawn(move || {
            thread::sleep(Duration::from_millis(2));
            me.unpark();
            11
        });
        thread::park();
        thread::park_timeout(Duration::from_millis(1));
        thread::sleep(Duration::from_millis(1));
        thread::yield_now();
        assert_eq!(unparks.join().unwrap(), 11);
        let local = 4;
        assert_eq!(thread::scope(|s| s.spawn(|| local + 1).join().unwrap()), 5);
        LOCAL.set(6);
        assert_eq!(thread::spawn(|| LOCAL.get()).join().unwrap(), 5);
        assert_eq!(LOCAL.get(), 6);
        assert_eq!(rt::block_on(async { LOCAL.get() }), 6);
        assert_eq!(rt::blocking(|| 3), 3);
        rt::go(|| ());
    });
}

/// The kernel's number of the thread that runs the caller now.
fn thread_now() -> u32 {
    rt_os::sys::thread::gettid()
}

#[test]
fn a_pinned_goroutine_keeps_its_thread_to_itself() {
    with_procs(|| {
        let is_over = AtomicBool::new(false);
        let others = Mutex::new(HashSet::new());
        thread::scope(|s| {
            for _ in 0..6 {
                s.spawn(|| {
                    while !is_over.load(SeqCst) {
                        others.lock().unwrap().insert(thread_now());
                        thread::yield_now();
                    }
                });
            }
            let pinned = Builder::new().pinned().spawn_scoped(s, || {
                let mine = thread_now();
                // From here on nobody else may be seen on it.
                others.lock().unwrap().clear();
                for round in 0..200 {
                    match round % 3 {
                        0 => thread::yield_now(),
                        1 => thread::sleep(Duration::from_micros(20)),
                        _ => thread::spawn(|| ()).join().unwrap(),
                    }
                    assert_eq!(thread_now(), mine);
                }
                assert!(!others.lock().unwrap().contains(&mine));
            });
            let result = pinned.unwrap().join();
            is_over.store(true, SeqCst);
            result.unwrap();
        });
    });
}

#[test]
fn the_thread_of_a_pinned_goroutine_is_used_again() {
    with_procs(|| {
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let pinned = |i: usize| {
            let body = move || {
                thread::sleep(Duration::from_micros(10));
                assert!(!i.is_multiple_of(5), "deliberate");
                thread_now()
            };
            Builder::new().pinned().spawn(body).unwrap().join()
        };
        drop(pinned(0));
        let before = threads();
        let mut used = HashSet::new();
        for i in 1..500 {
            let result = pinned(i);
            assert_eq!(result.is_err(), i.is_multiple_of(5));
            used.extend(result);
        }
        assert!(used.len() <= 200, "{} threads for 400 goroutines", used.len());
        // Not one for each. On a busy machine several are on their way to the idle ones.
        assert!(threads() <= before + 150, "{before} threads became {}", threads());
    });
}

//! The token of park and unpark, and sleeping.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use common::{on_a_thread_with_procs, run, wait_until, with_procs};
use rt::thread;

#[test]
fn an_unpark_that_comes_first_is_kept_once() {
    let check = || {
        let me = thread::current();
        me.unpark();
        me.unpark();
        me.clone().unpark();
        thread::park();
        let start = Instant::now();
        thread::park_timeout(Duration::from_millis(5));
        assert!(start.elapsed() >= Duration::from_millis(5), "there was one token");
        me.unpark();
        let start = Instant::now();
        thread::park_timeout(Duration::from_secs(60));
        assert!(start.elapsed() < Duration::from_secs(30));
        me.unpark();
        thread::park_timeout(Duration::ZERO); // takes it
        let start = Instant::now();
        thread::park_timeout(Duration::from_millis(2));
        assert!(start.elapsed() >= Duration::from_millis(2));
    };
    with_procs(check);
    on_a_thread_with_procs(check);
    with_procs(|| rt::blocking(check));
}

#[test]
fn no_wake_up_is_spurious() {
    with_procs(|| {
        let woken = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&woken);
        let sleeper = thread::spawn(move || {
            thread::park();
            theirs.store(true, SeqCst);
        });
        for _ in 0..20 {
            thread::yield_now();
            thread::sleep(Duration::from_micros(100));
            assert!(!woken.load(SeqCst));
        }
        sleeper.thread().unpark();
        sleeper.join().unwrap();
        assert!(woken.load(SeqCst));
    });
}

/// The two take turns, `ROUNDS` each.
const ROUNDS: u64 = 2000;

fn take_turns(turn: &AtomicU64, mine: u64, other: &thread::Thread) {
    for round in 0..ROUNDS {
        while turn.load(SeqCst) != 2 * round + mine {
            thread::park();
        }
        turn.fetch_add(1, SeqCst);
        other.unpark();
    }
}

fn play() {
    let turn = Arc::new(AtomicU64::new(0));
    let theirs = Arc::clone(&turn);
    let me = thread::current();
    let second = thread::spawn(move || take_turns(&theirs, 1, &me));
    take_turns(&turn, 0, second.thread());
    second.join().unwrap();
    assert_eq!(turn.load(SeqCst), 2 * ROUNDS);
}

#[test]
fn goroutines_and_threads_take_turns() {
    with_procs(play);
    on_a_thread_with_procs(play);
    with_procs(|| rt::blocking(play));
}

#[test]
fn deadlines_and_unparks_race() {
    with_procs(|| {
        let rounds = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&rounds);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let parker = thread::spawn(move || {
            while !over.load(SeqCst) {
                let round = rounds.fetch_add(1, SeqCst) as u64;
                thread::park_timeout(Duration::from_micros(round % 60));
            }
            // No duty is left over: a token is there, or none; never a wake-up of the past.
            thread::park_timeout(Duration::ZERO);
            let start = Instant::now();
            thread::park_timeout(Duration::from_millis(3));
            assert!(start.elapsed() >= Duration::from_millis(3));
        });
        let target = parker.thread().clone();
        let unparker = thread::spawn(move || {
            let (start, mut unparks) = (Instant::now(), 0);
            let time = Duration::from_millis(60);
            while start.elapsed() < time || unparks < 20 || seen.load(SeqCst) < 20 {
                target.unpark();
                unparks += 1;
                thread::sleep(Duration::from_micros(30));
            }
        });
        unparker.join().unwrap();
        is_over.store(true, SeqCst);
        parker.join().unwrap();
    });
}

#[test]
fn an_unpark_after_the_end_does_nothing() {
    with_procs(|| {
        let ended = thread::spawn(thread::current);
        let handle = ended.thread().clone();
        let inside = ended.join().unwrap();
        for _ in 0..3 {
            handle.unpark();
            inside.unpark();
        }
        // Those that run where it ran have tokens of their own.
        let start = Instant::now();
        let next = thread::spawn(|| thread::park_timeout(Duration::from_millis(3)));
        next.join().unwrap();
        assert!(start.elapsed() >= Duration::from_millis(3));
    });
}

#[test]
fn the_longest_timeout_ends_with_an_unpark() {
    with_procs(|| {
        for duration in [Duration::MAX, Duration::from_nanos(u64::MAX - 1)] {
            let sleeper = thread::spawn(move || thread::park_timeout(duration));
            thread::sleep(Duration::from_millis(2));
            assert!(!sleeper.is_finished());
            sleeper.thread().unpark();
            sleeper.join().unwrap();
        }
    });
    let me = thread::current();
    let unparker = std::thread::spawn(move || me.unpark());
    thread::park_timeout(Duration::MAX);
    unparker.join().unwrap();
}

#[test]
fn sleeping_until() {
    with_procs(|| {
        let start = Instant::now();
        thread::sleep_until(start);
        thread::sleep_until(start - Duration::from_millis(1));
        thread::sleep(Duration::ZERO);
        assert!(start.elapsed() < Duration::from_secs(5));
        thread::sleep_until(start + Duration::from_millis(4));
        assert!(start.elapsed() >= Duration::from_millis(4));
    });
    let start = Instant::now();
    thread::sleep_until(start + Duration::from_millis(4));
    assert!(start.elapsed() >= Duration::from_millis(4), "on a plain thread");
}

#[test]
fn parallelism_is_the_number_of_ps() {
    with_procs(|| {
        assert_eq!(thread::available_parallelism().unwrap().get(), rt::runtime::procs());
    });
}

#[test]
fn a_goroutine_that_unwinds_may_park() {
    struct Parks(thread::Thread);
    impl Drop for Parks {
        fn drop(&mut self) {
            assert!(thread::panicking());
            self.0.unpark();
            thread::park();
            thread::park_timeout(Duration::from_micros(50));
            assert!(thread::panicking());
        }
    }
    with_procs(|| {
        let me = thread::current();
        let panics = thread::spawn(move || {
            let _parks = Parks(me);
            panic!("deliberate");
        });
        thread::park();
        assert!(!thread::panicking());
        panics.thread().unpark();
        assert!(panics.join().is_err());
    });
}

#[test]
#[allow(deprecated, reason = "std has them")]
fn milliseconds_in_the_old_way() {
    run(|| {
        let start = Instant::now();
        thread::sleep_ms(2);
        thread::park_timeout_ms(2);
        assert!(start.elapsed() >= Duration::from_millis(4));
        let gone = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&gone);
        rt::go(move || theirs.store(true, SeqCst));
        wait_until(|| gone.load(SeqCst));
    });
}

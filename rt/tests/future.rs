//! `block_on`: any future, on goroutines and on threads.

mod common;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use common::{on_a_thread_of_c, on_a_thread_with_procs, run, with_procs};
use futures::channel::{mpsc as async_mpsc, oneshot};
use futures::future::{join, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{SinkExt, pin_mut};
use rt::{block_on, thread};

/// On goroutines, on plain threads, and on goroutines that block their thread.
fn everywhere(f: fn()) {
    with_procs(f);
    on_a_thread_with_procs(f);
    with_procs(|| rt::blocking(f));
}

/// Is ready after so many polls; wakes itself while it is polled.
struct Polls(u32);

impl Future for Polls {
    type Output = &'static str;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<&'static str> {
        if self.0 == 0 {
            return Poll::Ready("ready");
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A value that somebody sets, and the waker of who waits for it.
struct Slot<T>(Mutex<(Option<T>, Option<Waker>)>);

impl<T> Slot<T> {
    fn new() -> Arc<Slot<T>> {
        Arc::new(Slot(Mutex::new((None, None))))
    }

    fn set(&self, value: T) {
        let mut slot = self.0.lock().unwrap();
        slot.0 = Some(value);
        let waker = slot.1.take();
        drop(slot);
        waker.into_iter().for_each(Waker::wake);
    }

    async fn get(&self) -> T {
        poll_fn(|context| {
            let mut slot = self.0.lock().unwrap();
            if let Some(value) = slot.0.take() {
                return Poll::Ready(value);
            }
            slot.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

#[test]
fn ready_futures_and_such_as_wake_themselves() {
    everywhere(|| {
        assert_eq!(block_on(std::future::ready(3)), 3);
        assert_eq!(block_on(Polls(1000)), "ready");
        let local = Rc::new(4); // need not be Send
        assert_eq!(block_on(async { Polls(3).await.len() + *local }), 9);
        assert_eq!(block_on(Box::pin(async { 5 })), 5);
    });
}

#[test]
fn wakers_of_goroutines_and_threads() {
    everywhere(|| {
        for wait_us in [0, 0, 100, 2000] {
            let slot = Slot::new();
            let theirs = Arc::clone(&slot);
            let goroutine = thread::spawn(move || {
                thread::sleep(Duration::from_micros(wait_us));
                theirs.set("goroutine");
            });
            assert_eq!(block_on(slot.get()), "goroutine");
            goroutine.join().unwrap();
            let theirs = Arc::clone(&slot);
            let plain = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_micros(wait_us));
                theirs.set("thread");
            });
            assert_eq!(block_on(slot.get()), "thread");
            plain.join().unwrap();
        }
    });
}

#[test]
fn calls_nest() {
    everywhere(|| {
        let (outer, inner) = (Slot::new(), Slot::new());
        let theirs = (Arc::clone(&outer), Arc::clone(&inner));
        let sets = thread::spawn(move || {
            theirs.0.set(1); // the outer's wake-up comes while the inner waits
            thread::sleep(Duration::from_millis(1));
            theirs.1.set(2);
        });
        let sum = block_on(async {
            let in_poll = poll_fn(|_| Poll::Ready(block_on(inner.get()))).await;
            in_poll + outer.get().await + block_on(async { block_on(Polls(2)).len() })
        });
        assert_eq!(sum, 8);
        sets.join().unwrap();
    });
}

#[test]
fn wakers_outlive_the_call() {
    everywhere(|| {
        let (sender, wakers) = mpsc::channel::<Waker>();
        let mut polls = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            sender.send(context.waker().clone()).unwrap();
            context.waker().wake_by_ref();
            if polls < 5 { Poll::Pending } else { Poll::Ready(()) }
        }));
        let wakers: Vec<_> = wakers.try_iter().collect();
        assert_eq!(wakers.len(), 5);
        assert!(wakers.iter().all(|waker| waker.will_wake(&wakers[0])));
        let call = |wakers: Vec<Waker>| {
            for waker in wakers {
                waker.wake_by_ref();
                Waker::clone(&waker).wake_by_ref();
            }
        };
        let copies = wakers.clone();
        std::thread::spawn(move || call(copies)).join().unwrap();
        thread::spawn(move || call(wakers)).join().unwrap();
        // No token of the caller's came of it.
        let start = Instant::now();
        thread::park_timeout(Duration::from_millis(2));
        assert!(start.elapsed() >= Duration::from_millis(2));
    });
}

#[test]
fn it_is_polled_when_it_is_woken_and_not_else() {
    everywhere(|| {
        let polls = AtomicUsize::new(0);
        let slot = Slot::new();
        let theirs = Arc::clone(&slot);
        let me = thread::current();
        let sets = thread::spawn(move || {
            for _ in 0..10 {
                me.unpark(); // of no interest to it
                thread::sleep(Duration::from_micros(100));
            }
            theirs.set(());
        });
        let get = slot.get();
        pin_mut!(get);
        block_on(poll_fn(|context| {
            polls.fetch_add(1, SeqCst);
            get.as_mut().poll(context)
        }));
        sets.join().unwrap();
        assert!(polls.load(SeqCst) <= 2, "{polls:?}");
        thread::park(); // the token is there still
    });
}

#[test]
fn a_panic_of_the_future_goes_through() {
    with_procs(|| {
        let panics = thread::spawn(|| block_on(async { assert_eq!(Polls(2).await, "deliberate") }));
        assert!(panics.join().is_err());
        assert_eq!(block_on(Polls(1)), "ready");
    });
}

#[test]
fn channels_of_others() {
    everywhere(|| {
        let (sender, receiver) = oneshot::channel();
        let sends = thread::spawn(move || sender.send(42).unwrap());
        assert_eq!(block_on(receiver), Ok(42));
        sends.join().unwrap();
        let (sender, receiver) = oneshot::channel::<()>();
        thread::spawn(move || drop(sender));
        assert!(block_on(receiver).is_err());
        // A full channel: both sides wait.
        let (mut sender, receiver) = async_mpsc::channel(2);
        let sends = thread::spawn(move || {
            block_on(async {
                for i in 0..500u32 {
                    sender.send(i).await.unwrap();
                }
            });
        });
        let sum = block_on(receiver.fold(0, |sum, i| async move { sum + i }));
        assert_eq!(sum, 499 * 500 / 2);
        sends.join().unwrap();
    });
}

#[test]
fn combinators_of_others() {
    everywhere(|| {
        let slots: Vec<_> = (0..50usize).map(|_| Slot::new()).collect();
        for (i, slot) in slots.iter().enumerate().rev() {
            let slot = Arc::clone(slot);
            rt::go(move || slot.set(i));
        }
        let all = block_on(join_all(slots.iter().map(|slot| slot.get())));
        assert!(all.into_iter().eq(0..50));
        let mut unordered: FuturesUnordered<_> = slots.iter().map(|slot| slot.get()).collect();
        for slot in &slots {
            let slot = Arc::clone(slot);
            rt::go(move || slot.set(1));
        }
        let mut sum = 0;
        block_on(async {
            while let Some(one) = unordered.next().await {
                sum += one;
            }
        });
        assert_eq!(sum, 50);
        let (first, never) = (Slot::new(), Slot::<usize>::new());
        let theirs = Arc::clone(&first);
        rt::go(move || theirs.set(9usize));
        let (get, wait) = (first.get(), never.get());
        pin_mut!(get, wait);
        assert_eq!(block_on(select(get, wait)).factor_first().0, 9);
        assert_eq!(block_on(join(Polls(4), async { 1 })), ("ready", 1));
    });
}

#[test]
fn many_wait_at_once() {
    with_procs(|| {
        let slots: Vec<_> = (0..2000usize).map(|_| Slot::new()).collect();
        let waiters: Vec<_> = slots
            .iter()
            .map(|slot| {
                let slot = Arc::clone(slot);
                thread::spawn(move || block_on(slot.get()))
            })
            .collect();
        for (i, slot) in slots.iter().enumerate().rev() {
            slot.set(i);
        }
        for (i, waiter) in waiters.into_iter().enumerate() {
            assert_eq!(waiter.join().unwrap(), i);
        }
    });
}

#[test]
fn threads_of_c_wait_too() {
    run(|| ());
    on_a_thread_of_c(|| {
        let slot = Slot::new();
        let theirs = Arc::clone(&slot);
        rt::go(move || theirs.set(8));
        assert_eq!(block_on(slot.get()), 8);
    });
}

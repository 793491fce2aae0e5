//! Channels.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::rt::chan::{
    self, Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, select, unbounded,
};
use crate::rt::thread;
use crate::rt::time::Duration;

use super::{MS, PATIENCE, crowd, join_all, race, rounds, until};

/// TestChan: what blocks, what does not, order, and that each message comes once.
fn order_and_number() {
    const EACH: usize = rounds(1000);
    for cap in 0..8 {
        let (sender, receiver) = bounded(cap);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        for number in 0..cap {
            sender.try_send(number).unwrap();
            assert_eq!((sender.len(), sender.capacity()), (number + 1, Some(cap)));
        }
        assert!(sender.is_full() && sender.try_send(cap).unwrap_err().is_full());
        assert!(receiver.try_iter().eq(0..cap) && receiver.is_empty());

        let theirs = sender.clone();
        let sends = thread::spawn(move || (0..100).for_each(|n| theirs.send(n).unwrap()));
        assert!(receiver.iter().take(100).eq(0..100));
        sends.join().unwrap();

        let sum = Arc::new(AtomicUsize::new(0));
        let senders = crowd(4, |k| {
            let sender = sender.clone();
            move || (0..EACH).for_each(|i| sender.send(k * EACH + i).unwrap())
        });
        drop(sender);
        let receivers = crowd(4, |_| {
            let (receiver, sum) = (receiver.clone(), Arc::clone(&sum));
            move || receiver.iter().for_each(|number| _ = sum.fetch_add(number, Relaxed))
        });
        join_all(senders.into_iter().chain(receivers));
        assert_eq!(sum.load(Relaxed), 4 * EACH * (4 * EACH - 1) / 2);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }
}

/// TestNonblockRecvRace: the one message is there, or the channel is closed; it is never just
/// empty.
fn a_look_while_it_closes() {
    race(rounds(10_000), |round| {
        let (sender, receiver) = bounded(1);
        sender.send(round).unwrap();
        let theirs = receiver.clone();
        let looks = thread::spawn(move || match theirs.try_recv() {
            Ok(got) => got == round,
            Err(error) => {
                assert_eq!(error, TryRecvError::Disconnected);
                false
            }
        });
        if round % 4 == 0 {
            thread::yield_now();
        }
        drop(sender);
        let mine = receiver.recv().is_ok();
        assert_ne!(looks.join().unwrap(), mine, "one of both gets it");
    });
}

/// TestMultiConsumer: what goes through many workers comes out, each once.
fn many_consumers() {
    const WORKERS: usize = 23;
    const ITEMS: usize = rounds(271_828);
    const PRIMES: [usize; 10] = [2, 3, 7, 11, 13, 17, 19, 23, 27, 31];
    let (feed, todo) = bounded(3 * WORKERS);
    let (done, results) = bounded(3 * WORKERS);
    let workers = crowd(WORKERS, |worker| {
        let (todo, done) = (todo.clone(), done.clone());
        move || {
            for item in todo {
                if item == PRIMES[worker % PRIMES.len()] {
                    thread::yield_now(); // mixes them
                }
                done.send(item).unwrap();
            }
        }
    });
    drop((todo, done));
    let items = || PRIMES.into_iter().cycle().take(ITEMS);
    let feeder = thread::spawn(move || items().for_each(|item| feed.send(item).unwrap()));
    let (count, sum) = results.iter().fold((0, 0), |(count, sum), item| (count + 1, sum + item));
    assert_eq!((count, sum), (ITEMS, items().sum()));
    feeder.join().unwrap();
    join_all(workers);
}

/// TestChanSendInterface: messages of any type, of no size, and large ones.
fn any_message() {
    let (sender, receiver) = bounded::<Box<dyn Any + Send>>(1);
    sender.send(Box::new(7u8)).unwrap();
    assert!(sender.try_send(Box::new("full")).unwrap_err().is_full());
    select! {
        send(sender, Box::new("full")) -> _ => panic!("there is no room"),
        default => {}
    }
    assert_eq!(receiver.recv().unwrap().downcast_ref(), Some(&7u8));
    for cap in [0, 3] {
        let (nothings, takes_nothings) = bounded(cap);
        let (large, takes_large) = bounded(cap);
        let sends = thread::spawn(move || {
            for number in 0..100u8 {
                nothings.send(()).unwrap();
                large.send([number; 4096]).unwrap();
            }
        });
        for number in 0..100 {
            takes_nothings.recv().unwrap();
            assert!(takes_large.recv().unwrap().iter().all(|byte| *byte == number));
        }
        sends.join().unwrap();
    }
}

/// Uses so many KiB of stack, or twice that, below the caller's, then calls `f` there.
#[inline(never)]
fn deeper(kib: usize, f: &mut dyn FnMut()) {
    let frame = black_box([kib as u8; 1024]);
    if kib == 0 {
        f()
    } else {
        deeper(kib - 1, f)
    }
    assert!(black_box(&frame).iter().all(|byte| *byte == kib as u8));
}

/// TestShrinkStackDuringBlockedSend: who waits to send has its message on its own stack; it stays
/// right while stacks grow and fall, the sender's own and others'.
fn deep_recursion_while_senders_wait() {
    const DEPTHS: usize = 48;
    let (sender, receiver) = bounded(0);
    let senders = crowd(DEPTHS, |depth| {
        let sender = sender.clone();
        move || {
            for _ in 0..3 {
                deeper(depth, &mut || sender.send([depth; 32]).unwrap());
                deeper(DEPTHS, &mut || {});
            }
        }
    });
    let mut seen = [0; DEPTHS];
    for round in 0..3 * DEPTHS {
        deeper(round % DEPTHS, &mut || {
            let message = receiver.recv().unwrap();
            assert!(message.iter().all(|word| *word == message[0]), "{message:?}");
            seen[message[0]] += 1;
        });
    }
    join_all(senders);
    assert_eq!(seen, [3; DEPTHS]);
}

/// The other side goes while one waits: it wakes, and messages that nobody takes are dropped once.
fn disconnects() {
    type Pair = (Sender<Arc<()>>, Receiver<Arc<()>>);
    let message = Arc::new(());
    for cap in [Some(0), Some(2), None] {
        let pair = || -> Pair { cap.map_or_else(unbounded, bounded) };
        let (sender, receiver) = pair();
        let waits = thread::spawn(move || assert!(receiver.recv().is_err()));
        thread::sleep(MS);
        drop(sender);
        waits.join().unwrap();
        let (sender, receiver) = pair();
        let own = Arc::clone(&message);
        let fills =
            thread::spawn(move || while sender.send(Arc::clone(&own)).is_ok() && cap.is_some() {});
        thread::sleep(MS);
        drop(receiver);
        fills.join().unwrap();
        assert_eq!(Arc::strong_count(&message), 1, "capacity {cap:?}");
    }
}

/// Any number wait on each side of one channel; when the last of the other side goes, all wake.
fn a_close_wakes_all() {
    for cap in [0, 1] {
        let (sender, receiver) = bounded::<usize>(cap);
        let receivers = crowd(10, |_| {
            let receiver = receiver.clone();
            move || assert!(receiver.recv().is_err())
        });
        thread::sleep(MS);
        drop((sender, receiver));
        join_all(receivers);
        let (sender, receiver) = bounded(cap);
        let gone = Arc::new(AtomicUsize::new(0));
        let senders = crowd(10, |number| {
            let (sender, gone) = (sender.clone(), Arc::clone(&gone));
            move || match sender.send(number) {
                Ok(()) => {}
                Err(error) => {
                    assert_eq!(error.into_inner(), number);
                    gone.fetch_add(1, Relaxed);
                }
            }
        });
        until(|| receiver.len() == cap);
        thread::sleep(MS);
        drop((sender, receiver));
        join_all(senders);
        assert_eq!(gone.load(Relaxed), 10 - cap);
    }
}

/// Deadlines of all kinds, and channels that time fills.
fn times() {
    let (sender, receiver) = bounded(0);
    for wait in [Duration::ZERO, MS, 5 * MS] {
        assert_eq!(receiver.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
        assert!(sender.send_timeout(1, wait).unwrap_err().is_timeout());
        select! {
            recv(receiver) -> _ => panic!("nobody sends"),
            default(wait) => {}
        }
    }
    let theirs = sender.clone();
    let late = thread::spawn(move || theirs.send_timeout(7, Duration::MAX).unwrap());
    assert_eq!(receiver.recv_timeout(Duration::MAX), Ok(7));
    late.join().unwrap();

    let once = chan::after(2 * MS);
    select! {
        recv(receiver) -> _ => panic!("nobody sends"),
        recv(once) -> when => assert!(when.is_ok()),
    }
    assert_eq!(once.recv_timeout(MS), Err(RecvTimeoutError::Timeout));
    let ticks = chan::tick(2 * MS);
    let (first, second) = (ticks.recv().unwrap(), ticks.recv().unwrap());
    assert!(second >= first + 2 * MS);
    assert!(chan::never::<u32>().recv_timeout(MS).is_err());
    drop(sender);
    assert_eq!(receiver.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("order_and_number", order_and_number),
    ("a_look_while_it_closes", a_look_while_it_closes),
    ("many_consumers", many_consumers),
    ("any_message", any_message),
    ("deep_recursion_while_senders_wait", deep_recursion_while_senders_wait),
    ("disconnects", disconnects),
    ("a_close_wakes_all", a_close_wakes_all),
    ("times", times),
];

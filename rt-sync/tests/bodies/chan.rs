//! Channels and select. Each body names the Go test it follows, if it follows one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rt_sync::chan::{self, Receiver, RecvTimeoutError, Select, Sender, TryRecvError};
use rt_sync::host::Host;
use rt_sync::{select, select_biased};

use super::spawn::{Joins, Spawner, join_all};

const MS: Duration = Duration::from_millis(1);
/// Longer than any body waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

type Job = Box<dyn FnOnce() + Send>;
type Pair<T, H> = (Sender<T, H>, Receiver<T, H>);

fn add(sum: &AtomicUsize, number: usize) {
    sum.fetch_add(number, Ordering::Relaxed);
}

/// Go: `TestChan`. What blocks, what does not, order, and that each message comes once.
pub(crate) fn chan<H: Host>(s: impl Spawner) {
    for cap in 0..8 {
        let (sender, receiver): Pair<usize, H> = chan::bounded(cap);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        for number in 0..cap {
            sender.try_send(number).unwrap();
            assert_eq!((sender.len(), sender.capacity()), (number + 1, Some(cap)));
        }
        assert!(sender.is_full() && sender.try_send(cap).unwrap_err().is_full());
        assert!(receiver.try_iter().eq(0..cap) && receiver.is_empty());

        let theirs = sender.clone();
        let in_order = s.spawn(move || (0..100).for_each(|number| theirs.send(number).unwrap()));
        assert!(receiver.iter().take(100).eq(0..100));
        in_order.join();

        let (sum, count) = (Arc::new(AtomicUsize::new(0)), 4 * 500);
        let senders = (0..4).map(|k| {
            let sender = sender.clone();
            s.spawn(move || (0..500).for_each(|i| sender.send(k * 500 + i).unwrap()))
        });
        let senders: Vec<_> = senders.collect();
        drop(sender);
        let receivers = (0..4).map(|_| {
            let (receiver, sum) = (receiver.clone(), Arc::clone(&sum));
            s.spawn(move || receiver.iter().for_each(|n| add(&sum, n)))
        });
        let receivers: Vec<_> = receivers.collect();
        join_all(senders);
        join_all(receivers);
        assert_eq!(sum.load(Ordering::Relaxed), count * (count - 1) / 2);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }
}

/// Go: `TestNonblockSelectRace`. A select with a default does not take it while a case is ready.
pub(crate) fn default_is_for_nothing_ready<H: Host>(s: impl Spawner, rounds: usize) {
    for _ in 0..rounds {
        let (s1, r1): Pair<(), H> = chan::bounded(1);
        let (s2, r2): Pair<(), H> = chan::bounded(1);
        s1.send(()).unwrap();
        let looker = s.spawn(move || {
            select! {
                recv(r1) -> got => got.unwrap(),
                recv(r2) -> got => got.unwrap(),
                default => panic!("one was ready all the time"),
            }
        });
        let _sent = s2.send(()); // the looker may be done and gone
        looker.join();
    }
}

/// Go: `TestSelectStress`. Senders, receivers and selects over four channels.
pub(crate) fn select_stress<H: Host>(s: impl Spawner, count: usize) {
    let caps = [0, 0, 2, 3];
    let pairs: Vec<Pair<usize, H>> = caps.into_iter().map(chan::bounded).collect();
    let mut jobs: Vec<Job> = Vec::new();
    for (sender, receiver) in pairs.clone() {
        jobs.push(Box::new(move || (0..count).for_each(|number| sender.send(number).unwrap())));
        jobs.push(Box::new(move || assert_eq!(receiver.iter().take(count).count(), count)));
    }
    let senders: Vec<_> = pairs.iter().map(|pair| pair.0.clone()).collect();
    jobs.push(Box::new(move || {
        let mut left = [count; 4];
        let mut select = Select::new();
        for sender in &senders {
            select.send(sender);
        }
        for _ in 0..4 * count {
            let selected = select.select();
            let index = selected.index();
            selected.send(&senders[index], left[index]).unwrap();
            left[index] -= 1;
            if left[index] == 0 {
                select.remove(index);
            }
        }
    }));
    let receivers: Vec<_> = pairs.iter().map(|pair| pair.1.clone()).collect();
    jobs.push(Box::new(move || {
        let mut left = [count; 4];
        let mut select = Select::new();
        for receiver in &receivers {
            select.recv(receiver);
        }
        for _ in 0..4 * count {
            let selected = select.select();
            let index = selected.index();
            selected.recv(&receivers[index]).unwrap();
            left[index] -= 1;
            if left[index] == 0 {
                select.remove(index);
            }
        }
    }));
    join_all(jobs.into_iter().map(|job| s.spawn(job)).collect::<Vec<_>>());
}

/// Go: `TestSelectFairness`. Of two that are always ready both are taken, about as often.
pub(crate) fn select_is_fair<H: Host>() {
    let (s1, r1): Pair<(), H> = chan::bounded(4000);
    let (s2, r2): Pair<(), H> = chan::bounded(4000);
    (0..4000).for_each(|_| s1.send(()).and(s2.send(())).unwrap());
    let (_s3, r3): Pair<(), H> = chan::bounded(0);
    let mut counts = [0; 2];
    for _ in 0..4000 {
        select! {
            recv(r1) -> _ => counts[0] += 1,
            recv(r2) -> _ => counts[1] += 1,
            recv(r3) -> _ => panic!("nobody sends"),
        }
    }
    // Ten standard deviations of 4000 coins.
    assert!(counts[0] > 2000 - 316 && counts[1] > 2000 - 316, "{counts:?}");
    select_biased! {
        recv(r2) -> got => got.unwrap(),
        recv(r1) -> _ => panic!("the first is ready"),
    }
}

/// Go: `TestSelfSelect`. To send and to receive in one select never meet themselves.
pub(crate) fn self_select<H: Host>(s: impl Spawner, rounds: usize) {
    for cap in [0, 10] {
        let (sender, receiver): Pair<usize, H> = chan::bounded(cap);
        let players = (0..2).map(|player| {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            s.spawn(move || {
                for _ in 0..rounds {
                    select! {
                        send(sender, player) -> sent => sent.unwrap(),
                        recv(receiver) -> got => assert!(cap > 0 || got != Ok(player)),
                        default(PATIENCE / 200) => {} // the other one is done
                    }
                }
            })
        });
        join_all(players.collect::<Vec<_>>());
    }
}

/// Go: `TestSelectDuplicateChannel`. One that waits twice at a channel is woken once.
pub(crate) fn duplicate_channel<H: Host>(s: impl Spawner) {
    let (sender, receiver): Pair<u32, H> = chan::bounded(0);
    let (other, others): Pair<u32, H> = chan::bounded(0);
    let first = receiver.clone();
    let twice = s.spawn(move || {
        let got = select! {
            recv(first) -> got => got,
            recv(first) -> got => got,
            recv(others) -> got => got,
        };
        assert_eq!(got, Ok(1));
    });
    let then = s.spawn(move || assert_eq!(receiver.recv_timeout(PATIENCE), Ok(1)));
    sender.send_timeout(1, PATIENCE).unwrap();
    sender.send_timeout(1, PATIENCE).unwrap();
    twice.join();
    then.join();
    drop(other);
}

/// Selects on both sides, with and without a buffer: nothing is lost, nothing comes twice.
pub(crate) fn select_meets_select<H: Host>(s: impl Spawner, rounds: usize) {
    for cap in [0, 1] {
        let (there, here): Pair<usize, H> = chan::bounded(cap);
        let (back, again): Pair<usize, H> = chan::bounded(cap);
        let (sent, got) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let players = (0..4).map(|player| {
            let (out, into) = if player % 2 == 0 { (&there, &again) } else { (&back, &here) };
            let (out, into) = (out.clone(), into.clone());
            let (sent, got) = (Arc::clone(&sent), Arc::clone(&got));
            s.spawn(move || {
                for number in 1..=rounds {
                    select! {
                        send(out, number) -> ok => add(&sent, ok.map_or(0, |()| number)),
                        recv(into) -> number => add(&got, number.unwrap()),
                        default(100 * MS) => return, // nobody is left to meet
                    }
                }
            })
        });
        join_all(players.collect::<Vec<_>>());
        let left: usize = here.try_iter().chain(again.try_iter()).sum();
        let sum = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        assert_eq!(sum(&sent), sum(&got) + left);
    }
}

/// The other side goes while one waits: it wakes, and messages that nobody takes are dropped once.
pub(crate) fn disconnects<H: Host>(s: impl Spawner) {
    let message = Arc::new(());
    for cap in [Some(0), Some(2), None] {
        let pair = || -> Pair<Arc<()>, H> { cap.map_or_else(chan::unbounded, chan::bounded) };
        let (sender, receiver) = pair();
        let waits = s.spawn(move || drop(receiver.recv().map_err(drop)));
        s.sleep_ms(1);
        drop(sender);
        waits.join();
        let (sender, receiver) = pair();
        let own = Arc::clone(&message);
        let fills =
            s.spawn(move || while cap.is_some() && sender.send(Arc::clone(&own)).is_ok() {});
        s.sleep_ms(1);
        drop(receiver);
        fills.join();
        assert_eq!(Arc::strong_count(&message), 1, "capacity {cap:?}");
    }
}

/// Deadlines of all kinds, and channels that time fills.
pub(crate) fn times<H: Host>(s: impl Spawner) {
    let (sender, receiver): Pair<u32, H> = chan::bounded(0);
    for wait in [Duration::ZERO, MS, 5 * MS] {
        assert_eq!(receiver.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
        assert!(sender.send_timeout(1, wait).unwrap_err().is_timeout());
        select! {
            recv(receiver) -> _ => panic!("nobody sends"),
            default(wait) => {}
        }
    }
    let theirs = sender.clone();
    let late = s.spawn(move || theirs.send_timeout(7, Duration::MAX).unwrap());
    assert_eq!(receiver.recv_timeout(Duration::MAX), Ok(7));
    late.join();

    let once = chan::after::<H>(2 * MS);
    select! {
        recv(receiver) -> _ => panic!("nobody sends"),
        recv(once) -> when => assert!(when.is_ok()),
    }
    assert_eq!(once.recv_timeout(MS), Err(RecvTimeoutError::Timeout));
    let ticks = chan::tick::<H>(2 * MS);
    let (first, second) = (ticks.recv().unwrap(), ticks.recv().unwrap());
    assert!(second >= first + 2 * MS);
    assert!(chan::never::<u32, H>().recv_timeout(MS).is_err());
    drop(sender);
    assert_eq!(receiver.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}

/// `ready` sees what another may then do; an operation that is dropped gives its turn on.
pub(crate) fn ready_and_abandon<H: Host>(s: impl Spawner) {
    let (sender, receiver): Pair<u32, H> = chan::bounded(0);
    let theirs = sender.clone();
    let sends = s.spawn(move || theirs.send(3).unwrap());
    let mut select = Select::new();
    let index = select.recv(&receiver);
    assert_eq!(select.ready(), index);
    let selected = std::panic::AssertUnwindSafe(select.select());
    assert!(std::panic::catch_unwind(move || drop(selected)).is_err(), "it must be completed");
    drop(select);
    assert_eq!(receiver.recv(), Ok(3));
    sends.join();
    let mut select = Select::new();
    select.send(&sender);
    assert!(select.ready_timeout(MS).is_err() && select.try_ready().is_err());
    let receives = s.spawn(move || assert_eq!(receiver.recv(), Ok(4)));
    assert_eq!(select.ready(), 0);
    let selected = std::panic::AssertUnwindSafe(select.select());
    assert!(std::panic::catch_unwind(move || drop(selected)).is_err());
    sender.send(4).unwrap();
    receives.join();
}

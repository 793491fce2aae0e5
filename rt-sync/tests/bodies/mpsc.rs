//! std's channels with one receiver: what std's documents say of them.

use std::time::Duration;

use rt_sync::host::Host;
use rt_sync::sync::mpsc::{
    Receiver, RecvError, RecvTimeoutError, SendError, Sender, SyncSender, TryRecvError,
    TrySendError, channel, sync_channel,
};

use super::spawn::{Joins, Spawner, join_all};

/// All that many send arrives, in each one's order; then the channel is closed.
pub(crate) fn many_send<H: Host>(s: impl Spawner, bound: Option<usize>) {
    enum Either<H: Host> {
        Async(Sender<(u32, u32), H>),
        Sync(SyncSender<(u32, u32), H>),
    }
    let (sender, receiver): (_, Receiver<(u32, u32), H>) = match bound {
        None => {
            let (sender, receiver) = channel();
            (Either::Async(sender), receiver)
        }
        Some(bound) => {
            let (sender, receiver) = sync_channel(bound);
            (Either::Sync(sender), receiver)
        }
    };
    let started = (0..4u32).map(|who| {
        let sender = match &sender {
            Either::Async(sender) => Either::Async(sender.clone()),
            Either::Sync(sender) => Either::Sync(sender.clone()),
        };
        s.spawn(move || {
            for i in 0..500 {
                match &sender {
                    Either::Async(sender) => sender.send((who, i)).unwrap(),
                    Either::Sync(sender) => sender.send((who, i)).unwrap(),
                }
            }
        })
    });
    let started: Vec<_> = started.collect();
    drop(sender);
    let mut next = [0; 4];
    for (who, i) in &receiver {
        assert_eq!(i, next[who as usize]);
        next[who as usize] += 1;
    }
    join_all(started);
    assert_eq!(next, [500; 4]);
    assert_eq!(receiver.recv(), Err(RecvError));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(receiver.into_iter().count(), 0);
}

/// What is full, empty, too late, or gone.
pub(crate) fn ends<H: Host>(s: impl Spawner) {
    let (sender, receiver) = sync_channel::<u32, H>(1);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    let short = Duration::from_millis(5);
    assert_eq!(receiver.recv_timeout(short), Err(RecvTimeoutError::Timeout));
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    assert_eq!((sender.try_send(1), sender.try_send(2)), (Ok(()), Err(TrySendError::Full(2))));
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1]);
    let waits = s.spawn(move || {
        assert_eq!(receiver.recv_timeout(Duration::MAX), Ok(3));
        assert_eq!(receiver.iter().next(), Some(4));
    });
    sender.send(3).unwrap();
    sender.send(4).unwrap();
    waits.join();
    assert_eq!(sender.send(5), Err(SendError(5)));
    assert_eq!(sender.try_send(6), Err(TrySendError::Disconnected(6)));
    let (sender, receiver) = channel::<u32, H>();
    sender.send(7).unwrap();
    drop(sender);
    assert_eq!(receiver.recv_timeout(short), Ok(7));
    assert_eq!(receiver.recv_timeout(short), Err(RecvTimeoutError::Disconnected));
}

//! std's channels with one receiver: what std's documents say of them.

use alloc::vec::Vec;

use crate::rt::sync::mpsc::{
    RecvError, RecvTimeoutError, SendError, Sender, SyncSender, TryRecvError, TrySendError,
    channel, sync_channel,
};
use crate::rt::thread;
use crate::rt::time::Duration;

use super::{MS, crowd, join_all};

/// All that many send arrives, in each one's order; then the channel is closed.
fn many_send() {
    #[derive(Clone)]
    enum Either {
        Async(Sender<(usize, u32)>),
        Sync(SyncSender<(usize, u32)>),
    }
    for bound in [None, Some(0), Some(1), Some(100)] {
        let (sender, receiver) = match bound {
            None => {
                let (sender, receiver) = channel();
                (Either::Async(sender), receiver)
            }
            Some(bound) => {
                let (sender, receiver) = sync_channel(bound);
                (Either::Sync(sender), receiver)
            }
        };
        let started = crowd(4, |who| {
            let sender = sender.clone();
            move || {
                for i in 0..500 {
                    match &sender {
                        Either::Async(sender) => sender.send((who, i)).unwrap(),
                        Either::Sync(sender) => sender.send((who, i)).unwrap(),
                    }
                }
            }
        });
        drop(sender);
        let mut next = [0; 4];
        for (who, i) in &receiver {
            assert_eq!(i, next[who]);
            next[who] += 1;
        }
        join_all(started);
        assert_eq!(next, [500; 4]);
        assert_eq!(receiver.recv(), Err(RecvError));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(receiver.into_iter().count(), 0);
    }
}

/// What is full, empty, too late, or gone.
fn ends() {
    let (sender, receiver) = sync_channel(1);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receiver.recv_timeout(5 * MS), Err(RecvTimeoutError::Timeout));
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    assert_eq!((sender.try_send(1), sender.try_send(2)), (Ok(()), Err(TrySendError::Full(2))));
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1]);
    let waits = thread::spawn(move || {
        assert_eq!(receiver.recv_timeout(Duration::MAX), Ok(3));
        assert_eq!(receiver.iter().next(), Some(4));
    });
    sender.send(3).unwrap();
    sender.send(4).unwrap();
    waits.join().unwrap();
    assert_eq!(sender.send(5), Err(SendError(5)));
    assert_eq!(sender.try_send(6), Err(TrySendError::Disconnected(6)));
    let (sender, receiver) = channel();
    sender.send(7).unwrap();
    drop(sender);
    assert_eq!(receiver.recv_timeout(5 * MS), Ok(7));
    assert_eq!(receiver.recv_timeout(5 * MS), Err(RecvTimeoutError::Disconnected));
}

/// All of them.
pub(crate) const ALL: &[(&str, fn())] = &[("many_send", many_send), ("ends", ends)];

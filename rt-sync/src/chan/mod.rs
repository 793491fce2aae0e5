//! Channels: crossbeam-channel's names and rules, on goroutines and threads alike.
//!
//! A channel has any number of senders and receivers, and a capacity: `bounded(0)` hands each
//! message from hand to hand, `bounded(n)` keeps up to n, `unbounded()` any number. When the last
//! handle of one side is dropped the channel is disconnected: whoever waits wakes; messages that
//! were sent can still be received.
//!
//! The types have the host as their last parameter; programs use the names of their own crate,
//! which [`crate::chan_names`] makes.

mod case;
mod channel;
mod error;
mod few;
mod items;
mod iter;
#[cfg(all(test, loom, not(shuttle)))]
mod models;
mod operation;
mod queued;
mod receiver;
mod select;
mod select_macro;
mod sender;
mod state;
mod timed;

pub use error::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError,
    SendTimeoutError, TryReadyError, TryRecvError, TrySelectError, TrySendError,
};
pub use iter::{IntoIter, Iter, TryIter};
pub use operation::SelectedOperation;
pub use receiver::Receiver;
pub use select::Select;
pub use sender::Sender;

use alloc::sync::Arc;
use core::time::Duration;

use rt_wait::atomic::{AtomicUsize, Ordering};

use crate::host::{Host, deadline_after};
use channel::Channel;

/// More handles than this are a leak in a loop. The count cannot wrap before that is seen.
const HANDLES_MAX: usize = isize::MAX as usize;

/// A channel and how many handles each side has. Counted up by who has a handle of that side.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    channel: Channel<T>,
    senders: AtomicUsize,
    receivers: AtomicUsize,
}

impl<T> Shared<T> {
    fn new(cap: Option<usize>) -> Arc<Shared<T>> {
        let (senders, receivers) = (AtomicUsize::new(1), AtomicUsize::new(1));
        Arc::new(Shared { channel: Channel::new(cap), senders, receivers })
    }
}

/// One more handle.
fn count_up(handles: &AtomicUsize) {
    // Relaxed: a new handle is made from an old one.
    if handles.fetch_add(1, Ordering::Relaxed) > HANDLES_MAX {
        rt_os::throw::throw("too many handles to a channel");
    }
}

/// One handle less. True: it was the last. Orders what all of them did.
fn count_down(handles: &AtomicUsize) -> bool {
    handles.fetch_sub(1, Ordering::AcqRel) == 1
}

fn channel<T, H: Host>(cap: Option<usize>) -> (Sender<T, H>, Receiver<T, H>) {
    let shared = Shared::new(cap);
    (Sender::new(Arc::clone(&shared)), Receiver::of(shared))
}

/// A channel that keeps up to `cap` messages; with 0 a send waits for its receive.
#[must_use]
pub fn bounded<T, H: Host>(cap: usize) -> (Sender<T, H>, Receiver<T, H>) {
    channel(Some(cap))
}

/// A channel that keeps any number of messages.
#[must_use]
pub fn unbounded<T, H: Host>() -> (Sender<T, H>, Receiver<T, H>) {
    channel(None)
}

/// A channel that delivers one message, the instant, when `duration` has passed.
#[must_use]
pub fn after<H: Host>(duration: Duration) -> Receiver<H::Instant, H> {
    let when_ns = deadline_after(duration);
    Receiver::at(when_ns, H::instant_at(when_ns))
}

/// A channel that delivers one message, the instant itself, when it has come.
#[must_use]
pub fn at<H: Host>(when: H::Instant) -> Receiver<H::Instant, H> {
    Receiver::at(H::ns_of(when), when)
}

/// A random number, of the time stamp counter: no two looks at it are alike. Its low bits are
/// mixed into all, since they may come at even distances. Sebastiano Vigna, `splitmix64`.
#[inline]
fn random() -> u64 {
    let mut word = rt_asm::cpu::ticks().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// A number below `limit`, of the upper half of a random one.
#[inline]
fn below(random: u64, limit: u64) -> u64 {
    ((random >> 32) * limit) >> 32
}

/// Takes one of the bits out of `ready`, at random if `new` and not `new_biased` is how the select
/// is made: for `select!`.
#[doc(hidden)]
#[inline]
pub fn __pick(ready: &mut u64, biased: bool) -> u32 {
    let mut left = *ready;
    if !biased && left & (left - 1) != 0 {
        for _ in 0..below(random(), u64::from(left.count_ones())) {
            left &= left - 1;
        }
    }
    let bit = left.trailing_zeros();
    *ready &= !(1 << bit);
    bit
}

/// What a `select!` without cases does.
#[doc(hidden)]
pub fn __wait_for_ever() -> ! {
    loop {
        timed::sleep_until(crate::host::NEVER, rt_wait::park::WaitReason::SelectNoCases);
    }
}

/// What stands where no case can be.
#[doc(hidden)]
pub fn never_selected<H: Host>(selected: SelectedOperation<'_, H>) -> ! {
    unreachable!("operation {} was never added", selected.index())
}

/// A channel that delivers nothing and is never disconnected.
#[must_use]
pub fn never<T, H: Host>() -> Receiver<T, H> {
    Receiver::never()
}

/// A channel that delivers the instant again and again, `duration` apart. A tick that nobody has
/// received is not followed by others: they are counted from when it is.
#[must_use]
pub fn tick<H: Host>(duration: Duration) -> Receiver<H::Instant, H> {
    Receiver::tick(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), H::instant_at)
}

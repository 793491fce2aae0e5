//! Signals as messages in channels. Go: package `os/signal`.
//!
//! ```text
//!   handler, anywhere           the signal thread            a goroutine
//!   asked for? its bit into     takes the bits, under the
//!   the queue, wakes  ───────>  registry's lock, sends  ──>  receives
//! ```
//!
//! Who sends never waits: a full channel misses the signal. One that comes again before it was told
//! of counts once.
//!
//! The kernel's action stands as it was until somebody asks, and again when nobody does. Both
//! change under the registry's lock, around the word `WANTED`: it is set before our handler is
//! installed and cleared after that is gone. A handler that finds its signal unwanted has been
//! overtaken, as has the thread that finds nobody to tell: they send the signal once more, to
//! whatever is done with it now. So each is told of, or does what it does by default.

mod registry;

pub use rt_os::signal::Signal;
use rt_os::sys::signal::{Action, Handler, SigSet, mask, set_mask};
use rt_os::sys::thread::kill_self;
use rt_wait::atomic::{AtomicU64, Ordering};
use rt_wait::sigqueue::{NUDGE, SigQueue};

use crate::chan::Sender;
use crate::host::Host;

/// What a kind of program brings.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    /// What the kernel shall call for a signal that somebody has asked for: it calls [`deliver`].
    pub handler: Handler,
    /// Starts a thread that calls [`forward`], and has no P.
    pub start_thread: fn(),
}

/// The signals that are asked for. Changed under the registry's lock; handlers look.
static WANTED: AtomicU64 = AtomicU64::new(0);
/// The signals that nobody was told of yet.
static PENDING: SigQueue = SigQueue::new();

/// Takes a signal in a handler: true if somebody has asked for it, who will be told. Takes no lock.
/// Go: `sigsend`.
pub fn deliver(signal: Signal) -> bool {
    // Acquire pairs with the Release in the registry: the listener is there.
    let wanted = WANTED.load(Ordering::Acquire) & signal.bit() != 0;
    if wanted {
        PENDING.send(signal.bit());
    }
    wanted
}

/// In a handler: nobody asks for this signal. If that has just ended, what the kernel does by
/// default is done; if somebody asks again by now, that one is told. Where another handler stands
/// by now, it has called ours, or misses this one.
pub fn unwanted(signal: Signal) {
    let now = rt_os::sys::signal::action(signal.as_raw());
    if now.is_ok_and(|now| now.is_like(&Action::DEFAULT)) {
        send_again(signal);
    } else {
        let _by_nobody = deliver(signal); // wanted again before ours was installed again
    }
}

/// Sends it to this process, since it has come too late.
fn send_again(signal: Signal) {
    let _impossible = kill_self(signal.as_raw());
}

/// Tells of signals for ever. On a thread of its own. Go: `loop` of `os/signal`.
pub fn forward() -> ! {
    let blocked = mask();
    loop {
        PENDING.wait();
        let mut registry = registry::lock();
        let _nudged = PENDING.take(NUDGE); // only here: who stops leaves it
        if blocked.0 != 0 {
            // The program was started so: what is asked for comes here. Go: `ensureSigM`.
            set_mask(SigSet(blocked.0 & !WANTED.load(Ordering::Relaxed)));
        }
        registry.forward();
    }
}

/// Has these signals sent into the channel from now on, besides what it gets already; without any,
/// all that can be. Go: `signal.Notify`.
///
/// A channel that is full misses them: one place for each signal is enough for who must know that
/// it came. Several channels may ask for the same signal; each gets it. They are sent until
/// [`stop`], whether or not somebody receives them. Of [`Signal`]s that are not
/// [notifiable](Signal::is_notifiable) nothing is heard.
pub fn notify<H: Host>(ground: &Ground, sender: &Sender<Signal, H>, signals: &[Signal]) {
    registry::lock().notify(ground, sender, set(signals));
}

/// Sends no more signals into the channel: none after this returns. Those that came before were
/// sent. What only this channel has asked for is done by default again. Go: `signal.Stop`.
pub fn stop<H: Host>(sender: &Sender<Signal, H>) {
    registry::lock().stop(sender);
}

/// Has these signals ignored from now on; without any, all that can be asked for. No channel gets
/// them any more. Go: `signal.Ignore`.
///
/// Programs that this one starts inherit it. Memory faults cannot be ignored.
pub fn ignore(signals: &[Signal]) {
    registry::lock().ignore(set_to_ignore(signals));
}

/// Is the signal ignored: by [`ignore`], or since the program was started so? Go: `signal.Ignored`.
#[must_use]
pub fn ignored(signal: Signal) -> bool {
    rt_os::sys::signal::action(signal.as_raw()).is_ok_and(|now| now.is_like(&Action::IGNORE))
}

/// Takes all back that was asked of these signals, or of all: no channel gets them, and what the
/// program does with them is what it did at first. Go: `signal.Reset`.
pub fn reset(signals: &[Signal]) {
    registry::lock().reset(set_to_ignore(signals));
}

/// Has `action` done with a signal that nobody asks for, now or later.
///
/// # Panics
/// When nothing else can be done with it: SIGKILL, SIGSTOP.
pub fn set_unasked(signal: Signal, action: Action) {
    registry::lock().set_unasked(signal, action);
}

/// What may be asked for.
fn set(signals: &[Signal]) -> u64 {
    match signals {
        [] => rt_os::signal::NOTIFIABLE,
        signals => rt_os::signal::NOTIFIABLE & bits(signals),
    }
}

/// What may be ignored: also what others send of the program's own faults, but for those of memory.
fn set_to_ignore(signals: &[Signal]) -> u64 {
    use rt_os::signal::Unasked::{Fault, Nobodys};
    let may_be = |signal: &Signal| !matches!(signal.unasked(), Fault | Nobodys);
    match signals {
        [] => rt_os::signal::NOTIFIABLE,
        signals => Signal::all_of(bits(signals)).filter(may_be).fold(0, |set, s| set | s.bit()),
    }
}

fn bits(signals: &[Signal]) -> u64 {
    signals.iter().fold(0, |set, signal| set | signal.bit())
}

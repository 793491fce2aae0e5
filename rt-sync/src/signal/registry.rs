//! Who has asked for which signals, and what was done with them before. Go: `handlers` of
//! `os/signal`, `fwdSig`.
//!
//! # Safety
//! - **handlers**: a [`Ground`]'s handler does only what [`super::deliver`] does.
#![allow(unsafe_code, reason = "**handlers**: installs one")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;

use rt_os::signal::Signal;
use rt_os::sys::signal::{Action, action, swap_action};
use rt_wait::atomic::Ordering;
use rt_wait::sigqueue::NUDGE;

use super::{Ground, PENDING, WANTED, send_again};
use crate::chan::Sender;
use crate::host::{Host, NoStd};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// The program's one registry. Who waits for it parks; handlers never take it.
static REGISTRY: Mutex<Registry> = Mutex::new(Registry::new());

/// Takes the registry.
pub(super) fn lock() -> MutexGuard<'static, Registry, NoStd> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A channel, whatever its host.
trait Channel: Any + Send {
    fn tell(&self, signal: Signal);
}

impl<H: Host> Channel for Sender<Signal, H> {
    fn tell(&self, signal: Signal) {
        let _full_or_nobody = self.try_send(signal);
    }
}

struct Listener {
    channel: Box<dyn Channel>,
    wants: u64, // a bit for each signal; never 0
}

impl Listener {
    fn is<H: Host>(&self, sender: &Sender<Signal, H>) -> bool {
        let channel: &dyn Any = &*self.channel;
        channel.downcast_ref().is_some_and(|ours: &Sender<Signal, H>| ours.same_channel(sender))
    }
}

/// What a signal did before we changed it first, and what we have set.
struct Changed {
    signal: Signal,
    before: Action,
    ours: Action,
}

pub(super) struct Registry {
    listeners: Vec<Listener>,
    changed: Vec<Changed>,
    has_thread: bool,
}

impl Registry {
    const fn new() -> Registry {
        Registry { listeners: Vec::new(), changed: Vec::new(), has_thread: false }
    }

    /// Tells all who have asked of the signals that have come.
    pub(super) fn forward(&mut self) {
        for signal in Signal::all_of(PENDING.take(!NUDGE)) {
            let mut nobody = true;
            for listener in self.listeners.iter().filter(|l| l.wants & signal.bit() != 0) {
                nobody = false;
                listener.channel.tell(signal);
            }
            if nobody {
                send_again(signal);
            }
        }
    }

    pub(super) fn notify<H: Host>(
        &mut self,
        ground: &Ground,
        sender: &Sender<Signal, H>,
        signals: u64,
    ) {
        if signals == 0 {
            return;
        }
        if !self.has_thread {
            (ground.start_thread)();
            self.has_thread = true;
        }
        match self.listeners.iter_mut().find(|listener| listener.is(sender)) {
            Some(listener) => listener.wants |= signals,
            None => {
                let channel = Box::new(sender.clone());
                self.listeners.push(Listener { channel, wants: signals });
            }
        }
        // Release pairs with `deliver`. Only who has the lock changes the word.
        let before = WANTED.fetch_or(signals, Ordering::Release);
        for signal in Signal::all_of(signals & !before) {
            // SAFETY: **handlers**.
            self.change(signal, unsafe { Action::call(ground.handler) });
        }
        PENDING.send(NUDGE); // the thread shall not block them
    }

    pub(super) fn stop<H: Host>(&mut self, sender: &Sender<Signal, H>) {
        let Some(at) = self.listeners.iter().position(|listener| listener.is(sender)) else {
            return;
        };
        let others = self.listeners.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.fold(0, |set, (_, listener)| set | listener.wants);
        self.leave(self.listeners[at].wants & !others, Registry::restore);
        self.listeners.swap_remove(at);
    }

    pub(super) fn ignore(&mut self, signals: u64) {
        self.leave(signals, |registry, signal| registry.change(signal, Action::IGNORE));
        self.forget(signals);
    }

    pub(super) fn reset(&mut self, signals: u64) {
        self.leave(signals, Registry::restore);
        self.forget(signals);
    }

    /// Nobody asks for these any more. Those that have come were asked for: they are told of, the
    /// listeners being there still.
    fn leave(&mut self, signals: u64, mut act: impl FnMut(&mut Registry, Signal)) {
        for signal in Signal::all_of(signals) {
            act(self, signal);
        }
        WANTED.fetch_and(!signals, Ordering::Relaxed); // who finds it late sends again
        self.forward();
    }

    fn forget(&mut self, signals: u64) {
        for listener in &mut self.listeners {
            listener.wants &= !signals;
        }
        self.listeners.retain(|listener| listener.wants != 0);
    }

    /// Does something else with a signal, and remembers what it did at first.
    fn change(&mut self, signal: Signal, ours: Action) {
        let Ok(before) = swap_action(signal.as_raw(), &ours) else { return };
        match self.changed.iter_mut().find(|changed| changed.signal == signal) {
            Some(changed) => changed.ours = ours,
            None => self.changed.push(Changed { signal, before, ours }),
        }
    }

    /// Does with it what it did at first, unless somebody else has changed it since.
    fn restore(&mut self, signal: Signal) {
        let Some(at) = self.changed.iter().position(|changed| changed.signal == signal) else {
            return;
        };
        let Changed { before, ours, .. } = self.changed.swap_remove(at);
        if action(signal.as_raw()).is_ok_and(|now| now.is_like(&ours)) {
            let _was_ours = swap_action(signal.as_raw(), &before);
        }
    }

    pub(super) fn set_unasked(&mut self, signal: Signal, action: Action) {
        match self.changed.iter_mut().find(|changed| changed.signal == signal) {
            Some(changed) => changed.before = action,
            None => {
                let set = swap_action(signal.as_raw(), &action);
                assert!(set.is_ok(), "{signal:?} cannot be caught");
            }
        }
    }
}

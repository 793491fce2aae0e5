//! A thread that nobody changes, for other threads to be started from. Go: `templateThread`,
//! `newmHandoff`.
//!
//! A new thread inherits from the one that starts it: its working directory, its namespaces, the
//! CPUs it may use. A goroutine that is tied to its thread may change all that. So before the first
//! one is, this thread is started, and from then on it does for the tied ones what they would do
//! themselves (`newm`). Programs that tie nothing have no such thread.
//!
//! No request is lost: that is the inbox's promise, which its models try. One that comes before the
//! thread waits there; that the thread comes is sure, as the program ends where it cannot be
//! started. It has no P and takes no lock while it sleeps, so that a world that is to stop may wait
//! for who waits for it.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::inbox::{Inbox, chain_of};
use crate::m::M;
use crate::newm::{start_or_end, start_system_thread};
use crate::sched::Sched;

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Template {
    /// It was started, or is about to be. Set once, by a thread that nobody has changed.
    is_there: AtomicBool,
    /// Ms whose threads it shall start.
    inbox: Inbox<M>,
}

impl Template {
    pub(crate) fn new() -> Template {
        Template { is_there: AtomicBool::new(false), inbox: Inbox::new() }
    }

    /// Can it be asked? Relaxed: who has tied a goroutine knows, and others need not.
    pub(crate) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }

    /// Leaves the start of the M's thread to it.
    pub(crate) fn ask(&self, mp: NonNull<M>) {
        self.inbox.put(chain_of(mp));
    }
}

/// The running goroutine is about to be tied to its thread: makes sure that there is another one to
/// start threads from. Go: `startTemplateThread`.
pub(crate) fn ensure_started(sched: &Sched) {
    let template = &sched.shared.template;
    if !template.is_there() && !template.is_there.swap(true, Ordering::Relaxed) {
        start_system_thread(sched, serve);
    }
}

fn serve(mp: &M) {
    let sched = mp.sched();
    let inbox = &sched.shared.template.inbox;
    loop {
        let mut asked = inbox.take(usize::MAX);
        while let Some(mp) = asked.pop() {
            start_or_end(sched, mp);
        }
        inbox.sleep(rt_wait::note::Note::sleep);
    }
}

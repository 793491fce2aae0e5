//! Who hears of new work. What a push into a P's queue leaves to do, and the wake-up of an M for
//! work that others can see. Go: `wakep` at the end of `newproc` and `ready`.

use core::sync::atomic::Ordering;

use crate::g::G;
use crate::runq::{Chain, Push};
use crate::sched::Sched;
use crate::thread::wakep;

/// Sees to what a push into the P's queue has left to do: half a full ring goes on to the global
/// queue, and whoever should know of the work is told.
#[inline(always)]
pub(crate) fn after_push(sched: &Sched, pushed: Push<G>) {
    match pushed {
        Push::Lone => crate::sysmon::watch_lone(sched),
        Push::Ring => wake_for_work(sched),
        Push::Full(batch) => share(sched, batch),
    }
}

/// Half a full ring goes where others find it.
#[cold]
fn share(sched: &Sched, batch: Chain<G>) {
    if let Some(pinned) = sched.config.pinned {
        return (pinned.keep_home)(batch);
    }
    sched.lock().with_runq(&sched.shared, |runq| runq.put_batch(batch));
    wake_for_work(sched);
}

/// Work was put where others see it: wakes an M for it, if one should be.
#[inline(always)]
pub(crate) fn wake_for_work(sched: &Sched) {
    if sched.shared.idle.claim_wake() {
        if sched.shared.main_started.load(Ordering::Relaxed) {
            wakep(sched);
        } else {
            let _last = sched.shared.idle.stop_search();
        }
    }
}

//! The condition variable: no notification is lost.

use loom::sync::Arc;

use super::{SOME_TIME, clock, with};
use crate::host::NEVER;
use crate::sync::Condvar;
use crate::sync::raw::RawMutex;

use super::watched::unlock;
use held::wait;

mod held {
    //! # Safety
    //! - **held**: the model holds the lock.
    #![allow(unsafe_code, reason = "**held**: locks without guards")]

    use crate::sync::Condvar;
    use crate::sync::raw::RawMutex;

    pub(super) fn wait(condvar: &Condvar, lock: &RawMutex, when_ns: u64) -> bool {
        // SAFETY: **held**.
        unsafe { condvar.wait_raw(lock, when_ns) }
    }
}

struct Shared {
    lock: RawMutex,
    condvar: Condvar,
    tokens: super::Watched,
}

fn shared() -> Arc<Shared> {
    let tokens = super::Watched::new();
    Arc::new(Shared { lock: RawMutex::new(), condvar: Condvar::new(), tokens })
}

fn wait_for(shared: &Shared, tokens: u32) {
    shared.lock.lock();
    while shared.tokens.get() < tokens {
        assert!(wait(&shared.condvar, &shared.lock, NEVER));
    }
    unlock(&shared.lock);
}

fn add(shared: &Shared) {
    shared.lock.lock();
    shared.tokens.add();
    unlock(&shared.lock);
}

#[test]
fn loom_condvar_notify_one_after_the_change() {
    loom::model(|| {
        let shared = shared();
        let waiter = with(&shared, |shared| wait_for(shared, 1));
        add(&shared);
        shared.condvar.notify_one();
        waiter.join().unwrap();
    });
}

#[test]
fn loom_condvar_notify_all_wakes_both() {
    loom::model(|| {
        let shared = shared();
        let waiters = [(); 2].map(|()| with(&shared, |shared| wait_for(shared, 1)));
        add(&shared);
        shared.condvar.notify_all();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

/// A notification does not go to one whose time is over: either it is told, or the other is.
#[test]
fn loom_condvar_deadline_takes_no_notification() {
    loom::model(|| {
        let shared = shared();
        let clock = clock();
        let timed = with(&shared, |shared| {
            shared.lock.lock();
            if shared.tokens.get() == 0 && wait(&shared.condvar, &shared.lock, SOME_TIME) {
                shared.condvar.notify_one(); // it is for the other
            }
            unlock(&shared.lock);
        });
        let waiter = with(&shared, |shared| {
            wait_for(shared, 1);
            shared.condvar.notify_one(); // the clock may have struck too soon
        });
        add(&shared);
        shared.condvar.notify_one();
        clock.join().unwrap();
        timed.join().unwrap();
        waiter.join().unwrap();
    });
}

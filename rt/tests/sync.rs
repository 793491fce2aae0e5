//! rt-sync's bodies of locks on goroutines, at 1, 2 and 4 Ps. Plain threads run them in rt-sync.

#[path = "../../rt-sync/tests/bodies/condvar.rs"]
mod condvar;
mod goroutines;
#[path = "../../rt-sync/tests/bodies/mutex.rs"]
mod mutex;
#[path = "../../rt-sync/tests/bodies/once.rs"]
mod once;
#[path = "../../rt-sync/tests/bodies/rwlock.rs"]
mod rwlock;
#[path = "../../rt-sync/tests/bodies/semaphore.rs"]
mod semaphore;
#[path = "../../rt-sync/tests/bodies/spawn.rs"]
mod spawn;

use goroutines::{Goroutines as G, on_goroutines};
use rt::host::StdHost as Std;

on_goroutines! {
    mutex_many_add_under_it: |_| mutex::many_add_under_it::<Std>(G, 1000);
    // One P is the hog's until somebody takes it away: that is not built yet.
    mutex_a_hog_keeps_nobody_out: |procs| if procs > 1 { mutex::a_hog_keeps_nobody_out::<Std>(G) };
    mutex_deadlines: |_| mutex::deadlines::<Std>(G);
    mutex_short_deadlines: |_| mutex::short_deadlines::<Std>(G, 300);
    mutex_a_panic_poisons: |_| mutex::a_panic_poisons::<Std>(G);
    mutex_within_a_panic: |_| mutex::a_lock_within_a_panic_is_not_poisoned::<Std>();

    rwlock_hammer: |_| for readers in [1, 3, 10] { rwlock::hammer::<Std>(G, readers, 500) };
    rwlock_readers_in_parallel: |_| rwlock::readers_in_parallel::<Std>(G, 4);
    rwlock_a_waiting_writer: |_| rwlock::a_waiting_writer_holds_readers_off::<Std>(G);
    rwlock_a_writer_gives_up: |_| rwlock::a_writer_gives_up::<Std>(G);
    rwlock_deadlines: |_| rwlock::deadlines::<Std>(G);
    rwlock_downgrade: |_| rwlock::downgrade::<Std>(G, 500);
    rwlock_only_writers_poison: |_| rwlock::only_writers_poison::<Std>(G);

    condvar_notify_one: |_| condvar::notify_one_wakes_one::<Std>(G);
    condvar_first_come: |_| condvar::first_come_first_woken::<Std>(G, 50);
    condvar_notify_all: |_| condvar::notify_all_wakes_all::<Std>(G, 20, 10);
    condvar_no_stealing: |_| condvar::a_newcomer_steals_nothing::<Std>(G, 200);
    condvar_times: |_| condvar::times::<Std>(G);
    condvar_tokens: |_| condvar::tokens::<Std>(G, 500);

    once_it_runs_once: |_| once::it_runs_once(G);
    once_a_panic_poisons: |_| once::a_panic_poisons(G);
    once_lock: |_| once::once_lock(G);
    once_lock_panics: |_| once::once_lock_panics();
    lazy_lock: |_| once::lazy_lock(G);
    barrier: |_| once::barrier(G, 5, 200);

    semaphore_hammer: |_| for permits in [1, 3] { semaphore::hammer::<Std>(G, permits, 300) };
    semaphore_first_come: |_| semaphore::first_come_first_served::<Std>(G);
    semaphore_deadlines: |_| semaphore::deadlines::<Std>(G);
    semaphore_big_one: |_| semaphore::a_big_one_gives_up::<Std>(G);
    semaphore_hand_off: |procs| {
        let served = semaphore::hand_off::<Std>(G, 300);
        assert!(served <= 300 && (procs > 1 || served >= 200), "{served} of 300 on {procs} Ps");
    };
    wait_group: |_| semaphore::wait_group(G, 20);
    wait_group_misuse: |_| semaphore::wait_group_misuse();
    wait_group_race: |_| semaphore::wait_group_race(G, 500);
    wait_group_times: |_| semaphore::wait_group_times(G);
}

//! The locks on plain threads.

#[path = "bodies/condvar.rs"]
mod condvar;
#[path = "bodies/mpsc.rs"]
mod mpsc;
#[path = "bodies/mutex.rs"]
mod mutex;
#[path = "bodies/once.rs"]
mod once;
#[path = "bodies/rwlock.rs"]
mod rwlock;
#[path = "bodies/semaphore.rs"]
mod semaphore;
#[path = "bodies/spawn.rs"]
mod spawn;
#[path = "bodies/threads.rs"]
mod threads;

use threads::{Std, Threads};

macro_rules! on_threads {
    ($($name:ident: $body:expr;)*) => {
        $(#[test]
        fn $name() {
            $body;
        })*
    };
}

on_threads! {
    mutex_many_add_under_it: mutex::many_add_under_it::<Std>(Threads, 1000);
    mutex_a_hog_keeps_nobody_out: mutex::a_hog_keeps_nobody_out::<Std>(Threads);
    mutex_deadlines: mutex::deadlines::<Std>(Threads);
    mutex_short_deadlines: mutex::short_deadlines::<Std>(Threads, 300);
    mutex_a_panic_poisons: mutex::a_panic_poisons::<Std>(Threads);
    mutex_within_a_panic: mutex::a_lock_within_a_panic_is_not_poisoned::<Std>();

    rwlock_hammer: for readers in [1, 3, 10] { rwlock::hammer::<Std>(Threads, readers, 500) };
    rwlock_readers_in_parallel: rwlock::readers_in_parallel::<Std>(Threads, 4);
    rwlock_a_waiting_writer: rwlock::a_waiting_writer_holds_readers_off::<Std>(Threads);
    rwlock_a_writer_gives_up: rwlock::a_writer_gives_up::<Std>(Threads);
    rwlock_deadlines: rwlock::deadlines::<Std>(Threads);
    rwlock_downgrade: rwlock::downgrade::<Std>(Threads, 500);
    rwlock_only_writers_poison: rwlock::only_writers_poison::<Std>(Threads);

    condvar_notify_one: condvar::notify_one_wakes_one::<Std>(Threads);
    condvar_first_come: condvar::first_come_first_woken::<Std>(Threads, 50);
    condvar_notify_all: condvar::notify_all_wakes_all::<Std>(Threads, 20, 10);
    condvar_no_stealing: condvar::a_newcomer_steals_nothing::<Std>(Threads, 200);
    condvar_times: condvar::times::<Std>(Threads);
    condvar_tokens: condvar::tokens::<Std>(Threads, 500);

    once_it_runs_once: once::it_runs_once(Threads);
    once_a_panic_poisons: once::a_panic_poisons(Threads);
    once_lock: once::once_lock(Threads);
    once_lock_panics: once::once_lock_panics();
    lazy_lock: once::lazy_lock(Threads);
    barrier: once::barrier(Threads, 5, 200);

    mpsc_many_send: for bound in [None, Some(0), Some(1), Some(100)] {
        mpsc::many_send::<Std>(Threads, bound);
    };
    mpsc_ends: mpsc::ends::<Std>(Threads);

    semaphore_hammer: for permits in [1, 3] { semaphore::hammer::<Std>(Threads, permits, 300) };
    semaphore_first_come: semaphore::first_come_first_served::<Std>(Threads);
    semaphore_a_big_one_gives_up: semaphore::a_big_one_gives_up::<Std>(Threads);
    semaphore_deadlines: semaphore::deadlines::<Std>(Threads);
    semaphore_hand_off: assert!(semaphore::hand_off::<Std>(Threads, 300) <= 300);
    wait_group: semaphore::wait_group(Threads, 20);
    wait_group_misuse: semaphore::wait_group_misuse();
    wait_group_race: semaphore::wait_group_race(Threads, 500);
    wait_group_times: semaphore::wait_group_times(Threads);
}

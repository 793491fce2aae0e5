//! Waits of all kinds, short and many: for a process whose system calls a timer's signal
//! interrupts.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::rt::chan::bounded;
use crate::rt::sync::Mutex;
use crate::rt::thread;
use crate::rt::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const SLEEPS: u32 = 100;
const ROUNDS: u32 = 2000;

/// Sleeps, hands values to and fro, and waits for a lock whose owner sleeps. Returns how much came
/// of it: 100 sleeps, 2000 values, 400 turns.
pub(crate) fn wait_often() -> (u32, u32, u32) {
    let sleeper = thread::spawn(|| {
        (0..SLEEPS)
            .filter(|_| {
                let start = Instant::now();
                thread::sleep(MS);
                start.elapsed() >= MS
            })
            .count() as u32
    });
    let (to, from) = bounded::<u32>(0);
    let giver = thread::spawn(move || (0..ROUNDS).all(|value| to.send(value).is_ok()));
    let taker = thread::spawn(move || (0..ROUNDS).filter(|n| from.recv() == Ok(*n)).count() as u32);
    let turns = Arc::new(Mutex::new(0));
    let lockers: Vec<_> = (0..4)
        .map(|_| {
            let turns = Arc::clone(&turns);
            thread::spawn(move || {
                for _ in 0..100 {
                    let mut turns = turns.lock().unwrap_or_else(|poison| poison.into_inner());
                    thread::sleep(MS / 20);
                    *turns += 1;
                }
            })
        })
        .collect();
    for locker in lockers {
        let _ended = locker.join();
    }
    let _all_given = giver.join();
    let turns = *turns.lock().unwrap_or_else(|poison| poison.into_inner());
    (sleeper.join().unwrap_or_default(), taker.join().unwrap_or_default(), turns)
}

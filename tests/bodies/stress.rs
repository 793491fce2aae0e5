//! Everything at once, at random.
//!
//! Drivers run until the time is over; what they do they choose at random: start goroutines and
//! join them, or leave them alone; yield, sleep, park and be readied; tie themselves to threads,
//! and end tied; give memory to each other; compute for long; block their threads, and say so or
//! not; change the number of Ps; look at all others. What was started is counted, and what has
//! ended.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use rt_os::sys::clock::nanotime;
use rt_os::sys::thread::{gettid, usleep};

use crate::rt::time::Duration;
use crate::rt::{self, runtime, thread};
use crate::wait::Semaphore;

/// How many goroutines choose what to do.
const DRIVERS: usize = 24;
/// Places where goroutines park until somebody who passes by readies them.
const PLACES: usize = 8;
/// No more than so many goroutines that nobody joins at a time.
const ALONE_MAX: u64 = 2_000;
/// Goroutines that are not of the stress: its caller.
const MINE: u64 = 1;
/// How long the last ones may take, in ns.
const LAST_NS: u64 = 20_000_000_000;

macro_rules! counters {
    ($($name:ident)*) => {
        $(static $name: AtomicU64 = AtomicU64::new(0);)*
        /// All the counters of what was done.
        static DONE: &[(&str, &AtomicU64)] = &[$((stringify!($name), &$name)),*];
    };
}
counters! {
    JOINED ALONE YIELDS SLEEPS PARKS READIES TIES TIED_EXITS RESIZES GOEXITS PAIRS BLOCKS
    HOGS RAW_BLOCKS SAID_BLOCKS DUMPS
}

static STARTED: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);
static SLEEPY: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);
static PLACE: [Semaphore; PLACES] = [const { Semaphore::new(0) }; PLACES];
/// A driver's own place, for its child to wait at.
static OWN: [Semaphore; DRIVERS] = [const { Semaphore::new(0) }; DRIVERS];

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, SeqCst);
}

/// Numbers at random that follow from the seed. Marsaglia's xorshift64*.
#[derive(Clone, Copy)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }

    /// Another sequence.
    fn fork(&mut self) -> Random {
        Random::new(self.below(u64::MAX))
    }
}

/// Starts one that is joined; `f`'s result must come back.
fn join_one(f: impl FnOnce() + Send + 'static) {
    count(&STARTED);
    let seen = thread::spawn(move || {
        f();
        count(&ENDED);
        0x5eed
    })
    .join();
    assert_eq!(seen.unwrap(), 0x5eed);
    count(&JOINED);
}

/// Starts one that nobody joins, unless there are too many.
fn leave_one(f: impl FnOnce() + Send + 'static) {
    if STARTED.load(SeqCst).saturating_sub(ENDED.load(SeqCst)) > ALONE_MAX {
        return;
    }
    count(&STARTED);
    rt::go(move || {
        f();
        count(&ENDED);
    });
    count(&ALONE);
}

/// Starts one that ends in the middle of what it does, where there is such an end.
fn leave_by_goexit(goexit: Option<fn() -> !>) {
    let Some(goexit) = goexit else { return };
    count(&STARTED);
    rt::go(move || {
        thread::yield_now();
        count(&ENDED);
        count(&GOEXITS);
        goexit();
    });
}

/// Parks at a place until somebody passes by.
fn park(random: &mut Random) {
    count(&PARKS);
    PLACE[random.below(PLACES as u64) as usize].acquire();
}

/// Readies those who wait at a place.
fn pass_by(random: &mut Random) {
    let place = &PLACE[random.below(PLACES as u64) as usize];
    for _ in 0..=random.below(16) {
        if !place.release_waiter() {
            break;
        }
        count(&READIES);
    }
}

/// Mostly short, so that there is always somebody at work; or long, so that Ps go idle all the
/// time: the seed says which.
fn sleep(random: &mut Random) {
    count(&SLEEPS);
    let sleepy = SLEEPY.load(SeqCst) || random.below(10) == 0;
    thread::sleep(Duration::from_micros(random.below(if sleepy { 1_500 } else { 30 })));
}

fn yields(random: &mut Random) {
    for _ in 0..=random.below(8) {
        count(&YIELDS);
        thread::yield_now();
    }
}

/// Ties itself to its thread and stays there whatever it does.
fn tie(random: &mut Random, ends_tied: bool) {
    runtime::lock_os_thread();
    let tid = gettid();
    for _ in 0..=random.below(3) {
        match random.below(5) {
            0 => yields(random),
            1 => sleep(random),
            2 => join_one(thread::yield_now),
            3 => block_thread(random),
            _ => pass_by(random),
        }
        assert_eq!(gettid(), tid, "a tied goroutine has moved");
    }
    if ends_tied {
        count(&TIED_EXITS);
    } else {
        count(&TIES);
        runtime::unlock_os_thread();
    }
}

/// A child waits for its parent at the parent's own place, and is released from it.
fn pair(own: &'static Semaphore, random: &mut Random) {
    count(&STARTED);
    let child = thread::spawn(move || {
        own.acquire();
        count(&ENDED);
    });
    if random.below(2) == 0 {
        yields(random);
    }
    own.release();
    child.join().unwrap();
    count(&PAIRS);
}

/// Takes memory, and hands it to another who frees it, maybe elsewhere and later.
fn block(random: &mut Random) {
    let len = 1 << random.below(17);
    let fill = random.below(256) as u8;
    let block = vec![fill; len as usize];
    let mut fork = random.fork();
    let check = move || {
        yields(&mut fork);
        assert!(block.iter().all(|byte| *byte == fill), "somebody else's memory");
        drop(block);
        count(&BLOCKS);
    };
    if random.below(2) == 0 { join_one(check) } else { leave_one(check) }
}

/// Computes for up to 15 ms, which is longer than a P is left to one goroutine; or allocates,
/// readies and starts others all the while, with a P or without.
fn hog(random: &mut Random) {
    count(&HOGS);
    let end = nanotime() + random.below(15_000_000);
    let enters = random.below(3) == 0;
    while nanotime() < end {
        (0..1000).for_each(|_| core::hint::spin_loop());
        if enters {
            drop(vec![0u8; 1 + random.below(1_000) as usize]);
            pass_by(random);
            leave_one(|| {});
        }
    }
}

/// Looks at all goroutines while they go on.
fn look(random: &mut Random) {
    count(&DUMPS);
    if random.below(8) == 0 {
        assert!(runtime::dump().contains("goroutine "));
    }
    let seen = runtime::metrics();
    assert!(seen.goroutines <= seen.goroutines_created);
}

/// Blocks its thread in the kernel, and tells the runtime or not.
fn block_thread(random: &mut Random) {
    let us = random.below(3_000);
    if random.below(2) == 0 {
        count(&RAW_BLOCKS);
        usleep(us);
    } else {
        count(&SAID_BLOCKS);
        rt::blocking(|| usleep(us));
    }
}

/// What goroutines do that are no drivers.
fn small(mut random: Random, depth: u32) {
    for _ in 0..=random.below(3) {
        match random.below(14) {
            12 => block_thread(&mut random),
            13 if random.below(20) == 0 => hog(&mut random),
            0..4 => yields(&mut random),
            4 => sleep(&mut random),
            5 | 6 => park(&mut random),
            7 | 8 => pass_by(&mut random),
            _ if depth < 4 => {
                let fork = random.fork();
                join_one(move || small(fork, depth + 1));
            }
            _ => {}
        }
    }
}

fn drive(own: &'static Semaphore, mut random: Random, procs_max: u64, goexit: Option<fn() -> !>) {
    while !STOP.load(SeqCst) {
        let mut fork = random.fork();
        match random.below(105) {
            100 => hog(&mut random),
            101 => look(&mut random),
            102.. => block_thread(&mut random),
            0..20 => join_one(move || fork_and_look(fork)),
            20..40 => leave_one(move || small(fork, 0)),
            40..45 => block(&mut random),
            45..60 => yields(&mut random),
            60..65 => sleep(&mut random),
            65..80 => (0..4).for_each(|_| pass_by(&mut random)),
            80..90 => pair(own, &mut random),
            90..94 => tie(&mut random, false),
            94..96 => join_one(move || tie(&mut fork, true)),
            96..98 => leave_by_goexit(goexit),
            _ => {
                let procs = 1 + random.below(procs_max);
                runtime::set_procs(procs as _).expect("there is memory for some Ps");
                count(&RESIZES);
            }
        }
    }
}

/// A child that drivers join: it must not park at a place, since its driver is one that passes by.
fn fork_and_look(mut random: Random) {
    yields(&mut random);
    pass_by(&mut random);
    if random.below(3) == 0 {
        sleep(&mut random);
    }
}

/// Frees those who wait at places until all have ended.
fn last_ones() -> bool {
    let start = nanotime();
    while ENDED.load(SeqCst) != STARTED.load(SeqCst) || runtime::num_goroutines() as u64 > MINE {
        if nanotime() - start > LAST_NS {
            return false;
        }
        PLACE.iter().for_each(|place| while place.release_waiter() {});
        thread::sleep(Duration::from_micros(100));
    }
    true
}

/// So many seconds of it, on random choices that follow from the seed. What was done; an error when
/// somebody is lost.
pub(crate) fn run(seconds: u64, seed: u64, goexit: Option<fn() -> !>) -> Result<String, String> {
    SLEEPY.store(seed % 2 == 1, SeqCst);
    let mut random = Random::new(seed);
    let procs_max = runtime::procs() as u64 * 2;
    let drivers: [_; DRIVERS] = core::array::from_fn(|i| {
        let fork = random.fork();
        thread::spawn(move || drive(&OWN[i], fork, procs_max, goexit))
    });
    thread::sleep(Duration::from_secs(seconds));
    STOP.store(true, SeqCst);
    drivers.into_iter().for_each(|driver| driver.join().unwrap());
    let all = last_ones();
    let mut text = String::new();
    for (name, counter) in DONE {
        let _infallible = writeln!(text, "  {name} {}", counter.load(SeqCst));
    }
    let (started, ended) = (STARTED.load(SeqCst), ENDED.load(SeqCst));
    let threads = runtime::metrics().threads;
    let _infallible = writeln!(text, "started {started}, ended {ended}, threads {threads}");
    if all {
        return Ok(text);
    }
    let left = runtime::num_goroutines() as u64 - MINE;
    Err(format!("{text}lost: {left} goroutines left of {started} started"))
}

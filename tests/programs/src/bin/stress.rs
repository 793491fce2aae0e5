//! `stress [SECONDS] [SEED]`: everything at once, at random. Exit 1 when somebody is lost.
//!
//! Drivers run until the time is over; what they do they choose at random: start goroutines and
//! join them, or leave them alone; yield, sleep, park and be readied; tie themselves to threads,
//! and end tied; give memory to each other; change the number of Ps. What was started is counted,
//! and what has ended.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use core::time::Duration;

use programs::select;
use programs::wait::Semaphore;
use rt_main::{eprintln, println, runtime, thread};

rt_main::entry!(main);

/// How many goroutines choose what to do.
const DRIVERS: usize = 24;
/// Places where goroutines park until somebody who passes by readies them.
const PLACES: usize = 8;
/// No more than so many goroutines that nobody joins at a time.
const ALONE_MAX: u64 = 2_000;
/// How long the last ones may take, in ns.
const LAST_NS: u64 = 20_000_000_000;

macro_rules! counters {
    ($($name:ident)*) => {
        $(static $name: AtomicU64 = AtomicU64::new(0);)*
        /// All the counters of what was done.
        static DONE: &[(&str, &AtomicU64)] = &[$((stringify!($name), &$name)),*];
    };
}
counters! { JOINED ALONE YIELDS SLEEPS PARKS READIES TIES TIED_EXITS RESIZES GOEXITS PAIRS BLOCKS }

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
    let Ok(seen) = thread::spawn(move || {
        f();
        count(&ENDED);
        0x5eed
    })
    .join();
    assert_eq!(seen, 0x5eed);
    count(&JOINED);
}

/// Starts one that nobody joins, unless there are too many.
fn leave_one(f: impl FnOnce() + Send + 'static) {
    if STARTED.load(SeqCst).saturating_sub(ENDED.load(SeqCst)) > ALONE_MAX {
        return;
    }
    count(&STARTED);
    thread::go(move || {
        f();
        count(&ENDED);
    });
    count(&ALONE);
}

/// Starts one that ends in the middle of what it does.
fn leave_by_goexit() {
    count(&STARTED);
    thread::go(|| {
        thread::yield_now();
        count(&ENDED);
        count(&GOEXITS);
        runtime::goexit();
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
    let tid = rt_os::sys::thread::gettid();
    for _ in 0..=random.below(3) {
        match random.below(4) {
            0 => yields(random),
            1 => sleep(random),
            2 => join_one(thread::yield_now),
            _ => pass_by(random),
        }
        assert_eq!(rt_os::sys::thread::gettid(), tid, "a tied goroutine has moved");
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
    let Ok(()) = child.join();
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

/// What goroutines do that are no drivers.
fn small(mut random: Random, depth: u32) {
    for _ in 0..=random.below(3) {
        match random.below(12) {
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

fn drive(own: &'static Semaphore, mut random: Random, procs_max: u64) {
    while !STOP.load(SeqCst) {
        let mut fork = random.fork();
        match random.below(100) {
            0..20 => join_one(move || fork_and_look(fork)),
            20..40 => leave_one(move || small(fork, 0)),
            40..45 => block(&mut random),
            45..60 => yields(&mut random),
            60..65 => sleep(&mut random),
            65..80 => (0..4).for_each(|_| pass_by(&mut random)),
            80..90 => pair(own, &mut random),
            90..94 => tie(&mut random, false),
            94..96 => join_one(move || tie(&mut fork, true)),
            96..98 => leave_by_goexit(),
            _ => {
                let procs = 1 + random.below(procs_max) as u32;
                runtime::set_procs(procs).expect("there is memory for some Ps");
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
    let start = runtime::nanotime();
    while ENDED.load(SeqCst) != STARTED.load(SeqCst) || runtime::num_goroutines() != 1 {
        if runtime::nanotime() - start > LAST_NS {
            return false;
        }
        PLACE.iter().for_each(|place| while place.release_waiter() {});
        thread::sleep(Duration::from_micros(100));
    }
    true
}

fn main() -> i32 {
    let seconds: u64 = select::number(1, 10);
    let seed: u64 = select::number(2, runtime::nanotime());
    let procs = runtime::procs();
    println!("stress {seconds} s, seed {seed}, {procs} Ps");
    SLEEPY.store(seed % 2 == 1, SeqCst);
    let mut random = Random::new(seed);
    let procs_max = u64::from(procs) * 2;
    let drivers: [_; DRIVERS] = core::array::from_fn(|i| {
        let fork = random.fork();
        thread::spawn(move || drive(&OWN[i], fork, procs_max))
    });
    thread::sleep(Duration::from_secs(seconds));
    STOP.store(true, SeqCst);
    for driver in drivers {
        let Ok(()) = driver.join();
    }
    let all = last_ones();
    let (started, ended) = (STARTED.load(SeqCst), ENDED.load(SeqCst));
    for (name, counter) in DONE {
        println!("  {name} {}", counter.load(SeqCst));
    }
    println!("started {started}, ended {ended}, threads {}", runtime::report().threads);
    if !all {
        eprintln!("lost: {} goroutines left of {started} started", runtime::num_goroutines() - 1);
        return 1;
    }
    0
}

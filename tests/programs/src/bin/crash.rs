//! `crash WAY`: programs that end badly. Ports of Go's crash programs.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;

use programs::select;
use programs::wait::{self, Semaphore};
use rt_main::{eprintln, runtime, thread};

rt_main::entry!(main);

/// Main waits for what never comes. Go: `SimpleDeadlock`.
fn simple() {
    wait::forever();
}

/// Main waits before it has started anything, after one of its own has ended. Go: `InitDeadlock`.
fn init() {
    let Ok(()) = thread::spawn(|| ()).join();
    wait::forever();
}

/// As `simple`, tied to its thread. Go: `LockedDeadlock`.
fn locked() {
    runtime::lock_os_thread();
    wait::forever();
}

/// Another goroutine waits tied, and main as well. Go: `LockedDeadlock2`.
fn locked2() {
    thread::go(|| {
        runtime::lock_os_thread();
        wait::forever();
    });
    thread::sleep(Duration::from_millis(1));
    wait::forever();
}

/// Main leaves, another waits for ever. Go: `GoexitDeadlock`.
fn goexit_waits() {
    thread::go(|| {
        wait::forever();
    });
    runtime::goexit();
}

/// Main leaves, the others end. Go: `GoexitExit` with goroutines that return.
fn goexit() {
    thread::go(|| thread::sleep(Duration::from_millis(1)));
    runtime::goexit();
}

/// A join of one that waits for ever.
fn join() {
    let Ok(()) = thread::spawn(|| wait::forever()).join();
}

/// More threads than allowed. Go: `ThreadExhaustion`.
fn threads() {
    static TIED: Semaphore = Semaphore::new(0);
    runtime::set_max_threads(10);
    for _ in 0..10 {
        thread::go(|| {
            runtime::lock_os_thread();
            TIED.release();
            wait::forever();
        });
        TIED.acquire();
    }
}

/// The limit falls below the number of threads there are.
fn limit() {
    static TIED: Semaphore = Semaphore::new(0);
    for _ in 0..10 {
        thread::go(|| {
            runtime::lock_os_thread();
            TIED.release();
            wait::forever();
        });
        TIED.acquire();
    }
    runtime::set_max_threads(5);
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "it is to overflow")]
fn recurse(depth: u64) -> u64 {
    let room = black_box([depth; 32]);
    recurse(depth + 1) + room[depth as usize % 32]
}

/// A goroutine runs out of stack; those beside it do not notice. Go: `StackOverflow`.
fn overflow() {
    static READY: Semaphore = Semaphore::new(0);
    // Neighbours, whose stacks lie around the one that overflows.
    let neighbour = |_| {
        thread::go(|| {
            let mine = black_box([0x5au8; 1024]);
            READY.release();
            // It looks at its stack for as long as the program lives.
            while black_box(&mine).iter().all(|byte| *byte == 0x5a) {
                thread::yield_now();
            }
            eprintln!("a neighbour was overwritten");
        });
        READY.acquire();
    };
    (0..4).for_each(neighbour);
    thread::go(|| {
        black_box(recurse(0));
    });
    (0..4).for_each(neighbour);
    wait::forever();
}

/// As `overflow`, by main itself.
fn overflow_main() {
    black_box(recurse(0));
}

/// Go: `panic` in main.
fn panic() {
    panic!("the {} way", "hard");
}

/// Go: `panic` in a goroutine.
fn panic_go() {
    thread::go(|| panic!("elsewhere"));
    wait::forever();
}

/// Many panic at once; the first one ends the program, and only its text is printed. Go:
/// `TestPanicRace`.
fn panic_many() {
    static GO: AtomicBool = AtomicBool::new(false);
    for _ in 0..64 {
        thread::go(|| {
            while !GO.load(SeqCst) {
                thread::yield_now();
            }
            panic!("all together");
        });
    }
    thread::sleep(Duration::from_millis(5));
    GO.store(true, SeqCst);
    wait::forever();
}

/// Main returns while others work, sleep and wait: that is the end. Go: a program's `main`.
fn leave_others() {
    for i in 0..100 {
        thread::go(move || match i % 3 {
            0 => loop {
                thread::yield_now();
            },
            1 => thread::sleep(Duration::from_secs(3600)),
            _ => wait::forever(),
        });
    }
    thread::sleep(Duration::from_millis(5));
}

/// A read at an address where nothing is. Go: `NilDeref`.
fn fault() {
    mod hole {
        //! # Safety
        //! - **hole**: the fault is the purpose.
        #![allow(unsafe_code, reason = "**hole**: it reads where nothing is")]

        pub(super) fn read() -> u8 {
            // SAFETY: **hole**.
            unsafe { core::ptr::without_provenance::<u8>(0x10).read_volatile() }
        }
    }
    black_box(hole::read());
}

/// A ready that no prepare has asked for. Go: `goready` of a goroutine that does not wait.
fn ready() {
    wait::ready_myself();
}

fn main() -> i32 {
    select::run(&[
        ("simple", simple),
        ("init", init),
        ("locked", locked),
        ("locked2", locked2),
        ("goexit-waits", goexit_waits),
        ("goexit", goexit),
        ("join", join),
        ("threads", threads),
        ("limit", limit),
        ("overflow", overflow),
        ("overflow-main", overflow_main),
        ("panic", panic),
        ("panic-go", panic_go),
        ("panic-many", panic_many),
        ("leave-others", leave_others),
        ("fault", fault),
        ("ready", ready),
    ])
}

//! `crash WAY`: programs that end badly. Ports of Go's crash programs.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use programs::select;
use programs::wait::{self, Semaphore};
use rt_main::{eprintln, runtime, thread, time};

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

/// Has somebody wait for a late deadline, which is then stopped.
fn stop_a_late_timer() {
    let timer = time::after_func(Duration::from_secs(3600), || ());
    thread::sleep(Duration::from_millis(20));
    compute(30); // another has the rest to see to
    assert!(timer.stop());
}

/// Computes so many ms.
fn compute(ms: u64) {
    let start = time::Instant::now();
    while start.elapsed() < Duration::from_millis(ms) {
        core::hint::spin_loop();
    }
}

/// Main waits for ever, behind a timer that it has stopped.
fn timer() {
    stop_a_late_timer();
    wait::forever();
}

/// As `timer`, tied.
fn timer_tied() {
    runtime::lock_os_thread();
    timer();
}

/// As `timer`, tied; and leaves.
fn timer_tied_goexit() {
    thread::go(|| {
        wait::forever();
    });
    runtime::lock_os_thread();
    stop_a_late_timer();
    runtime::goexit();
}

/// As `timer`, in another goroutine that ends tied.
fn timer_tied_ends() {
    thread::go(|| {
        runtime::lock_os_thread();
        stop_a_late_timer();
    });
    wait::forever();
}

/// As `timer`, of one that has lost its P and enters the runtime no more before it parks.
fn timer_detached() {
    let timer = time::after_func(Duration::from_secs(3600), || ());
    compute(100);
    assert!(timer.stop());
    wait::forever();
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
    static ALL_THERE: AtomicBool = AtomicBool::new(false);
    (0..4).for_each(neighbour);
    thread::go(|| {
        while !ALL_THERE.load(SeqCst) || runtime::metrics().waiting == 0 {
            thread::yield_now(); // until main waits
        }
        black_box(recurse(0));
    });
    (0..4).for_each(neighbour);
    ALL_THERE.store(true, SeqCst);
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

/// A message that does something while it is printed.
struct Does(fn());

impl core::fmt::Display for Does {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        (self.0)();
        f.write_str("told after all")
    }
}

/// The message of a panic panics. Go: `PanicWhilePanicking`'s kind.
fn panic_while_panicking() {
    panic!("{}", Does(|| panic!("while it is told")));
}

/// The message of a panic panics with itself. Go: `panicLoop`.
fn panic_loop() {
    fn again() {
        panic!("{}", Does(again));
    }
    again();
}

/// Others run while the panic is told. Go: `PanicDeadlockGosched`'s kind.
fn panic_yields() {
    thread::go(|| {
        loop {
            thread::yield_now();
        }
    });
    panic!("{}", Does(|| (0..100).for_each(|_| thread::yield_now())));
}

/// The thread blocks while the panic is told. Go: `PanicDeadlockSyscall`'s kind.
fn panic_blocks() {
    panic!("{}", Does(|| rt_main::blocking(|| rt_os::sys::thread::usleep(50_000))));
}

/// Main returns while another goroutine's panic is told. Go: `PanicRace`.
fn panic_race() {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    let slowly = || {
        IS_TOLD.store(true, SeqCst);
        rt_os::sys::thread::usleep(50_000); // main goes on elsewhere
        (0..10).for_each(|_| thread::yield_now()); // and here
    };
    thread::go(move || panic!("{}", Does(slowly)));
    while !IS_TOLD.load(SeqCst) {
        thread::yield_now();
    }
}

/// Go: `runtime.abort`.
fn abort() {
    rt_main::entry_parts::abort();
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

static SPINNING: AtomicU32 = AtomicU32::new(0);

#[inline(never)]
fn spins() {
    SPINNING.fetch_add(1, SeqCst);
    while black_box(true) {
        core::hint::spin_loop();
    }
}

/// Some compute when main panics. Go: `CrashDumpsAllThreads`.
fn spinning() {
    for _ in 0..3 {
        thread::go(spins);
    }
    while SPINNING.load(SeqCst) < 3 {
        thread::sleep(Duration::from_millis(1));
    }
    panic!("while others spin");
}

/// What a handler of a signal shows, called from here.
fn from_signal() {
    thread::go(|| {
        wait::forever();
    });
    thread::sleep(Duration::from_millis(1));
    let here = rt_asm::registers::Registers::here();
    let _ending = rt_sched::traceback::report_from_signal(&here);
    panic!("it has returned");
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

/// A division by zero, where such divisions trap.
fn fpe() {
    mod trap {
        //! # Safety
        //! - **control**: the word is read, and written with traps allowed: they are the purpose.
        #![allow(unsafe_code, reason = "**control**: the control word of floating point")]
        #![allow(deprecated, reason = "the word itself is what is wanted")]

        pub(super) fn allow() {
            use core::arch::x86_64::{_MM_MASK_DIV_ZERO, _mm_getcsr, _mm_setcsr};
            // SAFETY: **control**.
            unsafe { _mm_setcsr(_mm_getcsr() & !_MM_MASK_DIV_ZERO) };
        }
    }
    trap::allow();
    black_box(black_box(1.0f64) / black_box(0.0));
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
        ("timer", timer),
        ("timer-tied", timer_tied),
        ("timer-tied-goexit", timer_tied_goexit),
        ("timer-tied-ends", timer_tied_ends),
        ("timer-detached", timer_detached),
        ("join", join),
        ("threads", threads),
        ("limit", limit),
        ("overflow", overflow),
        ("overflow-main", overflow_main),
        ("panic", panic),
        ("panic-go", panic_go),
        ("panic-many", panic_many),
        ("panic-while-panicking", panic_while_panicking),
        ("panic-loop", panic_loop),
        ("panic-yields", panic_yields),
        ("panic-blocks", panic_blocks),
        ("panic-race", panic_race),
        ("abort", abort),
        ("leave-others", leave_others),
        ("fault", fault),
        ("fpe", fpe),
        ("ready", ready),
        ("spinning", spinning),
        ("from-signal", from_signal),
    ])
}

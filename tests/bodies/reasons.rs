//! A goroutine in each wait there is, each in a function of its own name, and a dump of them.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use alloc::boxed::Box;
use alloc::string::String;
use core::hint::{black_box, spin_loop};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::rt::chan::{Receiver, after, bounded, never, select, tick};
use crate::rt::sync::{Barrier, Condvar, Mutex, Once, RwLock, Semaphore, WaitGroup, mpsc};
use crate::rt::time::{Duration, Instant};
use crate::rt::{go, runtime, thread};

/// Longer than the program takes.
const LONG: Duration = Duration::from_secs(3600);

/// What is waited for. It lives as long as the program.
struct Things {
    mutex: Mutex<()>,
    read: RwLock<()>,
    written: RwLock<()>,
    condition: (Mutex<()>, Condvar),
    group: WaitGroup,
    permits: Semaphore,
    barrier: Barrier,
    once: Once,
    stop: AtomicBool,
}

/// A function for each, and `ALL`. What it calls comes back to it: no jump takes it off the stack.
macro_rules! waits {
    ($($name:ident($things:pat) $body:block)*) => {
        $(
            #[inline(never)]
            fn $name($things: &'static Things) {
                black_box($body);
            }
        )*

        const ALL: &[fn(&'static Things)] = &[$($name),*];
    };
}

waits! {
    receives(_) {
        let (sender, receiver) = bounded::<u8>(0);
        (receiver.recv().is_ok(), sender)
    }
    receives_in_time(_) {
        let (sender, receiver) = bounded::<u8>(0);
        (receiver.recv_timeout(LONG).is_ok(), sender)
    }
    sends(_) {
        let (sender, receiver) = bounded(0);
        (sender.send(1u8).is_ok(), receiver)
    }
    sends_to_a_full_one(_) {
        let (sender, receiver) = bounded(1);
        (sender.send(1u8).is_ok(), sender.send(2).is_ok(), receiver)
    }
    receives_by_std(_) {
        let (sender, receiver) = mpsc::channel::<u8>();
        (receiver.recv().is_ok(), sender)
    }
    receives_from_nothing(_) {
        let nothing: Receiver<u8> = never();
        nothing.recv().is_ok()
    }
    receives_later(_) { after(LONG).recv().is_ok() }
    receives_ticks(_) { tick(LONG).recv().is_ok() }
    selects(_) {
        let ((one, first), (other, second)) = (bounded::<u8>(0), bounded::<u8>(0));
        select! {
            recv(first) -> _ => {},
            recv(second) -> _ => {},
        }
        (one, other)
    }
    selects_nothing(things) {
        if !things.stop.load(Relaxed) {
            select! {}
        }
    }
    sleeps(_) { thread::sleep(LONG) }
    parks(_) { thread::park() }
    parks_for_long(_) { thread::park_timeout(LONG) }
    joins(_) { thread::spawn(thread::park).join().is_ok() }
    locks(things) { drop(things.mutex.lock()) }
    reads(things) { drop(things.written.read()) }
    writes(things) { drop(things.read.write()) }
    is_notified(things) {
        let (mutex, condition) = &things.condition;
        mutex.lock().map(|guard| drop(condition.wait(guard))).is_ok()
    }
    waits_for_a_group(things) { things.group.wait() }
    acquires(things) { drop(things.permits.acquire()) }
    meets(things) { things.barrier.wait().is_leader() }
    comes_second(things) { things.once.call_once(|| ()) }
    comes_first(things) { things.once.call_once(thread::park) }
    is_tied(_) {
        runtime::lock_os_thread();
        thread::park();
    }
    blocks(_) { crate::rt::blocking(|| rt_os::sys::thread::usleep(LONG.as_micros() as u64)) }
    computes(things) {
        while !things.stop.load(Relaxed) {
            spin_loop();
        }
    }
}

/// Looks again and again, for some seconds at most.
fn until_so_many_wait(count: u64) {
    let start = Instant::now();
    while runtime::metrics().waiting < count && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(1));
    }
}

/// The dump.
pub(crate) fn run() -> String {
    let things: &'static Things = Box::leak(Box::new(Things {
        mutex: Mutex::new(()),
        read: RwLock::new(()),
        written: RwLock::new(()),
        condition: (Mutex::new(()), Condvar::new()),
        group: WaitGroup::new(),
        permits: Semaphore::new(0),
        barrier: Barrier::new(2),
        once: Once::new(),
        stop: AtomicBool::new(false),
    }));
    let _held = (things.mutex.lock(), things.read.read(), things.written.write());
    things.group.add(1);
    let before = runtime::metrics().waiting;
    go(move || comes_first(things));
    until_so_many_wait(before + 1);
    let others = ALL.iter().filter(|wait| !core::ptr::fn_addr_eq(**wait, comes_first as fn(_)));
    others.for_each(|wait| go(move || wait(things)));
    // All but two wait in the scheduler; `joins` has started one more that does.
    until_so_many_wait(before + ALL.len() as u64 - 1);
    thread::sleep(Duration::from_millis(20)); // and those two are there as well
    let text = runtime::dump();
    things.stop.store(true, Relaxed);
    text
}

//! `probe WHAT`: what the process finds itself in.
#![no_std]
#![no_main]

use programs::select;
use rt_main::fs::{self, Kind};
use rt_main::{println, runtime, thread};
use rt_os::sys::mem::Advice;

rt_main::entry!(main);

/// Descriptors 0 to 2 are open and lead to /dev/null. The answer is the exit code: there is nobody
/// to print to.
fn fds() {
    for fd in 0..3 {
        let stat = fs::fstat(fd).expect("the descriptor is open");
        assert!(stat.kind == Kind::Other, "a character device is neither file nor folder");
        assert_eq!(fs::read(fd, &mut [0; 8]), Ok(0), "reads nothing");
        assert_eq!(fs::write(fd, b"lost"), Ok(4), "takes all");
    }
    let fd = fs::open(c"/proc/self/stat").expect("there is such a file");
    assert_eq!(fd, 3, "no other file takes a standard descriptor's place");
}

fn pid() {
    println!("pid {}", rt_os::sys::thread::getpid());
}

/// As many goroutines at once as there are Ps, each on a thread: a program that needs threads.
fn threads() {
    use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
    static HERE: AtomicU32 = AtomicU32::new(0);
    let procs = runtime::procs();
    let task = move || {
        HERE.fetch_add(1, SeqCst);
        while HERE.load(SeqCst) < procs {
            core::hint::spin_loop();
        }
    };
    (1..procs).for_each(|_| thread::go(task));
    task();
    println!("threads {}", runtime::report().threads);
}

/// Never ends, and is no deadlock: it sleeps.
fn hang() {
    println!("before the hang");
    loop {
        thread::sleep(core::time::Duration::from_secs(1));
    }
}

/// What the kernel says to advice about a page.
fn madvise() {
    for advice in [Advice::DontNeed, Advice::GuardInstall] {
        match page::advise(advice) {
            Ok(()) => println!("{} fine", advice as i32),
            Err(errno) => println!("{} {errno:?}", advice as i32),
        }
    }
}

mod page {
    //! # Safety
    //! - **page**: mapped here, and used by nobody.
    #![allow(unsafe_code, reason = "**page**: advice takes contents away")]

    use rt_main::Errno;
    use rt_os::sys::mem::{self, Advice, Protection, Purpose};

    pub(crate) fn advise(advice: Advice) -> Result<(), Errno> {
        let page = mem::map(4096, Protection::ReadWrite, Purpose::Heap)?;
        // SAFETY: **page**.
        unsafe { mem::advise(page.as_ptr() as usize, 4096, advice) }
    }
}

fn main() -> i32 {
    select::run(&[
        ("fds", fds),
        ("pid", pid),
        ("threads", threads),
        ("hang", hang),
        ("madvise", madvise),
    ])
}

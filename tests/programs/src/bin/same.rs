//! `same WAY`: programs that Go has too, to see that they end alike.
#![no_std]
#![no_main]

extern crate alloc;

use core::time::Duration;

use programs::select;
use rt_main as rt;
use rt_main::chan::{Receiver, bounded, never, select as select_of};
use rt_main::sync::Mutex;
use rt_main::{runtime, thread};

#[path = "../../../bodies/same.rs"]
mod same;

rt::entry!(main);

fn deadlock() {
    let (_sender, receiver) = bounded::<u8>(0);
    let _none = receiver.recv();
}

fn nil_receive() {
    let nothing: Receiver<u8> = never();
    let _none = nothing.recv();
}

fn select_none() {
    select_of! {}
}

fn mutex() {
    let mutex = Mutex::new(());
    let _held = mutex.lock();
    let _never = mutex.lock();
}

fn locked() {
    runtime::lock_os_thread();
    select_of! {}
}

fn goexit() {
    thread::go(|| thread::sleep(Duration::from_millis(1)));
    runtime::goexit();
}

fn goexit_waits() {
    thread::go(|| select_of! {});
    runtime::goexit();
}

fn panic() {
    panic!("the hard way");
}

fn panic_go() {
    thread::go(|| panic!("elsewhere"));
    thread::sleep(Duration::from_secs(3600));
}

fn threads() {
    runtime::set_max_threads(10);
    same::threads();
}

/// Another goroutine waits, and SIGQUIT comes.
fn quit() {
    thread::go(|| select_of! {});
    thread::sleep(Duration::from_millis(10));
    let _sent = rt_os::sys::thread::tgkill(rt_os::sys::thread::gettid(), 3);
    thread::sleep(Duration::from_secs(1));
}

fn main() -> i32 {
    select::run(&[
        ("deadlock", deadlock),
        ("nil-receive", nil_receive),
        ("select-none", select_none),
        ("mutex", mutex),
        ("locked", locked),
        ("goexit", goexit),
        ("goexit-waits", goexit_waits),
        ("panic", panic),
        ("panic-go", panic_go),
        ("threads", threads),
        ("quit", quit),
    ])
}

//! Sockets: `talk`, `leave`, `wait-alone`; `deadlock` uses some, and then all goroutines wait for
//! each other.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/net/bare_io.rs"]
mod io;
#[path = "../../../bodies/sockets.rs"]
mod sockets;

rt::entry!(main);

fn main() -> i32 {
    match rt::env::args().nth(1).map(core::ffi::CStr::to_bytes) {
        Some(b"talk") => sockets::talk(),
        Some(b"leave") => sockets::leave(),
        Some(b"wait-alone") => sockets::wait_alone(),
        // TestNetpollWaiters: nobody counts as one who waits for a socket any more.
        Some(b"deadlock") => {
            sockets::talk();
            sockets::wait_alone();
            rt::thread::park();
        }
        _ => return 1,
    }
    rt::println!("done");
    0
}

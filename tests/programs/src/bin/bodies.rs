//! The bodies that hosted and bare programs share, one after the other, at 1, 2 and 4 Ps.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/time.rs"]
mod time;

rt::entry!(main);

fn main() {
    for procs in [1, 2, 4] {
        rt::runtime::set_procs(procs).expect("so many Ps");
        for (name, body) in time::ALL {
            rt::println!("{name} on {procs} Ps");
            body();
        }
    }
}

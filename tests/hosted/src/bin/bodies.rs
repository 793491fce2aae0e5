//! The bodies that hosted and bare programs share, one after the other, at 1, 2 and 4 Ps: without
//! the test harness, whose own threads would be in a sanitizer's way.

extern crate alloc;

use ::rt;
use hosted::run;

#[path = "../../../bodies/time.rs"]
mod time;

fn main() {
    for procs in [1, 2, 4] {
        rt_procs(procs);
        for (name, body) in time::ALL {
            println!("{name} on {procs} Ps");
            run(body);
        }
    }
}

fn rt_procs(procs: usize) {
    run(|| rt::runtime::set_procs(procs)).expect("so many Ps");
}

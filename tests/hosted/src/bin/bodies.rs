//! `bodies [WORDS]`: the bodies that hosted and bare programs share, or those with WORDS in their
//! names, one after the other, at 1, 2 and 4 Ps: without the test harness, whose own threads would
//! be in a sanitizer's way.

extern crate alloc;

use ::rt;
use hosted::run;

#[path = "../../../bodies/all.rs"]
mod all;
#[path = "../../../bodies/net/std_io.rs"]
mod io;

fn main() {
    run(rt::signal::dump_on_quit);
    let words = std::env::args().nth(1).unwrap_or_default();
    for procs in [1, 2, 4] {
        rt_procs(procs);
        for (name, body) in all::named(&words) {
            println!("{name} on {procs} Ps");
            run(body);
        }
    }
}

fn rt_procs(procs: usize) {
    run(|| rt::runtime::set_procs(procs)).expect("so many Ps");
}

//! `bodies [WORDS]`: the bodies that hosted and bare programs share, or those with WORDS in their
//! names, one after the other, at 1, 2 and 4 Ps.
#![no_std]
#![no_main]

extern crate alloc;

use rt_main as rt;

#[path = "../../../bodies/all.rs"]
mod all;
#[path = "../../../bodies/net/bare_io.rs"]
mod io;

rt::entry!(main);

fn main() {
    let words = rt::env::args().nth(1).and_then(|words| words.to_str().ok()).unwrap_or("");
    for procs in [1, 2, 4] {
        rt::runtime::set_procs(procs).expect("so many Ps");
        for (name, body) in all::named(words) {
            rt::println!("{name} on {procs} Ps");
            body();
        }
    }
}

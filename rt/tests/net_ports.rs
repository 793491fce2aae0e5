//! The bodies about sockets on goroutines of a std program, at 1, 2 and 4 Ps. Bare programs run the
//! same.

extern crate alloc;

use ::rt;

#[macro_use]
#[path = "common/bodies.rs"]
mod bodies;
mod common;
#[path = "../../tests/bodies/net/std_io.rs"]
mod io;
#[path = "../../tests/bodies/net/mod.rs"]
mod net;

tests! {
    deadlines: net::deadline::ALL;
    ends: net::close::ALL;
    readiness: net::ready::ALL;
    connections: net::tcp::ALL;
    messages: net::udp::ALL;
    on_this_machine: net::unix::ALL;
    many: net::stress::ALL;
}

/// The same on a plain thread; goroutines may be on the other side.
#[test]
fn on_a_plain_thread() {
    for bodies in [net::ready::ALL, net::unix::ALL, net::udp::ALL, net::tcp::ALL] {
        for (name, body) in bodies {
            println!("{name}");
            body();
        }
    }
}

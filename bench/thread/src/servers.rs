//! Servers: a thread for each connection.

use std::net::TcpListener;
use std::thread::spawn;

use bench_common::Served;

/// Sends back what comes in, for ever.
pub(crate) fn echo(listener: TcpListener) -> Served {
    loop {
        let (stream, _from) = listener.accept()?;
        stream.set_nodelay(true)?;
        spawn(move || {
            let _closed = bench_common::echo(stream);
        });
    }
}

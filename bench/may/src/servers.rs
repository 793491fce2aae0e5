//! Servers: a coroutine for each connection.

use bench_common::Served;
use may::net::TcpListener;

use crate::spawn;

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

//! Servers: a task for each connection.

use std::io;
use std::net::{TcpListener, TcpStream};

use bench_common::Served;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

use crate::spawn;

/// Sends back what comes in, for ever.
pub(crate) async fn echo(listener: TcpListener) -> Served {
    let listener = Async::new(listener)?;
    loop {
        let (stream, _from) = listener.accept().await?;
        stream.get_ref().set_nodelay(true)?;
        spawn(async move {
            let _closed = echo_one(stream).await;
        })
        .detach();
    }
}

async fn echo_one(mut stream: Async<TcpStream>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let len = stream.read(&mut bytes).await?;
        if len == 0 {
            return Ok(());
        }
        stream.write_all(&bytes[..len]).await?;
    }
}

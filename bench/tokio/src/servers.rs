//! Servers: a task for each connection.

use std::convert::Infallible;
use std::io;

use bench_common::Served;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn listener(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _from) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends back what comes in, for ever.
pub(crate) async fn echo(from: std::net::TcpListener) -> Served {
    let listener = listener(from)?;
    loop {
        let stream = accept(&listener).await?;
        tokio::spawn(async move {
            let _closed = echo_one(stream).await;
        });
    }
}

async fn echo_one(mut stream: TcpStream) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let len = stream.read(&mut bytes).await?;
        if len == 0 {
            return Ok(());
        }
        stream.write_all(&bytes[..len]).await?;
    }
}

/// Greets, for ever.
pub(crate) async fn hello(from: std::net::TcpListener) -> Served {
    let listener = listener(from)?;
    loop {
        let stream = TokioIo::new(accept(&listener).await?);
        tokio::spawn(async move {
            let service = service_fn(greet);
            let mut http = http1::Builder::new();
            let _closed = http.pipeline_flush(true).serve_connection(stream, service).await;
        });
    }
}

async fn greet(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = Response::builder().header("content-type", "text/plain");
    let body = Full::new(Bytes::from_static(b"Hello, World!"));
    Ok(response.body(body).expect("valid headers"))
}

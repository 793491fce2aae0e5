//! Servers: a goroutine for each connection.

use std::convert::Infallible;

use bench_common::Served;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use rt::net::TcpListener;

use crate::socket::Socket;

/// Sends back what comes in, for ever.
pub(crate) fn echo(listener: TcpListener) -> Served {
    loop {
        let (stream, _from) = listener.accept()?;
        stream.set_nodelay(true)?;
        rt::go(move || {
            let _closed = bench_common::echo(stream);
        });
    }
}

/// Greets, for ever.
pub(crate) fn hello(listener: TcpListener) -> Served {
    loop {
        let (stream, _from) = listener.accept()?;
        stream.set_nodelay(true)?;
        rt::go(move || {
            let socket = Socket::new(stream);
            let mut http = http1::Builder::new();
            let connection = http.pipeline_flush(true).serve_connection(socket, service_fn(greet));
            let _closed = rt::block_on(connection);
        });
    }
}

async fn greet(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = Response::builder().header("content-type", "text/plain");
    let body = Full::new(Bytes::from_static(b"Hello, World!"));
    Ok(response.body(body).expect("valid headers"))
}

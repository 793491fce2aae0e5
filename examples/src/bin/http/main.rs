//! hyper: an HTTP/1 server, a goroutine for each connection. hyper's own traits are all it needs:
//! `Read` and `Write` over a goroutine's socket, and a `Timer`.
//!
//! `http 127.0.0.1:8080`, then `curl http://127.0.0.1:8080/` and `curl -d text …/echo`.

mod socket;

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Sleep, Timer};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use rt::net::TcpListener;
use rt::time::{Duration, Instant, after_func};
use socket::Socket;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let address = std::env::args().nth(1).ok_or("usage: http ADDRESS")?;
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe { rt::run(|| Ok(serve(&TcpListener::bind(address)?)?)) }
}

fn serve(listener: &TcpListener) -> io::Result<()> {
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        rt::go(move || {
            let socket = Socket::new(stream);
            let mut server = http1::Builder::new();
            let connection = server.timer(Clock).serve_connection(socket, service_fn(hello));
            drop(rt::block_on(connection)); // a client that breaks off is no error of ours
        });
    }
    Ok(())
}

type Body = Either<Full<Bytes>, Incoming>;

async fn hello(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let text = |text: &'static str| Either::Left(Full::new(Bytes::from_static(text.as_bytes())));
    let mut response = Response::new(text("hello\n"));
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => {}
        (&Method::GET, "/slow") => Clock.sleep(Duration::from_millis(100)).await,
        (&Method::POST, "/echo") => *response.body_mut() = Either::Right(request.into_body()),
        (&Method::POST, "/length") => {
            let length = request.into_body().collect().await.map(|body| body.to_bytes().len());
            *response.body_mut() = Either::Left(Full::from(format!("{}\n", length.unwrap_or(0))));
        }
        _ => {
            *response.status_mut() = StatusCode::NOT_FOUND;
            *response.body_mut() = text("not here\n");
        }
    }
    Ok(response)
}

/// The runtime's timers for hyper, which closes connections that send no request for long.
#[derive(Clone, Copy)]
struct Clock;

impl Timer for Clock {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Nap { deadline, alarm: None })
    }
}

/// Until a time.
struct Nap {
    deadline: Instant,
    alarm: Option<Alarm>,
}

impl Sleep for Nap {}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Poll::Ready(());
        }
        if !self.alarm.as_ref().is_some_and(|alarm| alarm.waker.will_wake(cx.waker())) {
            let (waker, theirs) = (cx.waker().clone(), cx.waker().clone());
            let timer = after_func(left, move || theirs.wake_by_ref());
            self.alarm = Some(Alarm { timer, waker });
        }
        Poll::Pending
    }
}

/// Wakes the nap when it is over.
struct Alarm {
    timer: rt::time::Timer,
    waker: Waker,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.timer.stop();
    }
}

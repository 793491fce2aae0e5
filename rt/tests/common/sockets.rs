//! What the tests of sockets share.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use rt::net::{TcpListener, TcpStream};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

/// Two ends that do not wait for ever.
pub(crate) fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let other = listener.accept().unwrap().0;
    one.set_read_timeout(PATIENCE).unwrap();
    other.set_read_timeout(PATIENCE).unwrap();
    (one, other)
}

/// Waits once, so that the poller knows it.
pub(crate) fn made_known(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(MS)).unwrap();
    assert_eq!((&stream).read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::TimedOut);
    stream.set_read_timeout(PATIENCE).unwrap();
    stream
}

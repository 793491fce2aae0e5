//! Takes connections, each for a goroutine of its own.

use core::time::Duration;

use rt_main::fs::Errno;
use rt_main::net::{SocketAddr, TcpListener, TcpStream};
use rt_main::thread;

use super::Site;
use super::connection::Connection;

/// How long nothing is taken when there are no descriptors or no memory left: from here, doubled
/// each time, to there. Go: `http.Server.Serve`.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Takes them until the listener is closed.
pub(super) fn take_all(listener: &TcpListener, site: &'static Site) {
    let mut pause = Duration::ZERO;
    loop {
        match listener.accept().and_then(|(stream, peer)| start(stream, peer, site)) {
            Ok(()) => pause = Duration::ZERO,
            Err(_) if site.live.is_stopping() => return,
            // The network's errors of one connection, which accept(2) hands over.
            Err(error) => {
                pause = (2 * pause).clamp(PAUSE_MIN, PAUSE_MAX);
                site.log.say(format_args!("accept: {error}; again in {} ms", pause.as_millis()));
                thread::sleep(pause);
            }
        }
    }
}

fn start(stream: TcpStream, peer: SocketAddr, site: &'static Site) -> Result<(), Errno> {
    let _gone = stream.set_nodelay(true); // the first read will tell
    let guest = site.live.enter(stream);
    let connection = Connection::new(guest, peer.ip(), site);
    thread::Builder::new().spawn(move || connection.run()).map(drop)
}

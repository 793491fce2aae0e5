//! `serve [--listen ADDR] [--root DIR]`: the files of a folder, by HTTP/1.1.
//!
//! A goroutine for each connection (`connection`), one that takes them (`accept`), one that writes
//! the log (`log`); main waits for the signal that ends it. What the protocol says is in `rt-http`.

mod accept;
mod answer;
mod connection;
mod files;
mod input;
mod live;
mod log;
mod options;

use alloc::boxed::Box;
use alloc::sync::Arc;

use rt_main::chan::bounded;
use rt_main::fs::{self, Fd};
use rt_main::net::{SocketAddr, TcpListener};
use rt_main::signal::{self, Signal};
use rt_main::{eprintln, thread};

use super::Outcome;
use live::Live;
use log::Log;
use options::{Limits, Options};

/// What all connections share. It lives as long as the program.
struct Site {
    root: Fd,
    limits: Limits,
    log: Log,
    live: Live,
}

pub(crate) fn run(args: impl ExactSizeIterator<Item = &'static [u8]>) -> Outcome {
    let options = match Options::parse(args.len()) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("serve: {wrong}");
            return Ok(2);
        }
    };
    // Who reads our output may end before we do.
    signal::ignore(&[Signal::PIPE]);
    let (sender, signals) = bounded(2);
    signal::notify(&sender, &[Signal::INT, Signal::TERM]);
    let shown = options.root.to_string_lossy();
    let root = match fs::open_folder(options.root) {
        Ok(root) => root,
        Err(error) => {
            eprintln!("serve: --root: {shown}: {error}");
            return Ok(1);
        }
    };
    let (listener, address) = match listen(&options) {
        Ok(listening) => listening,
        Err(error) => {
            eprintln!("serve: --listen: {}: {error}", options.listen);
            return Ok(1);
        }
    };
    let log = Log::start(options.is_quiet);
    let site = Site { root, limits: options.limits, log, live: Live::default() };
    let site: &'static Site = Box::leak(Box::new(site));
    eprintln!("serving {shown} on http://{address}");
    let accepting = Arc::clone(&listener);
    thread::go(move || accept::take_all(&accepting, site));
    let _first = signals.recv(); // the sender lives
    // The next one ends the program at once.
    signal::reset(&[Signal::INT, Signal::TERM]);
    site.live.begin_to_stop();
    let _open = listener.close();
    site.live.finish(site.limits.grace);
    site.log.finish();
    Ok(0)
}

fn listen(options: &Options) -> Result<(Arc<TcpListener>, SocketAddr), fs::Errno> {
    let listener = TcpListener::bind(options.listen)?;
    let address = listener.local_addr()?;
    Ok((Arc::new(listener), address))
}

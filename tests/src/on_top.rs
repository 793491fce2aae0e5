//! A program that serves, and the programs of others that talk to it.

use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::Duration;

use crate::outcome::Outcome;
use crate::run::{Program, first_line};

/// How long one side waits for the other.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that serves, until it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts it. Its first line is its address, as `scheme://host:port`.
    ///
    /// # Panics
    /// When it cannot start, or says something else.
    #[must_use]
    pub fn start(mut program: Program) -> Server {
        let mut child = program.spawn().expect("a server starts");
        let url = first_line(child.stdout.as_mut()).trim_end().to_string();
        assert!(url.contains("://"), "where it serves: {url:?}");
        Server { child, url }
    }

    /// Where it serves, as it says.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address in that.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.split_once("://").expect("an address").1
    }

    /// The port in that.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn port(&self) -> &str {
        self.url.rsplit_once(':').expect("a port").1
    }

    /// A connection with it, which does not wait for ever.
    ///
    /// # Panics
    /// When there is none to be had.
    #[must_use]
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.try_wait();
        let _gone = self.child.kill();
        let _status = self.child.wait();
        if !std::thread::panicking() {
            assert!(matches!(ended, Ok(None)), "the server has ended: {ended:?}");
        }
    }
}

/// A program of others', if it is here. Where `.ci/run` was to install it (`RT_CI` is set) it must.
///
/// # Panics
/// When it must be here and is not.
#[must_use]
pub fn client(name: &str) -> Option<Program> {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", name]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(Program::at(name));
    }
    assert!(std::env::var_os("RT_CI").is_none(), "{name} is not here: .ci/run installs it");
    eprintln!("SKIPPED: {name} is not here");
    None
}

/// What a program of others' says on standard output. `None`: it is not here.
///
/// # Panics
/// When it fails, or must be here and is not.
#[must_use]
pub fn says<S: AsRef<std::ffi::OsStr>>(
    name: &str,
    args: impl IntoIterator<Item = S>,
) -> Option<String> {
    let outcome: Outcome = client(name)?.args(args).limit(3 * PATIENCE).run();
    assert!(outcome.status.success(), "{}", outcome.show());
    Some(outcome.stdout)
}

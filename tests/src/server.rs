//! `rt-main serve` as a process, and clients that send it bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::run::Program;
use crate::setup;

/// How long a client waits for the server, and a test for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a stream of the process has said so far.
type Said = Arc<Mutex<Vec<u8>>>;

/// A server over a folder of its own; killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    folder: TempDir,
    stdout: Said,
    stderr: Said,
}

impl Server {
    /// One with these words on its command line, over an empty folder.
    ///
    /// # Panics
    /// When it does not begin to serve.
    #[must_use]
    pub fn start(args: &[&str]) -> Server {
        Server::of(Program::bare("rt-main"), args)
    }

    /// One that is started by `program`, which is rt-main.
    ///
    /// # Panics
    /// As [`Server::start`].
    #[must_use]
    pub fn of(program: Program, args: &[&str]) -> Server {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = folder.path().join("root");
        std::fs::create_dir(&root).expect("a folder can be made");
        let listen =
            if args.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let program = program.arg("serve").arg("--root").arg(&root).args(listen).args(args);
        let mut program = program.procs(2);
        let mut child = program.spawn().expect("it starts");
        let stdout = collect(child.stdout.take().expect("it is a pipe"));
        let stderr = collect(child.stderr.take().expect("it is a pipe"));
        let line = wait_for(|| shown(&stderr).split_once('\n').map(|(line, _)| line.to_owned()));
        let (shown_root, address) = line
            .strip_prefix("serving ")
            .and_then(|rest| rest.split_once(" on http://"))
            .unwrap_or_else(|| panic!("it says {line:?}"));
        assert_eq!(Path::new(shown_root), root);
        let address = address.parse().expect("an address");
        Server { child, address, folder, stdout, stderr }
    }

    /// The path of a file below the root; `..` leads to what must stay unseen.
    #[must_use]
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("root").join(name)
    }

    /// Writes a file below the root, as of long ago, and the folders that it is in.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("the root")).expect("folders can be made");
        std::fs::write(&path, bytes).expect("a file can be written");
        let file = std::fs::File::options().append(true).open(&path).expect("it is there");
        let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(784_111_777);
        file.set_modified(long_ago).expect("it is ours");
    }

    /// A new client.
    ///
    /// # Panics
    /// When it cannot connect.
    #[must_use]
    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("not zero");
        Client { stream, buffer: Vec::new() }
    }

    /// What comes of one request of a new client, without a body for `HEAD`.
    #[track_caller]
    pub fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect();
        client.send(request.as_ref());
        client.answer_to(request.as_ref())
    }

    /// What a GET of this target is answered, with these fields.
    #[track_caller]
    pub fn get(&self, target: &str, fields: &str) -> Answer {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"))
    }

    /// What it has said on standard output.
    #[must_use]
    pub fn stdout(&self) -> String {
        shown(&self.stdout)
    }

    /// What it has said on standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        shown(&self.stderr)
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        setup::kill(&self.child, signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        wait_for(|| self.child.try_wait().expect("it is a child"))
    }

    /// It still runs, and answers.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn expect_well(&self) {
        let answer = self.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_eq!(answer.status, 204);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
        if thread::panicking() {
            eprintln!("--- standard error of the server\n{}---", self.stderr());
        }
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> Said {
    let said = Said::default();
    let to = Arc::clone(&said);
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(len @ 1..) = stream.read(&mut bytes) {
            to.lock().expect("nobody panics").extend(&bytes[..len]);
        }
    });
    said
}

fn shown(said: &Said) -> String {
    String::from_utf8_lossy(&said.lock().expect("nobody panics")).into_owned()
}

/// Looks again and again until there is something.
///
/// # Panics
/// When there is nothing after all.
#[track_caller]
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "nothing came within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// One connection.
#[derive(Debug)]
pub struct Client {
    /// The connection itself.
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The code.
    pub status: u16,
    /// All of the head.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Sends bytes. What a server that has closed already does not take is dropped.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _closed = self.stream.write_all(bytes.as_ref());
    }

    /// Receives some; false at the end.
    fn receive(&mut self) -> bool {
        let mut bytes = [0; 65536];
        match self.stream.read(&mut bytes) {
            Ok(len) => {
                self.buffer.extend(&bytes[..len]);
                len > 0
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&self.buffer)),
        }
    }

    /// The next response, if there is one before the connection ends.
    ///
    /// # Panics
    /// When it is cut or is none, or the server says nothing.
    #[track_caller]
    pub fn next(&mut self, has_body: bool) -> Option<Answer> {
        let end = loop {
            let found = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(at) = found {
                break at + 4;
            }
            if !self.receive() {
                assert_eq!(self.buffer, b"", "a part of a head");
                return None;
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).expect("ASCII");
        let code = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = code.unwrap_or_else(|| panic!("no status line: {head:?}"));
        let mut answer = Answer { status, head, body: Vec::new() };
        let len = answer.field("Content-Length").map_or(0, |len| len.parse().expect("a number"));
        while has_body && self.buffer.len() < len {
            assert!(self.receive(), "{} bytes of {}", self.buffer.len(), answer.head);
        }
        answer.body = self.buffer.drain(..if has_body { len } else { 0 }).collect();
        Some(answer)
    }

    /// The answer to the request that was sent.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn answer_to(&mut self, request: &[u8]) -> Answer {
        self.next(!request.starts_with(b"HEAD")).expect("an answer")
    }

    /// The answer to a GET.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        self.next(true).expect("an answer")
    }

    /// Nothing more comes, and the connection ends.
    ///
    /// # Panics
    /// When something does.
    #[track_caller]
    pub fn expect_end(&mut self) {
        while self.receive() {}
        assert_eq!(String::from_utf8_lossy(&self.buffer), "", "and then the end");
    }

    /// All that comes until the end.
    pub fn rest(mut self) -> Vec<u8> {
        while self.receive() {}
        self.buffer
    }
}

impl Answer {
    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body, a text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Does it say that the connection ends?
    #[must_use]
    pub fn closes(&self) -> bool {
        self.field("Connection") == Some("close")
    }
}

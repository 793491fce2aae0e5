//! The access log, on standard output, and what goes wrong, on standard error. Lines are gathered
//! for some ms, and written at once by a goroutine of their own: no request pays for a write, and
//! no client waits for who reads them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{Arguments, Write};
use core::mem::take;
use core::time::Duration;

use rt_http::access::Line;
use rt_main::chan::{Sender, bounded};
use rt_main::fs::{self, Errno, Fd};
use rt_main::sync::{Arc, Mutex};
use rt_main::{eprintln, thread};
use rt_os::sys::epoll::{WRITABLE, poll_one};

use super::live::held;

/// How long lines are gathered.
const GATHERING: Duration = Duration::from_millis(20);
/// Bytes that may wait. Lines beyond are lost, and counted.
const PENDING_MAX: usize = 1 << 20;
/// Bytes of messages that may wait. Those beyond are lost.
const MESSAGES_MAX: usize = 4 << 10;
/// How long the end of the program waits for who reads the log.
const LAST_WRITE: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    lost: u64,
    messages: String,
}

pub(super) struct Log {
    pending: Arc<Mutex<Pending>>,
    /// Wakes the writer. It answers into the channel that it gets, if any.
    wake: Sender<Option<Sender<()>>>,
    /// Requests are not logged.
    is_quiet: bool,
}

impl Log {
    pub(super) fn start(is_quiet: bool) -> Log {
        let (wake, woken) = bounded::<Option<Sender<()>>>(1);
        let pending = Arc::new(Mutex::new(Pending::default()));
        let log = Log { pending: Arc::clone(&pending), wake, is_quiet };
        thread::go(move || {
            let mut writer = Writer::default();
            while let Ok(answer) = woken.recv() {
                if answer.is_none() {
                    thread::sleep(GATHERING);
                }
                writer.write(&take(&mut *held(pending.lock())));
                if let Some(sender) = answer {
                    writer.tell_lost();
                    let _nobody = sender.send(());
                }
            }
        });
        log
    }

    pub(super) fn add(&self, line: &Line<'_>) {
        if self.is_quiet {
            return;
        }
        let mut pending = held(self.pending.lock());
        let is_first = pending.lines.is_empty();
        if pending.lines.len() < PENDING_MAX {
            line.write_to(&mut pending.lines);
        } else {
            pending.lost += 1;
        }
        drop(pending);
        if is_first {
            self.wake();
        }
    }

    /// Says what has gone wrong, without waiting for who reads it.
    pub(super) fn say(&self, message: Arguments<'_>) {
        let mut pending = held(self.pending.lock());
        if pending.messages.len() < MESSAGES_MAX {
            let _infallible = writeln!(pending.messages, "serve: {message}");
        }
        drop(pending);
        self.wake();
    }

    fn wake(&self) {
        let _full = self.wake.try_send(None); // then it is woken already
    }

    /// Writes what is left.
    pub(super) fn finish(&self) {
        let (sender, done) = bounded(1);
        let is_asked = self.wake.send_timeout(Some(sender), LAST_WRITE).is_ok();
        let _late = is_asked.then(|| done.recv_timeout(LAST_WRITE));
    }
}

/// Who writes.
#[derive(Default)]
struct Writer {
    /// Lines that nobody was told of yet.
    lost: u64,
    /// Why nothing can be written, if that was said.
    error: Option<Errno>,
}

impl Writer {
    fn write(&mut self, pending: &Pending) {
        self.lost += pending.lost;
        match write_all(1, &pending.lines) {
            Ok(()) if pending.lines.is_empty() => {}
            Ok(()) => {
                self.error = None;
                self.tell_lost();
            }
            Err((rest, error)) => {
                self.lost += rest.iter().filter(|&&byte| byte == b'\n').count() as u64;
                if self.error.replace(error) != Some(error) {
                    eprintln!("serve: access log: {error}");
                }
            }
        }
        let _nobody_hears = write_all(2, pending.messages.as_bytes());
    }

    fn tell_lost(&mut self) {
        if self.lost > 0 {
            eprintln!("serve: {} lines of the access log are lost", take(&mut self.lost));
        }
    }
}

/// Waits where whoever else has the file has it not block.
fn write_all(fd: Fd, mut bytes: &[u8]) -> Result<(), (&[u8], Errno)> {
    while !bytes.is_empty() {
        match fs::write(fd, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EAGAIN) => poll_one(fd, WRITABLE, None).map(drop).map_err(|e| (bytes, e))?,
            Err(error) => return Err((bytes, error)),
        }
    }
    Ok(())
}

//! The access log, on standard output. Lines are gathered for some ms, and written at once by a
//! goroutine of their own: no request pays for a write, and no client waits for who reads the log.

use alloc::vec::Vec;
use core::mem::take;
use core::time::Duration;

use rt_http::access::Line;
use rt_main::chan::{Sender, bounded};
use rt_main::fs;
use rt_main::sync::{Arc, Mutex};
use rt_main::{eprintln, thread};

use super::live::held;

/// How long lines are gathered.
const GATHERING: Duration = Duration::from_millis(20);
/// Bytes that may wait. Lines beyond are lost, and counted.
const PENDING_MAX: usize = 1 << 20;
/// How long the end of the program waits for who reads the log.
const LAST_WRITE: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    lost: u64,
}

pub(super) struct Log {
    pending: Arc<Mutex<Pending>>,
    /// Wakes the writer. It answers into the channel that it gets, if any.
    wake: Sender<Option<Sender<()>>>,
}

impl Log {
    pub(super) fn start() -> Log {
        let (wake, woken) = bounded::<Option<Sender<()>>>(1);
        let pending = Arc::new(Mutex::new(Pending::default()));
        let log = Log { pending: Arc::clone(&pending), wake };
        thread::go(move || {
            while let Ok(answer) = woken.recv() {
                if answer.is_none() {
                    thread::sleep(GATHERING);
                }
                write(take(&mut *held(pending.lock())));
                let _nobody = answer.map(|sender| sender.send(()));
            }
        });
        log
    }

    pub(super) fn add(&self, line: &Line<'_>) {
        let mut pending = held(self.pending.lock());
        let is_first = pending.lines.is_empty();
        if pending.lines.len() < PENDING_MAX {
            line.write_to(&mut pending.lines);
        } else {
            pending.lost += 1;
        }
        drop(pending);
        if is_first {
            let _full = self.wake.try_send(None); // then it is woken already
        }
    }

    /// Writes what is left.
    pub(super) fn finish(&self) {
        let (sender, done) = bounded(1);
        let is_asked = self.wake.send_timeout(Some(sender), LAST_WRITE).is_ok();
        let _late = is_asked.then(|| done.recv_timeout(LAST_WRITE));
    }
}

fn write(pending: Pending) {
    let _lost = fs::write_all(1, &pending.lines); // there is nobody to tell
    if pending.lost > 0 {
        eprintln!("serve: {} lines of the access log are lost", pending.lost);
    }
}

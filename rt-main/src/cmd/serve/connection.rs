//! One connection: its requests, one after the other.

use core::net::IpAddr;
use core::time::Duration;

use rt_http::head::{self, HEAD_MAX, Parsed, Room};
use rt_http::request::{After, Request};
use rt_http::status::Status;
use rt_main::fs::Errno;
use rt_main::net::Shutdown;
use rt_main::time::Instant;

use super::Site;
use super::answer::Answers;
use super::input::Input;
use super::live::Guest;

/// After the last answer, what the client still sends is received for so long and so far: else the
/// kernel would reset the connection, and what is not sent yet would be lost. RFC 9112 §9.6.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_MAX: usize = 256 << 10;

/// Who sends nothing for so long keeps no memory for what may come.
const BRIEFLY: Duration = Duration::from_millis(100);

pub(super) struct Connection {
    input: Input,
    answers: Answers,
    site: &'static Site,
    /// When the head began that is not whole yet; at first, when the connection began.
    head_began: Option<Instant>,
    /// What is unread is the beginning of a head, or nothing.
    needs_more: bool,
}

/// How it ends.
enum End {
    /// There is nobody to hear us.
    AtOnce,
    /// The client may still be sending, and not have received all.
    Linger,
}

impl From<Errno> for End {
    fn from(_: Errno) -> End {
        End::AtOnce
    }
}

impl Connection {
    pub(super) fn new(stream: Guest, peer: IpAddr, site: &'static Site) -> Connection {
        let answers = Answers::new(stream, peer, site);
        Connection {
            input: Input::new(),
            answers,
            site,
            head_began: Some(Instant::now()),
            needs_more: true,
        }
    }

    pub(super) fn run(mut self) {
        let end = loop {
            let done = if self.needs_more { self.receive() } else { self.step() };
            if let Err(end) = done {
                break end;
            }
        };
        if matches!(end, End::Linger) {
            self.linger();
        }
    }

    /// Answers the next request, if it is there. Not inlined: its frame has room for a head, which
    /// who waits for one does not need.
    #[inline(never)]
    fn step(&mut self) -> Result<(), End> {
        let unread = self.input.unread();
        // Only the log looks at it.
        let line = head::first_line(unread).unwrap_or(unread);
        let mut room = Room::default();
        let (len, after) = match head::parse(unread, &mut room) {
            Parsed::Partial => {
                self.needs_more = true;
                return Ok(());
            }
            Parsed::Refused(status) => {
                self.answers.refuse(status, After::Close, is_head(line), line);
                self.answers.flush()?;
                return Err(End::Linger);
            }
            Parsed::Whole(head, len) => {
                let after = match Request::of(&head) {
                    Ok(request) => self.answers.answer(&request, line)?,
                    Err(refusal) => {
                        self.answers.refuse(refusal.status, refusal.after, is_head(line), line)
                    }
                };
                (len, after)
            }
        };
        self.input.consume(len as u64);
        self.head_began = None;
        match after {
            After::Skip(body) => self.skip(body),
            After::Close => {
                self.answers.flush()?;
                Err(End::Linger)
            }
        }
    }

    /// Has reads fail when `time` from `start` is over, or the program is to end.
    fn set_read_deadline(&self, start: Instant, time: Duration) -> Result<(), End> {
        self.answers.stream.set_read_deadline(Some(start + time));
        // Whoever stops us after this look changes the deadline.
        if self.site.live.is_stopping() { Err(End::Linger) } else { Ok(()) }
    }

    /// Receives until it is worth parsing.
    fn receive(&mut self) -> Result<(), End> {
        self.answers.flush()?;
        let (idle_since, mut rests) = (Instant::now(), false);
        loop {
            let is_idle = self.input.unread().is_empty();
            if !is_idle {
                self.head_began.get_or_insert_with(Instant::now);
            }
            let (start, limit) = match self.head_began {
                Some(began) => (began, self.site.limits.head),
                None => (idle_since, self.site.limits.idle),
            };
            let limit = if is_idle && !rests { limit.min(BRIEFLY) } else { limit };
            self.set_read_deadline(start, limit)?;
            match self.input.receive(&self.answers.stream) {
                Ok([]) => return Err(End::AtOnce),
                Ok(new) => {
                    if head::may_decide(new) || self.input.unread().len() >= HEAD_MAX {
                        self.needs_more = false;
                        return Ok(());
                    }
                }
                Err(Errno::ETIMEDOUT) if is_idle && !rests => {
                    rests = true;
                    self.rest();
                }
                Err(Errno::ETIMEDOUT) if !is_idle && !self.site.live.is_stopping() => {
                    let line = self.input.unread();
                    let line = head::first_line(line).unwrap_or(line);
                    let is_head = is_head(line);
                    self.answers.refuse(Status::REQUEST_TIMEOUT, After::Close, is_head, line);
                    self.answers.flush()?;
                    return Err(End::Linger);
                }
                Err(Errno::ETIMEDOUT) => return Err(End::Linger),
                Err(_) => return Err(End::AtOnce),
            }
        }
    }

    /// Nothing came at once, and may not for long.
    #[inline(never)]
    fn rest(&mut self) {
        self.input.rest();
        self.answers.rest();
        rt_main::runtime::shrink_stack();
    }

    /// Passes over a body.
    fn skip(&mut self, len: u64) -> Result<(), End> {
        let mut left = len - self.input.consume(len);
        self.needs_more = self.input.unread().is_empty();
        if left == 0 {
            return Ok(());
        }
        self.answers.flush()?;
        self.set_read_deadline(Instant::now(), self.site.limits.head)?;
        while left > 0 {
            match self.input.receive(&self.answers.stream) {
                Ok([]) => return Err(End::AtOnce),
                Ok(_) => {}
                Err(Errno::ETIMEDOUT) => return Err(End::Linger),
                Err(_) => return Err(End::AtOnce),
            }
            left -= self.input.consume(left);
        }
        self.needs_more = self.input.unread().is_empty();
        Ok(())
    }

    fn linger(&mut self) {
        let stream = &self.answers.stream;
        if stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let until = Instant::now() + LINGER;
        let mut dropped = 0;
        while dropped < LINGER_MAX {
            self.input.consume(u64::MAX);
            stream.set_read_deadline(Some(until)); // who stops us has set another
            match self.input.receive(stream) {
                Err(Errno::ETIMEDOUT) if Instant::now() < until => {}
                Ok([]) | Err(_) => break,
                Ok(new) => dropped += new.len(),
            }
        }
    }
}

/// Does the request, of which this is the line, ask for no content? Also if it is refused.
fn is_head(line: &[u8]) -> bool {
    line.starts_with(b"HEAD ")
}

//! Answers requests. Small answers are gathered, so that those to requests that came together go
//! out together; long files go from the kernel to the kernel.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::Range;

use rt_http::access::Line;
use rt_http::conditional::{Validators, Verdict, judge};
use rt_http::content_type;
use rt_http::range::Asked;
use rt_http::request::{After, Method, Request};
use rt_http::response::{Keep, Response};
use rt_http::status::Status;
use rt_main::fs::{self, Errno, Stat};
use rt_main::time::Instant;
use rt_os::sys::clock::walltime;

use super::Site;
use super::files::{self, File, Found};
use super::live::Guest;

/// A file of so many bytes goes out in the same write as its head.
const SMALL: u64 = 32 << 10;
/// Bytes that are gathered at most before they are written.
const GATHERED: usize = 64 << 10;
/// Bytes of a file that one call sends at most.
const PIECE: u64 = 1 << 20;
/// Bytes that are kept for the answers to come.
const KEPT: usize = 4 << 10;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) struct Answers {
    pub(super) stream: Guest,
    peer: IpAddr,
    site: &'static Site,
    /// Not written yet.
    out: Vec<u8>,
}

/// What is known of the request that is answered.
struct Asking<'a> {
    /// For the log.
    line: &'a [u8],
    now_s: u64,
    is_head: bool,
    after: After,
}

impl Asking<'_> {
    fn response(&self, status: Status) -> Response<'_> {
        let keep = if self.after == After::Close { Keep::Close } else { Keep::Alive };
        Response { keep, ..Response::of(status, self.now_s) }
    }
}

impl Answers {
    pub(super) fn new(stream: Guest, peer: IpAddr, site: &'static Site) -> Answers {
        Answers { stream, peer, site, out: Vec::new() }
    }

    /// Gives back what is kept for answers to come, if all was written.
    pub(super) fn rest(&mut self) {
        if self.out.is_empty() {
            self.out = Vec::new();
        }
    }

    /// What is next after all: nothing when the program is to end.
    fn asking<'a>(&self, line: &'a [u8], is_head: bool, after: After) -> Asking<'a> {
        let after = if self.site.live.is_stopping() { After::Close } else { after };
        Asking { line, now_s: walltime() / 1_000_000_000, is_head, after }
    }

    /// Answers a request; says what is next.
    pub(super) fn answer(&mut self, request: &Request<'_>, line: &[u8]) -> Result<After, Errno> {
        let is_head = request.method == Method::Head;
        let mut asking = self.asking(line, is_head, request.after);
        if request.method == Method::Options {
            self.gather(&asking, asking.response(Status::NO_CONTENT), b"");
        } else {
            match files::find(self.site.root, &request.path) {
                Ok(Found::File(file, stat, index)) => {
                    let name = index.as_ref().unwrap_or(&request.path).as_bytes();
                    self.answer_file(&asking, request, name, &file, &stat)?;
                }
                Ok(Found::NoSlash) => {
                    let location = Some((&request.path, request.query));
                    let response =
                        Response { location, ..asking.response(Status::MOVED_PERMANENTLY) };
                    self.explain(&asking, response);
                }
                Ok(Found::Folder(folder)) => match files::list(&folder, &request.path) {
                    Ok(page) => {
                        let response =
                            Response { content_type: Some(HTML), ..asking.response(Status::OK) };
                        self.gather(&asking, response, &page);
                    }
                    Err(status) => self.explain(&asking, asking.response(status)),
                },
                Err(status) => {
                    if status == Status::SERVICE_UNAVAILABLE {
                        asking.after = After::Close; // that is a descriptor less
                    }
                    self.explain(&asking, asking.response(status));
                }
            }
        }
        if self.out.len() > GATHERED {
            self.flush()?;
        }
        Ok(asking.after)
    }

    /// Answers what is no request, or none that is served here; says what is next.
    pub(super) fn refuse(
        &mut self,
        status: Status,
        after: After,
        is_head: bool,
        line: &[u8],
    ) -> After {
        let asking = self.asking(line, is_head, after);
        self.explain(&asking, asking.response(status));
        asking.after
    }

    fn log(&self, asking: &Asking<'_>, status: Status, sent: u64) {
        let Asking { line: request, now_s, .. } = *asking;
        self.site.log.add(&Line { peer: self.peer, now_s, request, status, sent });
    }

    /// Gathers a response with a body, which is not for HEAD.
    fn gather(&mut self, asking: &Asking<'_>, response: Response<'_>, body: &[u8]) {
        let length = response.status.has_body().then_some(body.len() as u64);
        Response { length, ..response }.write_to(&mut self.out);
        let body = if asking.is_head { b"" } else { body };
        self.out.extend_from_slice(body);
        self.log(asking, response.status, body.len() as u64);
    }

    /// Gathers a response whose body says in words what its status is.
    fn explain(&mut self, asking: &Asking<'_>, response: Response<'_>) {
        let text = alloc::format!("{} {}\n", response.status.code(), response.status.reason());
        self.gather(asking, Response { content_type: Some(TEXT), ..response }, text.as_bytes());
    }

    fn answer_file(
        &mut self,
        asking: &Asking<'_>,
        request: &Request<'_>,
        name: &[u8],
        file: &File,
        stat: &Stat,
    ) -> Result<(), Errno> {
        let size = stat.size_bytes;
        let validators = Validators::of(size, stat.modified_ns, asking.now_s);
        let of_file = |status| Response { file: Some(validators), ..asking.response(status) };
        let part = match judge(request.fields, request.method, &validators, asking.now_s) {
            Verdict::Send(Asked::Whole) => None,
            Verdict::Send(Asked::Part(part)) => Some(part),
            Verdict::Send(Asked::Unsatisfiable) => {
                self.explain(asking, of_file(Status::RANGE_NOT_SATISFIABLE));
                return Ok(());
            }
            Verdict::NotModified => {
                self.gather(asking, of_file(Status::NOT_MODIFIED), b"");
                return Ok(());
            }
            Verdict::Failed => {
                self.explain(asking, asking.response(Status::PRECONDITION_FAILED));
                return Ok(());
            }
        };
        let status = if part.is_some() { Status::PARTIAL_CONTENT } else { Status::OK };
        let bytes = part.clone().unwrap_or(0..size);
        let length = Some(bytes.end - bytes.start);
        let content_type = Some(content_type::of(name));
        Response { part, length, content_type, ..of_file(status) }.write_to(&mut self.out);
        let mut sent = 0;
        let result = match asking.is_head {
            true => Ok(()),
            false => self.send(file, bytes, &mut sent),
        };
        self.log(asking, status, sent);
        result
    }

    /// Sends bytes of a file, and counts them. The head that promises them is gathered already:
    /// what fails ends the connection.
    fn send(&mut self, file: &File, bytes: Range<u64>, sent: &mut u64) -> Result<(), Errno> {
        if bytes.end - bytes.start <= SMALL {
            return self.send_copy(file, bytes, sent);
        }
        self.flush()?;
        let mut at = bytes.start;
        while at < bytes.end {
            let len = (bytes.end - at).min(PIECE) as usize;
            self.set_write_deadline();
            match self.stream.send_file(file.0, at, len) {
                Ok(0) => return Err(SHRUNK),
                Ok(len) => {
                    at += len as u64;
                    *sent += len as u64;
                }
                // Not for this kind of file, or not allowed.
                Err(Errno::EINVAL | Errno::ENOSYS | Errno::EPERM) => {
                    let next = bytes.end.min(at + SMALL);
                    self.send_copy(file, at..next, sent)?;
                    self.flush()?;
                    at = next;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gathers bytes of a file.
    fn send_copy(&mut self, file: &File, bytes: Range<u64>, sent: &mut u64) -> Result<(), Errno> {
        let start = self.out.len();
        self.out.resize(start + (bytes.end - bytes.start) as usize, 0);
        let mut done = 0;
        while start + done < self.out.len() {
            match fs::pread(file.0, &mut self.out[start + done..], bytes.start + done as u64) {
                Ok(len @ 1..) => done += len,
                short => {
                    self.out.truncate(start + done);
                    *sent += done as u64;
                    self.flush()?;
                    return Err(short.err().unwrap_or(SHRUNK));
                }
            }
        }
        *sent += done as u64;
        Ok(())
    }

    fn set_write_deadline(&self) {
        let deadline = Instant::now() + self.site.limits.write;
        self.stream.set_write_deadline(Some(deadline));
    }

    /// Writes what is gathered.
    pub(super) fn flush(&mut self) -> Result<(), Errno> {
        let mut rest = &self.out[..];
        while !rest.is_empty() {
            self.set_write_deadline();
            let taken = self.stream.write(rest)?;
            rest = &rest[taken..];
        }
        self.out.clear();
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
        Ok(())
    }
}

/// The file has not the bytes any more that its head has promised.
const SHRUNK: Errno = Errno::EIO;

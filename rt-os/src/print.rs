//! Printing without memory: a line at a time, straight to the descriptor. Go: `print`, `gwrite`.

use core::fmt::{self, Write};

use core::sync::atomic::{AtomicBool, Ordering};

use crate::sys::file::{self, Fd};

/// Bytes that are collected before they are written: a line that fits goes out in one write.
const BUFFER: usize = 512;

/// A writer to a file descriptor that writes when it is full and when dropped, whole lines as far
/// as they fit: those of several threads do not mix. What cannot be written is lost;
/// [`has_lost_output`] tells.
#[derive(Debug)]
pub struct Printer {
    fd: Fd,
    /// How many of `bytes` wait to be written.
    len: usize,
    bytes: [u8; BUFFER],
}

impl Printer {
    /// A printer to `fd`.
    #[must_use]
    pub fn new(fd: Fd) -> Printer {
        Printer { fd, len: 0, bytes: [0; BUFFER] }
    }

    /// Writes what is collected.
    pub fn flush(&mut self) {
        self.write_first(self.len);
    }

    /// Makes room: writes all whole lines, or what there is of one that is longer than the buffer.
    fn write_lines(&mut self) {
        let collected = &self.bytes[..self.len];
        let last = collected.iter().rposition(|&byte| byte == b'\n');
        self.write_first(last.map_or(self.len, |last| last + 1));
    }

    fn write_first(&mut self, count: usize) {
        if file::write_all(self.fd, &self.bytes[..count]).is_err() && self.fd == 1 {
            LOST.store(true, Ordering::Relaxed); // it says nothing of other memory
        }
        self.bytes.copy_within(count..self.len, 0);
        self.len -= count;
    }
}

impl Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            if self.len == BUFFER {
                self.write_lines();
            }
            let count = rest.len().min(BUFFER - self.len);
            let (now, later) = rest.split_at(count);
            self.bytes[self.len..self.len + count].copy_from_slice(now);
            self.len += count;
            rest = later;
        }
        Ok(())
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Something for standard output was lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Could something not be written that a [`Printer`] had for standard output?
#[must_use]
pub fn has_lost_output() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints to a descriptor. For the macros.
pub fn print_to(fd: Fd, text: fmt::Arguments<'_>) {
    let _infallible = Printer::new(fd).write_fmt(text);
}

/// Prints to standard output.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => { $crate::print::print_to(1, ::core::format_args!($($arg)*)) };
}

/// Prints a line to standard output.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($arg:tt)*) => { $crate::print!("{}\n", ::core::format_args!($($arg)*)) };
}

/// Prints to standard error.
#[macro_export]
macro_rules! eprint {
    ($($arg:tt)*) => { $crate::print::print_to(2, ::core::format_args!($($arg)*)) };
}

/// Prints a line to standard error.
#[macro_export]
macro_rules! eprintln {
    () => { $crate::eprint!("\n") };
    ($($arg:tt)*) => { $crate::eprint!("{}\n", ::core::format_args!($($arg)*)) };
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::io::{BufRead, Read};
    use std::os::fd::AsRawFd;
    use std::string::String;
    use std::vec::Vec;

    #[test]
    fn long_and_short_texts_arrive_whole() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut expected = String::new();
        for len in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER + 7] {
            let text = "x".repeat(len);
            print_to(writer.as_raw_fd(), format_args!("{len}:{text}\n"));
            expected.push_str(&std::format!("{len}:{text}\n"));
        }
        drop(writer);
        let mut got = String::new();
        reader.read_to_string(&mut got).unwrap();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_write_ends_with_a_line_where_one_fits() {
        // A socket for datagrams shows each write by itself.
        let (reader, writer) = std::os::unix::net::UnixDatagram::pair().unwrap();
        reader.set_nonblocking(true).unwrap();
        let (line, long) = ("x".repeat(300), "y".repeat(BUFFER + 88));
        print_to(writer.as_raw_fd(), format_args!("a\n{line}\n{line}\n{long}\nend"));
        let mut bytes = [0u8; 2 * BUFFER];
        let mut next = || reader.recv(&mut bytes).ok().map(|len| bytes[..len].to_vec());
        let writes: Vec<Vec<u8>> = core::iter::from_fn(&mut next).collect();
        let expected = [
            std::format!("a\n{line}\n"),
            std::format!("{line}\n"),
            String::from(&long[..BUFFER]),
            std::format!("{}\nend", &long[BUFFER..]),
        ];
        assert_eq!(writes, expected.map(String::into_bytes));
    }

    #[test]
    fn lines_of_many_threads_do_not_mix() {
        let (reader, writer) = std::io::pipe().unwrap();
        std::thread::scope(|scope| {
            for letter in ["a", "b", "c"] {
                let fd = writer.as_raw_fd();
                scope.spawn(move || {
                    for len in (0..200).map(|i| 1 + i * 37 % (BUFFER - 1)) {
                        print_to(fd, format_args!("{}\n", letter.repeat(len)));
                    }
                });
            }
            let lines = std::io::BufReader::new(reader).lines().take(600);
            for line in lines.map(Result::unwrap) {
                let first = line.chars().next().unwrap();
                assert!(line.chars().all(|letter| letter == first), "{line:?}");
            }
        });
    }
}

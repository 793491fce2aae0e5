//! Printing without memory: a line at a time, straight to the descriptor. Go: `print`, `gwrite`.

use core::fmt::{self, Write};

use crate::sys::file::{self, Fd};

/// Bytes that are collected before they are written: a line that fits goes out in one write.
const BUFFER: usize = 512;

/// A writer to a file descriptor that flushes at each newline, when it is full, and when dropped.
/// What cannot be written is lost: there is nobody to tell.
#[derive(Debug)]
pub struct Printer {
    fd: Fd,
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
        let _lost = file::write_all(self.fd, &self.bytes[..self.len]);
        self.len = 0;
    }
}

impl Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let count = rest.len().min(BUFFER - self.len);
            let (now, later) = rest.split_at(count);
            self.bytes[self.len..self.len + count].copy_from_slice(now);
            self.len += count;
            rest = later;
            if self.len == BUFFER {
                self.flush();
            }
        }
        Ok(())
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.flush();
    }
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
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::string::String;

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
}

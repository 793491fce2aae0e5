//! What the tests ask the kernel.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::AsRawFd;

/// A pipe, and so a way to ask whether memory is there without touching it: write(2) says EFAULT
/// where a program would fault.
pub(crate) struct Probe {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Probe {
    pub(crate) fn new() -> Probe {
        let (reader, writer) = std::io::pipe().unwrap();
        Probe { reader, writer }
    }

    /// Does a read of the byte at `address` succeed?
    pub(crate) fn readable(&mut self, address: usize) -> bool {
        let fd = self.writer.as_raw_fd() as usize;
        // SAFETY: write (1) reads one byte, if it can.
        match unsafe { rt_asm::syscall::syscall3(1, fd, address, 1) } {
            1 => self.reader.read_exact(&mut [0]).map(|()| true).unwrap(),
            -14 => false,
            other => panic!("write(2) said {other}"),
        }
    }
}

/// How many mappings the process has.
pub(crate) fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

/// A line of /proc/self/status that holds kB, in bytes.
pub(crate) fn status_bytes(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

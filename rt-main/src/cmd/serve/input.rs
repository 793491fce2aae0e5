//! What a client has sent and nobody has looked at yet.

use alloc::vec;
use alloc::vec::Vec;

use rt_http::head::HEAD_MAX;
use rt_main::fs::Errno;
use rt_main::net::TcpStream;

/// Room at first: for most requests, and many that come at once.
const ROOM_MIN: usize = 4 << 10;
/// Room for what may not come for long: the rest follows at once.
const ROOM_AT_REST: usize = 64;

pub(super) struct Input {
    /// The unread bytes are `start..end`.
    room: Vec<u8>,
    start: usize,
    end: usize,
    is_at_rest: bool,
}

impl Input {
    pub(super) fn new() -> Input {
        Input { room: Vec::new(), start: 0, end: 0, is_at_rest: false }
    }

    /// Gives back what is kept for more to come, if nothing is unread.
    pub(super) fn rest(&mut self) {
        if self.start == self.end {
            *self = Input { is_at_rest: true, ..Input::new() };
        }
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.room[self.start..self.end]
    }

    /// Passes over the first `len` bytes, or as many as there are; returns how many.
    pub(super) fn consume(&mut self, len: u64) -> u64 {
        let len = len.min(self.unread().len() as u64);
        self.start += len as usize;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.room.len() != ROOM_MIN {
                self.room = Vec::new();
            }
        }
        len
    }

    /// Receives more, behind what is there: less than [`HEAD_MAX`]. Returns the new bytes; none is
    /// the end.
    pub(super) fn receive(&mut self, stream: &TcpStream) -> Result<&[u8], Errno> {
        if self.room.is_empty() {
            self.room = vec![0; if self.is_at_rest { ROOM_AT_REST } else { ROOM_MIN }];
            self.is_at_rest = false;
        }
        if self.end == self.room.len() {
            self.room.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end == self.room.len() {
                self.room.resize(if self.end < ROOM_MIN { ROOM_MIN } else { HEAD_MAX }, 0);
            }
        }
        let len = stream.read(&mut self.room[self.end..])?;
        self.end += len;
        Ok(&self.room[self.end - len..self.end])
    }
}

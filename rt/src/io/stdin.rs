//! Standard input. std: `Stdin`, `StdinLock`.

use std::fmt;
use std::io::{self, BufRead, BufReader, IoSliceMut, IsTerminal, Lines, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::OnceLock;

use crate::blocking;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// std's stream, whose lock is held for one read.
struct Raw;

impl Read for Raw {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        blocking(|| io::stdin().read(buf))
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        blocking(|| io::stdin().read_vectored(bufs))
    }
}

/// Standard input, which all share: what one reads no other does. std: `Stdin`.
///
/// It has a buffer of its own. What is in that when somebody reads from `std::io::stdin()` is not
/// seen there.
pub struct Stdin {
    std: io::Stdin,
    buffer: &'static Mutex<BufReader<Raw>>,
}

/// Standard input, for the holder alone. std: `StdinLock`.
pub struct StdinLock<'a> {
    std: io::Stdin,
    buffer: MutexGuard<'a, BufReader<Raw>>,
}

/// Standard input.
#[must_use]
pub fn stdin() -> Stdin {
    static BUFFER: OnceLock<Mutex<BufReader<Raw>>> = OnceLock::new();
    let buffer = BUFFER.get_or_init(|| Mutex::new(BufReader::new(Raw)));
    Stdin { std: io::stdin(), buffer }
}

impl Stdin {
    /// Waits until it is the caller's alone. Who has it already waits for ever.
    #[must_use]
    pub fn lock(&self) -> StdinLock<'static> {
        let buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        StdinLock { std: io::stdin(), buffer }
    }

    /// Appends the next line, with its end, to `buf`; returns how many bytes. 0 is the end.
    ///
    /// # Errors
    /// read(2); `InvalidData` when it is not UTF-8.
    pub fn read_line(&self, buf: &mut String) -> io::Result<usize> {
        self.lock().read_line(buf)
    }

    /// The lines to come, without their ends. The lock is held as long as the iterator is there.
    pub fn lines(self) -> Lines<StdinLock<'static>> {
        self.lock().lines()
    }

    /// Does somebody type here? std: `IsTerminal`, which nobody else may implement.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.std.is_terminal()
    }
}

impl StdinLock<'_> {
    /// Does somebody type here? std: `IsTerminal`, which nobody else may implement.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.std.is_terminal()
    }
}

/// Standard input is read, owned or shared, by one at a time.
macro_rules! reads {
    ($($stdin:ty),*) => {
        $(impl Read for $stdin {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.lock().read(buf)
            }

            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.lock().read_vectored(bufs)
            }

            fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
                self.lock().read_to_end(buf)
            }

            fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
                self.lock().read_to_string(buf)
            }

            fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
                self.lock().read_exact(buf)
            }
        })*
    };
}

reads!(Stdin, &Stdin);

impl Read for StdinLock<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.buffer.read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.buffer.read_vectored(bufs)
    }

    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.buffer.read_to_end(buf)
    }

    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        self.buffer.read_to_string(buf)
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        self.buffer.read_exact(buf)
    }
}

impl BufRead for StdinLock<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.buffer.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.buffer.consume(amount);
    }
}

macro_rules! shown {
    ($($name:ident: $stdin:ty),*) => {
        $(impl fmt::Debug for $stdin {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl AsRawFd for $stdin {
            fn as_raw_fd(&self) -> RawFd {
                self.std.as_raw_fd()
            }
        }

        impl AsFd for $stdin {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.std.as_fd()
            }
        })*
    };
}

shown!(Stdin: Stdin, StdinLock: StdinLock<'_>);

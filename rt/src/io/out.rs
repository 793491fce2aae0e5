//! Standard output and standard error. std: `Stdout`, `StdoutLock`, `Stderr`, `StderrLock`.

use std::fmt::{self, Write as _};
use std::io::{self, IoSlice, IsTerminal, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::process::Stdio;

use super::owned::{Held, Owned};
use crate::blocking;

/// The text of `args`, made before anything is written: what makes it may park, and it goes out as
/// a whole.
fn text_of(args: fmt::Arguments<'_>) -> io::Result<String> {
    let mut text = String::new();
    text.write_fmt(args).map_err(|_| io::Error::other("formatter error"))?;
    Ok(text)
}

/// One stream: std's, whose lock is held for one call.
macro_rules! stream {
    ($(#[doc = $doc:literal])* $name:ident, $lock:ident, $get:ident) => {
        $(#[doc = $doc])*
        pub struct $name {
            std: io::$name,
            owned: &'static Owned,
        }

        /// The stream, for the holder's writes alone, who may take it again. Who holds it may park.
        pub struct $lock<'a> {
            std: io::$name,
            _held: Held<'a>,
        }

        /// The stream.
        #[must_use]
        pub fn $get() -> $name {
            static LOCK: Owned = Owned::new();
            $name { std: io::$get(), owned: &LOCK }
        }

        impl $name {
            /// Waits until nobody else holds it.
            ///
            /// # Panics
            /// When the caller takes it 2^32 times.
            #[must_use]
            pub fn lock(&self) -> $lock<'static> {
                $lock { _held: self.owned.lock(), std: io::$get() }
            }

            /// Does somebody watch here? std: `IsTerminal`, which nobody else may implement.
            #[must_use]
            pub fn is_terminal(&self) -> bool {
                self.std.is_terminal()
            }
        }

        impl $lock<'_> {
            /// Does somebody watch here? std: `IsTerminal`, which nobody else may implement.
            #[must_use]
            pub fn is_terminal(&self) -> bool {
                self.std.is_terminal()
            }
        }

        impl Write for $lock<'_> {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                blocking(|| self.std.write(buf))
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                blocking(|| self.std.write_vectored(bufs))
            }

            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                blocking(|| self.std.write_all(buf))
            }

            fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
                match args.as_str() {
                    Some(text) => self.write_all(text.as_bytes()),
                    None => self.write_all(text_of(args)?.as_bytes()),
                }
            }

            fn flush(&mut self) -> io::Result<()> {
                blocking(|| self.std.flush())
            }
        }

        stream!(writes $name, &$name);
        stream!(is $name: $name);
        stream!(is $lock: $lock<'_>);

        impl From<$name> for Stdio {
            fn from(stream: $name) -> Stdio {
                stream.std.into()
            }
        }
    };
    (writes $($stream:ty),*) => {
        $(impl Write for $stream {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.lock().write(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.lock().write_vectored(bufs)
            }

            fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
                self.lock().write_all(buf)
            }

            fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
                self.lock().write_fmt(args)
            }

            fn flush(&mut self) -> io::Result<()> {
                self.lock().flush()
            }
        })*
    };
    (is $name:ident: $stream:ty) => {
        impl fmt::Debug for $stream {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl AsRawFd for $stream {
            fn as_raw_fd(&self) -> RawFd {
                self.std.as_raw_fd()
            }
        }

        impl AsFd for $stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.std.as_fd()
            }
        }
    };
}

stream! {
    /// Standard output, which std gathers into lines. std: `Stdout`.
    Stdout, StdoutLock, stdout
}
stream! {
    /// Standard error, which nobody keeps back. std: `Stderr`.
    Stderr, StderrLock, stderr
}

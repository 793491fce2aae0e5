//! The streams as embedded-io's `Read` and `Write`: for code that is generic over where it reads.

use embedded_io::{ErrorType, Read, Write};
use rt_os::errno::Errno;

use crate::tcp::TcpStream;
use crate::unix::UnixStream;

macro_rules! streams {
    ($($stream:ty),*) => {
        $(impl ErrorType for $stream {
            type Error = Errno;
        }

        impl Read for $stream {
            #[inline]
            fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Errno> {
                self.socket().read(bytes)
            }
        }

        impl Write for $stream {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
                self.socket().write(bytes)
            }

            /// Nothing is kept back.
            fn flush(&mut self) -> Result<(), Errno> {
                Ok(())
            }
        })*
    };
}

streams!(TcpStream, &TcpStream, UnixStream, &UnixStream);

//! The kernel's error numbers. errno(3).

use core::fmt;

/// An error number of the kernel, 1..=4095.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(i32);

macro_rules! errnos {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl Errno {
            $(#[doc = $text] pub const $name: Errno = Errno($number);)*

            /// Its name, when it is one of those that the runtime knows.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 { $($number => Some(stringify!($name)),)* _ => None }
            }

            /// What it means, in the words of strerror(3).
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self.0 { $($number => $text,)* _ => "Unknown error" }
            }
        }
    };
}

errnos! {
    EPERM = 1, "Operation not permitted";
    ENOENT = 2, "No such file or directory";
    ESRCH = 3, "No such process";
    EINTR = 4, "Interrupted system call";
    EIO = 5, "Input/output error";
    ENXIO = 6, "No such device or address";
    E2BIG = 7, "Argument list too long";
    EBADF = 9, "Bad file descriptor";
    EAGAIN = 11, "Resource temporarily unavailable";
    ENOMEM = 12, "Cannot allocate memory";
    EACCES = 13, "Permission denied";
    EFAULT = 14, "Bad address";
    EBUSY = 16, "Device or resource busy";
    EEXIST = 17, "File exists";
    ENODEV = 19, "No such device";
    ENOTDIR = 20, "Not a directory";
    EISDIR = 21, "Is a directory";
    EINVAL = 22, "Invalid argument";
    ENFILE = 23, "Too many open files in system";
    EMFILE = 24, "Too many open files";
    EFBIG = 27, "File too large";
    ENOSPC = 28, "No space left on device";
    ESPIPE = 29, "Illegal seek";
    EROFS = 30, "Read-only file system";
    EPIPE = 32, "Broken pipe";
    ENAMETOOLONG = 36, "File name too long";
    ENOSYS = 38, "Function not implemented";
    ELOOP = 40, "Too many levels of symbolic links";
    EOVERFLOW = 75, "Value too large for defined data type";
    ENOTSOCK = 88, "Socket operation on non-socket";
    EDESTADDRREQ = 89, "Destination address required";
    EMSGSIZE = 90, "Message too long";
    ENOPROTOOPT = 92, "Protocol not available";
    EPROTONOSUPPORT = 93, "Protocol not supported";
    EOPNOTSUPP = 95, "Operation not supported";
    EAFNOSUPPORT = 97, "Address family not supported by protocol";
    EADDRINUSE = 98, "Address already in use";
    EADDRNOTAVAIL = 99, "Cannot assign requested address";
    ENETUNREACH = 101, "Network is unreachable";
    ECONNABORTED = 103, "Software caused connection abort";
    ECONNRESET = 104, "Connection reset by peer";
    ENOBUFS = 105, "No buffer space available";
    EISCONN = 106, "Transport endpoint is already connected";
    ENOTCONN = 107, "Transport endpoint is not connected";
    ETIMEDOUT = 110, "Connection timed out";
    ECONNREFUSED = 111, "Connection refused";
    EHOSTUNREACH = 113, "No route to host";
    EALREADY = 114, "Operation already in progress";
    EINPROGRESS = 115, "Operation now in progress";
}

impl Errno {
    /// The error with this number.
    ///
    /// # Panics
    /// When it is not in 1..=4095.
    #[must_use]
    pub const fn from_raw(number: i32) -> Errno {
        assert!(number >= 1 && number <= 4095, "an error number is in 1..=4095");
        Errno(number)
    }

    /// Its number.
    #[must_use]
    pub const fn raw(self) -> i32 {
        self.0
    }

    /// A system call's word as a value or an error.
    pub(crate) const fn check(word: isize) -> Result<usize, Errno> {
        if word < 0 && word >= -4095 { Err(Errno(-word as i32)) } else { Ok(word as usize) }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(_) => f.write_str(self.text()),
            None => write!(f, "Unknown error {}", self.0),
        }
    }
}

impl core::error::Error for Errno {}

impl embedded_io::Error for Errno {
    fn kind(&self) -> embedded_io::ErrorKind {
        use embedded_io::ErrorKind;
        match *self {
            Errno::ENOENT => ErrorKind::NotFound,
            Errno::EPERM | Errno::EACCES => ErrorKind::PermissionDenied,
            Errno::ECONNREFUSED => ErrorKind::ConnectionRefused,
            Errno::ECONNRESET => ErrorKind::ConnectionReset,
            Errno::ECONNABORTED => ErrorKind::ConnectionAborted,
            Errno::ENOTCONN => ErrorKind::NotConnected,
            Errno::EADDRINUSE => ErrorKind::AddrInUse,
            Errno::EADDRNOTAVAIL => ErrorKind::AddrNotAvailable,
            Errno::EPIPE => ErrorKind::BrokenPipe,
            Errno::EEXIST => ErrorKind::AlreadyExists,
            Errno::EINVAL => ErrorKind::InvalidInput,
            Errno::ETIMEDOUT => ErrorKind::TimedOut,
            Errno::EINTR => ErrorKind::Interrupted,
            Errno::ENOSYS | Errno::EOPNOTSUPP => ErrorKind::Unsupported,
            Errno::ENOMEM => ErrorKind::OutOfMemory,
            _ => ErrorKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    #[test]
    fn words_become_values_or_errors() {
        assert_eq!(Errno::check(7), Ok(7));
        assert_eq!(Errno::check(-2), Err(Errno::ENOENT));
        assert_eq!(Errno::check(-4095), Err(Errno::from_raw(4095)));
        assert_eq!(Errno::check(-4096), Ok(-4096isize as usize));
    }

    #[test]
    fn texts_are_those_of_the_system() {
        for number in 1..=133 {
            let errno = Errno::from_raw(number);
            if errno.name().is_some() {
                let theirs = std::io::Error::from_raw_os_error(number);
                assert_eq!(format!("{errno} (os error {number})"), format!("{theirs}"));
            }
        }
        assert_eq!(format!("{:?} {}", Errno::EIO, Errno::from_raw(4000)), "EIO Unknown error 4000");
    }
}

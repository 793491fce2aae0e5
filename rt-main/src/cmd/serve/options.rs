//! The words on the command line of `serve`.

use alloc::borrow::Cow;
use core::ffi::CStr;
use core::fmt;
use core::time::Duration;

use rt_main::env;
use rt_main::fs::Errno;
use rt_main::net::ToSocketAddrs;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For a head, from its first byte on, or from the beginning of the connection; for a body.
    pub(super) head: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// To take a byte of a response.
    pub(super) write: Duration,
    /// For the responses that are under way when the program is to end.
    pub(super) grace: Duration,
}

pub(super) struct Options {
    pub(super) listen: &'static str,
    pub(super) root: &'static CStr,
    pub(super) is_quiet: bool,
    pub(super) limits: Limits,
}

/// What is wrong with a word.
pub(super) enum Wrong {
    Unknown(&'static CStr),
    NoValue(&'static str),
    NoAddress(&'static CStr),
    NoTime(&'static str, &'static CStr),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |word: &'static CStr| -> Cow<'static, str> { word.to_string_lossy() };
        match self {
            Wrong::Unknown(word) => write!(f, "what is `{}`?", shown(word)),
            Wrong::NoValue(flag) => write!(f, "{flag} wants a value"),
            Wrong::NoAddress(word) => {
                write!(f, "--listen: `{}` is no address such as 127.0.0.1:8080", shown(word))
            }
            Wrong::NoTime(flag, word) => {
                write!(f, "{flag}: `{}` is no time in ms, at least 1", shown(word))
            }
        }
    }
}

impl Options {
    /// Reads the last `count` words of the command line.
    pub(super) fn parse(count: usize) -> Result<Options, Wrong> {
        let mut options = Options {
            listen: "127.0.0.1:8080",
            root: c".",
            is_quiet: false,
            limits: Limits {
                head: Duration::from_secs(10),
                idle: Duration::from_secs(60),
                write: Duration::from_secs(30),
                grace: Duration::from_secs(5),
            },
        };
        let mut words = env::args().skip(env::args().len() - count);
        while let Some(word) = words.next() {
            let mut value = |flag: &'static str| match after(word, flag.len() + 1) {
                Some(value) => Ok(value),
                None => words.next().ok_or(Wrong::NoValue(flag)),
            };
            let bytes = word.to_bytes();
            let name = bytes.split(|&byte| byte == b'=').next().unwrap_or(bytes);
            let limits = &mut options.limits;
            match name {
                b"--listen" => options.listen = address(value("--listen")?)?,
                b"--root" => options.root = value("--root")?,
                b"--quiet" if name == bytes => options.is_quiet = true,
                b"--header-timeout" => limits.head = time("--header-timeout", &mut value)?,
                b"--idle-timeout" => limits.idle = time("--idle-timeout", &mut value)?,
                b"--write-timeout" => limits.write = time("--write-timeout", &mut value)?,
                b"--grace" => limits.grace = time("--grace", &mut value)?,
                _ => return Err(Wrong::Unknown(word)),
            }
        }
        Ok(options)
    }
}

/// What is behind the `=` that follows a flag's name.
fn after(word: &'static CStr, at: usize) -> Option<&'static CStr> {
    CStr::from_bytes_with_nul(word.to_bytes_with_nul().get(at..)?).ok()
}

fn address(word: &'static CStr) -> Result<&'static str, Wrong> {
    let text = word.to_str().map_err(|_| Wrong::NoAddress(word))?;
    match text.to_socket_addrs() {
        Err(Errno::EINVAL) => Err(Wrong::NoAddress(word)),
        _ => Ok(text), // a name that is not known is found so when it is listened at
    }
}

fn time(
    flag: &'static str,
    value: &mut impl FnMut(&'static str) -> Result<&'static CStr, Wrong>,
) -> Result<Duration, Wrong> {
    let word = value(flag)?;
    let ms = word.to_str().ok().and_then(|text| text.parse::<u32>().ok()).filter(|&ms| ms > 0);
    ms.map(|ms| Duration::from_millis(ms.into())).ok_or(Wrong::NoTime(flag, word))
}

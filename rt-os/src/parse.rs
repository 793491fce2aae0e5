//! The environment's wishes: GOMAXPROCS, GODEBUG and GOTRACEBACK. Pure.

/// A decimal 32-bit number with an optional sign, and nothing else. Go: `strconv.ParseInt(s, 10,
/// 32)`.
#[must_use]
pub fn parse_i32(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
        if value > 1 << 31 {
            return None;
        }
    }
    i32::try_from(if negative { -value } else { value }).ok()
}

/// How many Ps, and who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GomaxprocsChoice {
    /// How many.
    pub procs: u32,
    /// The environment said so: it does not follow the machine. Go: `customGOMAXPROCS`.
    pub custom: bool,
}

/// A positive 32-bit number in the environment wins over the default; anything else is ignored.
#[must_use]
pub fn gomaxprocs(env: Option<&[u8]>, default: u32) -> GomaxprocsChoice {
    match env.and_then(parse_i32) {
        Some(procs @ 1..) => GomaxprocsChoice { procs: procs as u32, custom: true },
        _ => GomaxprocsChoice { procs: default, custom: false },
    }
}

/// What GODEBUG asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Debug {
    /// Every so many ms a line about the scheduler; 0: none. Go: `schedtrace`.
    pub schedtrace_ms: u32,
    /// With every P, M and goroutine. Go: `scheddetail`.
    pub scheddetail: bool,
    /// A goroutine that has not left its thread for so many ms is printed; 0: none is. Ours.
    pub stallreport_ms: u32,
    /// The number of Ps is that of the CPUs, whatever the quota. Go: `containermaxprocs=0`.
    pub ignores_quota: bool,
    /// The number of Ps does not follow the machine while the program runs. Go: `updatemaxprocs=0`.
    pub keeps_procs: bool,
}

/// Reads `key=value,key=value`: from left to right, the later wins, unknown keys and values that
/// are no numbers are ignored. Go: `parsedebugvars`.
#[must_use]
pub fn parse_godebug(text: &[u8]) -> Debug {
    let mut debug = Debug::default();
    for field in text.split(|&byte| byte == b',') {
        let Some(equals) = field.iter().position(|&byte| byte == b'=') else { continue };
        let Some(value) = parse_i32(&field[equals + 1..]) else { continue };
        match &field[..equals] {
            b"schedtrace" => debug.schedtrace_ms = value.max(0) as u32,
            b"scheddetail" => debug.scheddetail = value > 0,
            b"stallreport" => debug.stallreport_ms = value.max(0) as u32,
            b"containermaxprocs" => debug.ignores_quota = value == 0,
            b"updatemaxprocs" => debug.keeps_procs = value == 0,
            _ => {}
        }
    }
    debug
}

/// What GOTRACEBACK asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceback {
    /// 0: nothing is shown. 1: user code. 2 and more: the runtime's too, and addresses.
    pub level: u32,
    /// All goroutines, and not only the one that failed.
    pub all: bool,
    /// The program ends by SIGABRT after it.
    pub crash: bool,
}

impl Traceback {
    /// Without a wish.
    pub const SINGLE: Traceback = Traceback { level: 1, all: false, crash: false };
}

/// Reads GOTRACEBACK: a name or a level. A program that has more rights than its caller shows
/// nothing (`secure`). Go: `setTraceback`.
#[must_use]
pub fn parse_gotraceback(text: &[u8], secure: bool) -> Traceback {
    let (level, all, crash) = match text {
        _ if secure => (0, false, false),
        b"" | b"single" => return Traceback::SINGLE,
        b"none" => (0, false, false),
        b"all" => (1, true, false),
        b"system" => (2, true, false),
        b"crash" => (2, true, true),
        number => (parse_i32(number).map_or(0, |level| level.max(0) as u32), true, false),
    };
    Traceback { level, all, crash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, value) in [
            ("4", Some(4)),
            ("+4", Some(4)),
            ("-1", Some(-1)),
            ("0", Some(0)),
            ("007", Some(7)),
            ("2147483647", Some(i32::MAX)),
            ("-2147483648", Some(i32::MIN)),
            ("2147483648", None),
            ("-2147483649", None),
            ("99999999999", None),
            ("99999999999999999999999999", None),
            ("", None),
            ("+", None),
            ("-", None),
            ("+-4", None),
            ("abc", None),
            ("4 ", None),
            (" 4", None),
            ("1_000", None),
            ("0x10", None),
        ] {
            assert_eq!(parse_i32(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn procs() {
        let custom = |procs| GomaxprocsChoice { procs, custom: true };
        for (text, procs) in [("1", 1), ("+4", 4), ("1024", 1024)] {
            assert_eq!(gomaxprocs(Some(text.as_bytes()), 2), custom(procs));
        }
        for text in [Some("0"), Some("-1"), Some("abc"), Some("99999999999"), Some(""), None] {
            let choice = gomaxprocs(text.map(str::as_bytes), 2);
            assert_eq!(choice, GomaxprocsChoice { procs: 2, custom: false }, "{text:?}");
        }
    }

    #[test]
    fn godebug() {
        let debug =
            parse_godebug(b"x=1,schedtrace=1000,scheddetail=1,schedtrace=50,y,schedtrace=z");
        assert_eq!(debug, Debug { schedtrace_ms: 50, scheddetail: true, ..Debug::default() });
        let debug = parse_godebug(b"containermaxprocs=0,updatemaxprocs=0");
        assert!(debug.ignores_quota && debug.keeps_procs);
        assert_eq!(parse_godebug(b"containermaxprocs=1,updatemaxprocs=1"), Debug::default());
        assert_eq!(parse_godebug(b"stallreport=20").stallreport_ms, 20);
        assert_eq!(parse_godebug(b"stallreport=20,stallreport=-1"), Debug::default());
        assert_eq!(parse_godebug(b""), Debug::default());
        assert_eq!(parse_godebug(b"schedtrace=-5,scheddetail=0"), Debug::default());
    }

    #[test]
    fn gotraceback() {
        let wish = |level, all, crash| Traceback { level, all, crash };
        for (text, wanted) in [
            ("", Traceback::SINGLE),
            ("single", Traceback::SINGLE),
            ("none", wish(0, false, false)),
            ("all", wish(1, true, false)),
            ("system", wish(2, true, false)),
            ("crash", wish(2, true, true)),
            ("0", wish(0, true, false)),
            ("1", wish(1, true, false)),
            ("3", wish(3, true, false)),
            ("-1", wish(0, true, false)),
            ("foo", wish(0, true, false)),
        ] {
            assert_eq!(parse_gotraceback(text.as_bytes(), false), wanted, "{text:?}");
            assert_eq!(parse_gotraceback(text.as_bytes(), true), wish(0, false, false));
        }
    }
}

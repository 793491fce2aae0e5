//! A signal that ends the program with all it can tell. Go: `fatalsignal`, `sighandler`.

use core::fmt::{self, Display, Formatter};

use rt_os::signal::Signal;
use rt_os::sys::signal::{SigInfo, UContext};
use rt_os::throw::die_telling;

use crate::current::current_m_id;

/// Prints the signal, all goroutines and the registers, in Go's form, and ends the program with
/// code 2. In a handler of the signal.
pub fn die_of_signal(signal: Signal, info: &SigInfo, context: &UContext) -> ! {
    let head = Head { signal, info, context };
    die_telling(format_args!("{head}"), &mut || {
        let ending = super::report_from_signal(&context.registers());
        rt_os::eprint!("\n{context}");
        ending
    })
}

/// The lines before the goroutines.
struct Head<'a> {
    signal: Signal,
    info: &'a SigInfo,
    context: &'a UContext,
}

impl Display for Head<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Head { signal, info, context } = self;
        match signal.text() {
            Some(text) => writeln!(f, "{text}")?,
            None => writeln!(f, "Signal {}", signal.as_raw())?,
        }
        write!(f, "PC={:#x} m=", context.rip())?;
        match current_m_id() {
            Some(id) => write!(f, "{id}")?,
            None => f.write_str("nil")?, // a thread of nobody's
        }
        write!(f, " sigcode={}", info.code())?;
        if matches!(*signal, Signal::SEGV | Signal::BUS) {
            write!(f, " addr={:#x}", info.fault_address())?;
        }
        f.write_str("\n")
    }
}

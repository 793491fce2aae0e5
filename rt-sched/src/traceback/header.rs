//! The line that begins a goroutine's traceback, in Go's form. Go: `goroutineheader`.

use core::fmt::{self, Display, Formatter};

use rt_wait::park::WaitReason;

use crate::g::{G, Status};
use crate::m::M;

/// Of a goroutine, what its header says. A glimpse if it is not the running one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) goid: u64,
    pub(super) status: Status,
    pub(super) reason: WaitReason,
    /// It runs, and has said that it blocks its thread.
    pub(super) is_blocking: bool,
    /// For so many minutes it has waited.
    pub(super) minutes: u64,
    pub(super) is_locked: bool,
    /// Addresses of its G and its M, and the M's number.
    pub(super) addresses: Option<(usize, Option<(u64, usize)>)>,
}

impl Header {
    /// That of `g`, which runs on `mp` if it does.
    pub(super) fn of(g: &G, mp: Option<&M>, in_detail: bool) -> Header {
        let address = |mp: &M| (mp.id(), core::ptr::from_ref(mp) as usize);
        let at = core::ptr::from_ref(g) as usize;
        Header {
            goid: g.goid(),
            status: g.status(),
            reason: g.wait_reason.get(),
            is_blocking: mp.is_some_and(M::is_blocking),
            minutes: g.waits_minutes(),
            is_locked: !g.lockedm.get().is_null(),
            addresses: in_detail.then(|| (at, mp.map(address))),
        }
    }

    fn status_text(&self) -> &'static str {
        match self.status {
            Status::Idle => "idle",
            Status::Dead => "dead",
            Status::Runnable => "runnable",
            Status::Running if self.is_blocking => "syscall",
            Status::Running => "running",
            Status::Waiting if self.reason == WaitReason::None => "waiting",
            Status::Waiting => self.reason.as_str(),
        }
    }
}

impl Display for Header {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "goroutine {}", self.goid)?;
        match self.addresses {
            None => {}
            Some((gp, None)) => write!(f, " gp={gp:#x} m=nil")?,
            Some((gp, Some((id, mp)))) => write!(f, " gp={gp:#x} m={id} mp={mp:#x}")?,
        }
        write!(f, " [{}", self.status_text())?;
        if self.minutes > 0 {
            write!(f, ", {} minutes", self.minutes)?;
        }
        if self.is_locked {
            f.write_str(", locked to thread")?;
        }
        f.write_str("]:\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const PLAIN: Header = Header {
        goid: 7,
        status: Status::Running,
        reason: WaitReason::None,
        is_blocking: false,
        minutes: 0,
        is_locked: false,
        addresses: None,
    };

    #[test]
    fn the_form_is_gos() {
        let waits = Header { status: Status::Waiting, reason: WaitReason::ChanReceive, ..PLAIN };
        for (header, text) in [
            (PLAIN, "goroutine 7 [running]:\n"),
            (Header { is_blocking: true, ..PLAIN }, "goroutine 7 [syscall]:\n"),
            (Header { status: Status::Runnable, ..PLAIN }, "goroutine 7 [runnable]:\n"),
            (waits, "goroutine 7 [chan receive]:\n"),
            (Header { reason: WaitReason::None, ..waits }, "goroutine 7 [waiting]:\n"),
            (
                Header { minutes: 3, is_locked: true, ..waits },
                "goroutine 7 [chan receive, 3 minutes, locked to thread]:\n",
            ),
            (
                Header { addresses: Some((0x10, Some((2, 0x20)))), ..PLAIN },
                "goroutine 7 gp=0x10 m=2 mp=0x20 [running]:\n",
            ),
            (
                Header { addresses: Some((0x10, None)), ..waits },
                "goroutine 7 gp=0x10 m=nil [chan receive]:\n",
            ),
        ] {
            assert_eq!(header.to_string(), text);
        }
    }
}

//! What is recorded, in 16 bytes each.
//!
//! ```text
//!   63                        8 7    0    63   56 55     40 39                0
//!  | ticks since the trace began | kind |  | how  |    m    |      number      |
//! ```
//!
//! A text follows its event in slots of 8 bytes each; an address has a slot for itself; an event of
//! a thread without a P comes behind one that names the thread.

use rt_wait::park::WaitReason;

/// No M: a thread of nobody's, or one beyond those that have numbers here.
pub(super) const NO_M: u16 = u16::MAX;
/// A longer text is cut, in bytes.
pub(super) const TEXT_MAX: usize = 120;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What happened. The numbers are those of a recording only.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            pub(super) fn from_u8(number: u8) -> Option<Kind> {
                const ALL: &[Kind] = &[$(Kind::$name),*];
                ALL.get(usize::from(number)).copied()
            }
        }
    };
}

kinds! {
    /// Eight bytes of the text before it.
    Text,
    /// An address that belongs to the event before it.
    Address,
    /// The next event is of this M, without a P.
    By,
    /// A goroutine begins to run.
    Start,
    /// One stops, and another begins.
    Switch,
    /// The running one stops.
    Stop,
    /// A goroutine is readied by the running one, or by a timer.
    Ready,
    /// A goroutine is made by the running one. An address follows: where.
    Create,
    /// A goroutine's name follows.
    Name,
    /// The user's word follows.
    Mark,
    /// A region of the user's begins; its name follows.
    RegionBegin,
    /// The innermost region ends.
    RegionEnd,
    /// An M takes the P.
    ProcStart,
    /// The M gives the P up.
    ProcStop,
    /// A P is taken from its thread, which runs on.
    ProcTaken,
    /// A goroutine whose P was taken comes to know.
    Back,
    /// Somebody wishes the world to stop.
    Stopping,
    /// The world stands.
    Stopped,
    /// The world goes on, with so many Ps.
    Going,
    /// A thread begins to serve an M.
    ThreadStart,
    /// An M's thread ends.
    ThreadEnd,
}

/// Why a goroutine stops: a [`WaitReason`], or one of these.
pub(super) mod how {
    /// It is runnable: it lets others run, or was readied before it slept.
    pub(in super::super) const RUNNABLE: u8 = 254;
    /// It has ended.
    pub(in super::super) const ENDS: u8 = 255;
}

/// Why a P was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Taken {
    Blocked,
    Busy,
    World,
}

impl Taken {
    pub(super) fn of(number: u8) -> Taken {
        match number {
            0 => Taken::Blocked,
            1 => Taken::Busy,
            _ => Taken::World,
        }
    }
}

/// An event without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) how: u8,
    pub(super) m: u16,
    pub(super) number: u64,
}

const NUMBER_BITS: u32 = 40;
const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

impl Event {
    pub(super) const fn new(kind: Kind, number: u64) -> Event {
        Event { kind, how: 0, m: NO_M, number }
    }

    /// Is its number that of a goroutine?
    pub(super) fn names_goroutine(self) -> bool {
        use Kind::{Create, Name, Ready, Start, Switch};
        matches!(self.kind, Start | Switch | Ready | Create | Name)
    }

    /// Its second word.
    #[inline(always)]
    pub(super) fn body(self) -> u64 {
        u64::from(self.how) << 56 | u64::from(self.m) << NUMBER_BITS | (self.number & NUMBER_MASK)
    }

    pub(super) fn unpack(kind: Kind, body: u64) -> Event {
        let (how, m) = ((body >> 56) as u8, (body >> NUMBER_BITS) as u16);
        Event { kind, how, m, number: body & NUMBER_MASK }
    }
}

/// An M's number in an event.
#[inline(always)]
pub(super) fn m_number(id: u64) -> u16 {
    if id < u64::from(NO_M) { id as u16 } else { NO_M }
}

/// Why a goroutine stopped, in words. Go's, for who waits.
pub(super) fn reason(how: u8) -> &'static str {
    match how {
        how::RUNNABLE => "yield",
        how::ENDS => "end",
        reason => match WaitReason::from_u8(reason) {
            WaitReason::None => "waiting",
            reason => reason.as_str(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_packed_and_unpacked() {
        let event = Event { kind: Kind::Switch, how: how::ENDS, m: 0x1234, number: (1 << 40) - 1 };
        assert_eq!(Event::unpack(Kind::Switch, event.body()), event);
        let plain = Event::new(Kind::Ready, 7);
        assert_eq!(Event::unpack(Kind::Ready, plain.body()), plain);
        for number in 0..=u8::MAX {
            assert!(Kind::from_u8(number).is_none_or(|kind| kind as u8 == number));
        }
        assert_eq!((m_number(3), m_number(u64::MAX)), (3, NO_M));
        assert_eq!((reason(0), reason(how::ENDS)), ("waiting", "end"));
        assert_eq!(reason(WaitReason::Sleep as u8), "sleep");
    }
}

//! The hand-off's rules as pure functions of the request word, and what the broken variants change.
//! They follow `rt_sched::handoff`, method by method.
//!
//! The word: the state in two bits, the ticket above.

const NONE: u8 = 0;
const ASKED: u8 = 1;
const TAKEN: u8 = 2;
const STATE: u8 = 3;
const TICKET_SHIFT: u32 = 2;

/// What a retaker does between its request and its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barrier {
    /// membarrier: every processor drains its queue, at one moment.
    AtOnce,
    /// membarrier: one processor after the other.
    OneByOne,
    /// There is no membarrier: a fence here, and one in each entry.
    Fences,
    /// Broken: nothing.
    Nothing,
}

/// The rules, and the ways to break them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) barrier: Barrier,
    /// Broken if not: each request has a ticket of its own.
    pub(crate) tickets: bool,
    /// Broken: an entry looks for a request before it says that it is inside.
    pub(crate) looks_first: bool,
    /// Broken: it says that it is outside before the P's last store.
    pub(crate) leaves_early: bool,
    /// Broken: a retaker looks which P the M has before it asks.
    pub(crate) reads_p_first: bool,
    /// Broken: a request is answered by a plain store.
    pub(crate) answers_plainly: bool,
    /// Broken: who finds another's request standing makes no barrier of its own.
    pub(crate) trusts_others_barrier: bool,
    /// Broken: idle Ps are handed out while the world stops.
    pub(crate) hands_out_while_stopping: bool,
    /// Broken: who finds its P taken waits for one without queueing its goroutine.
    pub(crate) forgets_to_queue: bool,
}

impl Rules {
    pub(crate) const fn sound(barrier: Barrier) -> Rules {
        Rules {
            barrier,
            tickets: true,
            looks_first: false,
            leaves_early: false,
            reads_p_first: false,
            answers_plainly: false,
            trusts_others_barrier: false,
            hands_out_while_stopping: false,
            forgets_to_queue: false,
        }
    }
}

/// What an M does that has looked at its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Entry {
    /// The P is its.
    Has,
    /// It must answer first: by a CAS to this.
    Answer(u8),
    /// The P is taken.
    Lost,
    /// It steps outside again and does without.
    Outside,
}

/// `Handoff::answer`.
pub(crate) fn enter_to_leave(word: u8) -> Entry {
    match word & STATE {
        NONE => Entry::Has,
        ASKED => Entry::Answer(NONE),
        _ => Entry::Lost,
    }
}

/// `Handoff::enter_slowly`.
pub(crate) fn enter_briefly(word: u8) -> Entry {
    if word & STATE == NONE { Entry::Has } else { Entry::Outside }
}

/// `Handoff::acquired`: what to store, if anything.
pub(crate) fn acquired(word: u8) -> Option<u8> {
    (word & STATE == TAKEN).then_some(NONE)
}

/// What a retaker does that has looked at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Ask {
    /// Asks: by a CAS to this.
    Asks(u8),
    /// Another's request will do.
    Stands,
    /// The P is taken already.
    No,
}

/// `Handoff::ask`.
pub(crate) fn ask(word: u8, ticket: u8) -> Ask {
    match word & STATE {
        NONE => Ask::Asks(ASKED | ticket << TICKET_SHIFT),
        ASKED => Ask::Stands,
        _ => Ask::No,
    }
}

/// `Handoff::take`: the word behind it.
pub(crate) fn taken(request: u8) -> u8 {
    request & !STATE | TAKEN
}

/// `Handoff::withdraw`.
pub(crate) fn withdrawn(_request: u8) -> u8 {
    NONE
}

pub(crate) fn is_taken(word: u8) -> bool {
    word & STATE == TAKEN
}

pub(crate) fn ticket(word: u8) -> u8 {
    word >> TICKET_SHIFT
}

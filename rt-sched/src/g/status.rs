//! What a goroutine is doing. Go: `_Gidle`, `_Grunnable`, `_Grunning`, `_Gwaiting`, `_Gdead`.
//!
//! ```text
//!            newproc (1)            execute (2)
//!   IDLE/DEAD ---------> RUNNABLE --------------> RUNNING
//!       ^                  ^   ^                  |  |  |
//!       |                  |   +---- yield (3) ---+  |  |
//!       |                  +-- ready (5) -- WAITING <+  |   prepare (4), back by cancel (6)
//!       +-------------------- goexit (7) --------------+
//!
//!   1     the spawner, which alone has the G        2  the M that took it out of a queue
//!   3, 4, 6, 7  the goroutine itself                5  whoever has the duty to ready it
//! ```
//!
//! At each moment one party may change the word, so a plain store does: the queues and the objects
//! that goroutines wait in hand the right on, with their own ordering. Others only look (dumps,
//! `checkdead`).

use rt_wait::atomic::{AtomicU32, Ordering};

/// The states; the numbers are Go's, since they stand in dumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Never used.
    Idle = 0,
    /// In a run queue.
    Runnable = 1,
    /// On an M.
    Running = 2,
    /// Parked: in some object's list, and in no queue.
    Waiting = 4,
    /// Ended, or not started: free.
    Dead = 6,
}

/// The word.
#[derive(Debug)]
pub struct StatusWord(AtomicU32);

impl StatusWord {
    /// A word in state `status`.
    #[must_use]
    pub fn new(status: Status) -> StatusWord {
        StatusWord(AtomicU32::new(status as u32))
    }

    /// A glimpse.
    #[inline(always)]
    #[must_use]
    pub fn get(&self) -> Status {
        match self.0.load(Ordering::Relaxed) {
            1 => Status::Runnable,
            2 => Status::Running,
            4 => Status::Waiting,
            6 => Status::Dead,
            _ => Status::Idle,
        }
    }

    /// The state of a G that is just made, whatever was there.
    pub(crate) fn set(&self, status: Status) {
        self.0.store(status as u32, Ordering::Relaxed); // a glimpse is all that others have yet
    }

    /// A transition by the party whose turn it is. Go: `casgstatus`.
    ///
    /// Costs one compare: what goes wrong in the scheduler must stop here, not later on a stack
    /// that two threads share.
    ///
    /// # Panics
    /// When the state is not `from`: some rule above was broken.
    #[inline(always)]
    pub fn change(&self, from: Status, to: Status) {
        let now = self.0.load(Ordering::Relaxed);
        if now != from as u32 {
            bad_status(now, from, to);
        }
        self.0.store(to as u32, Ordering::Relaxed);
    }
}

#[cold]
#[inline(never)]
fn bad_status(now: u32, from: Status, to: Status) -> ! {
    rt_os::throw::throw_with(
        format_args!("runtime: status {now} where {from:?} was to become {to:?}\n"),
        "bad g status",
    )
}

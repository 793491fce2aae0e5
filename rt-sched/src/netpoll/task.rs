//! Calls of tasks — futures that somebody polls —, which do not wait: they are woken when the call
//! may be made again. tokio: `Registration::poll_io`.

use core::sync::atomic::Ordering;
use core::task::{Poll, Waker};

use rt_os::errno::Errno;
use rt_os::sys::file::Fd;

use super::attend;
use super::desc::Direction;
use super::pollable::{Done, Pollable, Turn};
use crate::sched::Sched;

/// A task that would rather be woken than wait.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Whose poller tells it.
    pub sched: &'static Sched,
    /// Its waker.
    pub waker: &'a Waker,
    /// Makes of it the one that is called: between goroutines, by whoever has a report. So that
    /// must neither wait nor run code of users; to unpark a [`rt_wait::parker::Parker`] is right.
    pub harmless: fn(&Waker) -> Waker,
}

impl Pollable {
    /// As [`Pollable::until_done`], for who does not wait: the task is woken when the call may be
    /// made again. Of each direction one task is known at a time, the last. It is woken when there
    /// is a new deadline too, but not at the deadline.
    ///
    /// # Errors
    /// As for [`Pollable::until_done`]; epoll_ctl(2), where the task could not be told.
    #[inline]
    pub fn poll_done<T>(
        &self,
        fd: Fd,
        direction: Direction,
        task: Task<'_>,
        mut call: impl FnMut() -> Result<Done<T>, Errno>,
    ) -> Poll<Result<T, Errno>> {
        let mut turn = self.begin(direction)?;
        loop {
            if let Some(result) = self.attempt(turn, direction, &mut call) {
                return Poll::Ready(result);
            }
            if !self.listen(fd, direction, task)? {
                return Poll::Pending;
            }
            turn = Turn::TryAndGiveBack;
        }
    }

    /// Has the task be told of the next change. True: there was one already.
    fn listen(&self, fd: Fd, direction: Direction, task: Task<'_>) -> Result<bool, Errno> {
        let desc = self.desc().map_or_else(|| self.register(task.sched, fd), Ok)?;
        let counted = self.has_task.load(Ordering::Relaxed);
        if !counted && !self.has_task.swap(true, Ordering::Relaxed) {
            self.sched().expect("stored before").shared.netpoll.count_wait(1);
        }
        attend(task.sched);
        let is_told = desc.word(direction).listen((task.harmless)(task.waker));
        if is_told {
            self.check(direction)?; // after `listen`: what changes later is told
        }
        Ok(!is_told)
    }
}

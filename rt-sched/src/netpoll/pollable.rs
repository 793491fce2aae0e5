//! A descriptor that goroutines wait for: calls that would block park. Go: `internal/poll.FD`.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use rt_os::errno::Errno;
use rt_os::sys::clock::nanotime;
use rt_os::sys::epoll::{READABLE, WRITABLE, poll_one};
use rt_os::sys::file::Fd;

use super::desc::{Desc, Direction};
use super::word::Woken;
use crate::park::current_sched;
use crate::sched::Sched;
use crate::timer::NEVER;
use crate::world::is_goroutine;

/// How long a thread that waits by itself waits until it looks whether it still should, in ns.
const LOOK_NS: u64 = 100_000_000;

/// What came of a system call that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<T> {
    /// What it returned.
    pub value: T,
    /// It came to the end of what there was: the next change is reported.
    pub is_drained: bool,
}

impl<T> Done<T> {
    /// There may be more.
    pub fn more(value: T) -> Done<T> {
        Done { value, is_drained: false }
    }
}

/// What a call under way may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Try. It has taken nothing from others.
    Try,
    /// Try. READY was taken, or an event came: if there may be more, the next must know.
    TryAndGiveBack,
    /// Wait first.
    Wait,
}

/// What goes with a descriptor that does not block. Whoever owns the descriptor owns this, and
/// calls [`Pollable::forget`] before it is closed.
#[derive(Debug)]
pub struct Pollable {
    /// Null until the first wait. Stored once.
    desc: AtomicPtr<Desc>,
    /// Whose poller `desc` is known to; stored before it.
    sched: AtomicPtr<Sched>,
    /// The file has another descriptor: the set does not forget it by itself.
    is_shared: AtomicBool,
    is_closing: AtomicBool,
    /// A task has waited: counted among those who wait until the end, since nobody knows whether it
    /// still does.
    pub(super) has_task: AtomicBool,
    /// In ns of the monotonic clock; `NEVER`: none. Changed before the waiters are kicked.
    read_deadline_ns: AtomicU64,
    write_deadline_ns: AtomicU64,
}

/// What it points to is the runtime's, which no panic of the user's leaves half done.
impl core::panic::UnwindSafe for Pollable {}

impl Default for Pollable {
    fn default() -> Pollable {
        Pollable::new()
    }
}

impl Pollable {
    /// Nobody has waited yet.
    #[must_use]
    pub const fn new() -> Pollable {
        Pollable {
            desc: AtomicPtr::new(null_mut()),
            sched: AtomicPtr::new(null_mut()),
            is_shared: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            has_task: AtomicBool::new(false),
            read_deadline_ns: AtomicU64::new(NEVER),
            write_deadline_ns: AtomicU64::new(NEVER),
        }
    }

    fn deadline(&self, direction: Direction) -> &AtomicU64 {
        match direction {
            Direction::Read => &self.read_deadline_ns,
            Direction::Write => &self.write_deadline_ns,
        }
    }

    /// From `when_ns` of the monotonic clock on calls of this direction fail with ETIMEDOUT, also
    /// those that wait already; `None`: never. Go: `SetReadDeadline`.
    pub fn set_deadline(&self, direction: Direction, when_ns: Option<u64>) {
        // SeqCst: before the kick.
        self.deadline(direction).store(when_ns.unwrap_or(NEVER), Ordering::SeqCst);
        if let Some(desc) = self.desc() {
            desc.word(direction).kick().ready();
        }
    }

    /// Has all calls fail with EBADF, also those that wait; false: they did already. The descriptor
    /// stays open until its owner closes it. Go: `FD.Close`, `evict`.
    pub fn close(&self) -> bool {
        let is_first = !self.is_closing.swap(true, Ordering::SeqCst); // before the kick
        if let Some(desc) = self.desc() {
            desc.kick();
        }
        is_first
    }

    /// Was it closed?
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst) // pairs with `close`
    }

    /// May a call of this direction begin?
    ///
    /// # Errors
    /// EBADF after [`Pollable::close`]; ETIMEDOUT from the deadline on.
    #[inline]
    pub fn check(&self, direction: Direction) -> Result<(), Errno> {
        if self.is_closed() {
            return Err(Errno::EBADF);
        }
        let deadline = self.deadline(direction).load(Ordering::SeqCst); // pairs with its setter
        if deadline != NEVER && deadline <= nanotime() {
            return Err(Errno::ETIMEDOUT);
        }
        Ok(())
    }

    /// The file has, or may get, another descriptor, by dup(2), or in another process: so it does
    /// not leave the set when this one is closed.
    pub fn share(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }

    /// Calls `call`, which must not block, until it does not say EAGAIN; waits in between. A call
    /// that waits takes until `timeout_ns` at most, if there is one.
    ///
    /// # Errors
    /// What `call` says, but for EAGAIN and EINTR; ETIMEDOUT when the time is over; EBADF after
    /// [`Pollable::close`].
    #[inline]
    pub fn until_done<T>(
        &self,
        fd: Fd,
        direction: Direction,
        timeout_ns: Option<u64>,
        mut call: impl FnMut() -> Result<Done<T>, Errno>,
    ) -> Result<T, Errno> {
        let mut wait = Wait { pollable: self, fd, direction, timeout_ns, until_ns: None };
        let mut turn = self.begin(direction)?;
        loop {
            if let Some(result) = self.attempt(turn, direction, &mut call) {
                return result;
            }
            turn = wait.pause()?;
        }
    }

    /// Makes the call, if it is its turn; `None`: it must wait.
    #[inline]
    pub(super) fn attempt<T>(
        &self,
        mut turn: Turn,
        direction: Direction,
        call: &mut impl FnMut() -> Result<Done<T>, Errno>,
    ) -> Option<Result<T, Errno>> {
        while turn != Turn::Wait {
            match call() {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if turn == Turn::Try && self.take_ready(direction) => {
                    turn = Turn::TryAndGiveBack;
                }
                Err(Errno::EAGAIN) => return None,
                result => return Some(self.end(turn, direction, result)),
            }
        }
        None
    }

    /// May the call be tried at once?
    ///
    /// A read takes READY: it sees by itself whether it has come to the end, and so saves the call
    /// that would say EAGAIN. A write does not: it hardly ever fails, and others may write too.
    #[inline]
    pub(super) fn begin(&self, direction: Direction) -> Result<Turn, Errno> {
        self.check(direction)?;
        let Some(desc) = self.desc() else { return Ok(Turn::Try) };
        let word = desc.word(direction);
        let turn = match direction {
            Direction::Read if word.may_try() => Turn::TryAndGiveBack,
            Direction::Write if word.is_ready() => Turn::Try,
            _ if desc.tries_first() || !is_goroutine() => Turn::Try,
            _ => Turn::Wait,
        };
        Ok(turn)
    }

    /// The end of a call that was made.
    #[inline]
    fn end<T>(
        &self,
        turn: Turn,
        direction: Direction,
        result: Result<Done<T>, Errno>,
    ) -> Result<T, Errno> {
        let is_drained = matches!(result, Ok(Done { is_drained: true, .. }));
        if turn == Turn::TryAndGiveBack
            && let Some(desc) = self.desc()
            && !(is_drained && desc.reports_more(direction))
        {
            desc.word(direction).event().ready(); // there may be more
        }
        match result {
            Ok(done) => Ok(done.value),
            Err(_) if self.is_closed() => Err(Errno::EBADF), // what a close does to the file
            Err(error) => Err(error),
        }
    }

    #[cold]
    fn take_ready(&self, direction: Direction) -> bool {
        self.desc().is_some_and(|desc| desc.word(direction).may_try())
    }

    /// The descriptor is about to be closed, or to leave for somebody else (`lives_on`). Nobody
    /// waits, or will.
    pub fn forget(&mut self, fd: Fd, lives_on: bool) {
        let Some(desc) = self.desc() else { return };
        let lives_on = lives_on || *self.is_shared.get_mut();
        let net = &self.sched().expect("stored before").shared.netpoll;
        if core::mem::take(self.has_task.get_mut()) {
            desc.forget_tasks();
            net.count_wait(-1);
        }
        net.forget(desc, fd, lives_on);
        *self.desc.get_mut() = null_mut();
    }
}

mod registered {
    //! # Safety
    //! - **for ever**: descriptions and schedulers are never freed.
    #![allow(unsafe_code, reason = "**for ever**: pointers in atomic words")]

    use super::{AtomicPtr, Desc, Errno, Fd, Ordering, Pollable, Sched};

    fn seen<T>(word: &AtomicPtr<T>) -> Option<&'static T> {
        // SAFETY: **for ever**: null or one of them. Acquire pairs with `register`.
        unsafe { word.load(Ordering::Acquire).as_ref() }
    }

    impl Pollable {
        #[inline]
        pub(in crate::netpoll) fn desc(&self) -> Option<&'static Desc> {
            seen(&self.desc)
        }

        pub(in crate::netpoll) fn sched(&self) -> Option<&'static Sched> {
            seen(&self.sched)
        }

        /// What the scheduler's poller knows of it: registers it, if nobody has.
        pub(in crate::netpoll) fn register(
            &self,
            sched: &'static Sched,
            fd: Fd,
        ) -> Result<&'static Desc, Errno> {
            let note = |desc: &'static Desc| {
                self.sched.store(core::ptr::from_ref(sched).cast_mut(), Ordering::Release);
                self.desc.store(core::ptr::from_ref(desc).cast_mut(), Ordering::Release);
            };
            sched.shared.netpoll.register(sched, fd, || self.desc(), note)
        }
    }
}

/// A call under way.
struct Wait<'a> {
    pollable: &'a Pollable,
    fd: Fd,
    direction: Direction,
    timeout_ns: Option<u64>,
    /// When its own time is over; not asked yet.
    until_ns: Option<u64>,
}

impl Wait<'_> {
    /// When to stop waiting.
    fn until(&mut self) -> u64 {
        let deadline = self.pollable.deadline(self.direction).load(Ordering::SeqCst);
        let Some(timeout_ns) = self.timeout_ns else { return deadline };
        let until = *self.until_ns.get_or_insert_with(|| nanotime().saturating_add(timeout_ns));
        until.min(deadline)
    }

    /// Waits.
    #[cold]
    fn pause(&mut self) -> Result<Turn, Errno> {
        if self.pollable.is_closed() {
            return Err(Errno::EBADF);
        }
        let until = self.until();
        if until != NEVER && until <= nanotime() {
            return Err(Errno::ETIMEDOUT);
        }
        match current_sched().filter(|_| is_goroutine()) {
            Some(sched) => self.park(sched, until),
            None => self.block(until),
        }
    }

    fn park(&self, sched: &'static Sched, until: u64) -> Result<Turn, Errno> {
        let pollable = self.pollable;
        let desc = match pollable.desc().map_or_else(|| pollable.register(sched, self.fd), Ok) {
            Ok(desc) => desc,
            // The thread waits, and its P goes to others.
            Err(_) => return crate::blocking::blocking(|| self.block(until)),
        };
        let changed = || {
            pollable.is_closed() || pollable.deadline(self.direction).load(Ordering::SeqCst) < until
        };
        let net = &sched.shared.netpoll;
        net.count_wait(1);
        super::attend(sched);
        let when = (until != NEVER).then_some(until);
        let woken = desc.word(self.direction).wait(when, changed);
        net.count_wait(-1);
        Ok(match woken {
            Woken::Ready => Turn::TryAndGiveBack,
            Woken::Kicked | Woken::TimedOut => Turn::Wait, // the deadline may be another by now
        })
    }

    /// The thread waits, and looks now and then whether it still should.
    fn block(&self, until: u64) -> Result<Turn, Errno> {
        let events = match self.direction {
            Direction::Read => READABLE,
            Direction::Write => WRITABLE,
        };
        let left = until.saturating_sub(nanotime()).min(LOOK_NS);
        let is_ready = poll_one(self.fd, events, Some(left))? != 0;
        if self.pollable.is_closed() {
            return Err(Errno::EBADF);
        }
        Ok(if is_ready { Turn::Try } else { Turn::Wait })
    }
}

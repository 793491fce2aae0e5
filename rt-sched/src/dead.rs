//! Can anything ever run again? Go: `checkdead`.

use crate::g::Status;
use crate::sched::{Sched, Synced};
use crate::timer::NEVER;
use crate::traceback::current_m;

/// How a program stands when no M runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a dead program must be reported"]
pub enum Verdict {
    /// Some M runs, or time will bring something.
    Alive,
    /// The counts contradict each other.
    Inconsistent,
    /// A goroutine could run, and nobody runs it.
    Lost {
        /// Its number.
        goid: u64,
    },
    /// No goroutine is left: main has called goexit.
    NoGoroutines,
    /// All wait for each other.
    AllAsleep,
}

/// The numbers the verdict is made of.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Ms with threads.
    pub mcount: u64,
    /// Ms without work.
    pub nmidle: u32,
    /// Ms that wait for the goroutine tied to them.
    pub nmidlelocked: i32,
    /// Ms that do not count.
    pub nmsys: u32,
}

impl Counts {
    /// How many Ms run something. Pure.
    #[must_use]
    pub fn running(&self) -> i64 {
        self.mcount as i64
            - i64::from(self.nmidle)
            - i64::from(self.nmidlelocked)
            - i64::from(self.nmsys)
    }

    /// The verdict; `goroutines` tells number and state of each that is not the runtime's own, and
    /// is asked only when no M runs. Pure.
    pub fn judge(
        &self,
        has_timers: impl FnOnce() -> bool,
        goroutines: impl FnOnce(&mut dyn FnMut(u64, Status)),
    ) -> Verdict {
        match self.running() {
            0 => {}
            running if running < 0 => return Verdict::Inconsistent,
            _ => return Verdict::Alive,
        }
        let (mut waiting, mut lost) = (false, None);
        goroutines(&mut |goid, status| match status {
            Status::Runnable | Status::Running => lost = lost.or(Some(goid)),
            Status::Waiting => waiting = true,
            Status::Idle | Status::Dead => {}
        });
        if let Some(goid) = lost {
            return Verdict::Lost { goid };
        }
        match (waiting, has_timers()) {
            (false, _) => Verdict::NoGoroutines,
            (true, true) => Verdict::Alive,
            (true, false) => Verdict::AllAsleep,
        }
    }
}

/// Ends the program, with Go's texts and exit code 2, when nothing can ever run again. Called with
/// the lock held, whenever an M stops running.
pub(crate) fn checkdead(sched: &Sched, synced: &Synced) {
    if !sched.port.detects_deadlock() {
        return;
    }
    let counts = Counts {
        mcount: synced.mcount(),
        nmidle: synced.nmidle,
        nmidlelocked: synced.nmidlelocked,
        nmsys: synced.nmsys,
    };
    if counts.running() == 1 && !crate::sleep::has_something(sched) {
        // Who waits for what is over would pass for one that runs.
        sched.shared.poller.look_again();
    }
    if counts.running() > 0 {
        return;
    }
    let has_timers = || sched.shared.allp.iter().any(|pp| pp.timers.first_when() != NEVER);
    match counts.judge(has_timers, |look| sched.for_each_goroutine(look)) {
        Verdict::Alive => {}
        Verdict::Inconsistent => rt_os::throw::throw_with(
            format_args!("runtime: checkdead: {counts:?}\n"),
            "checkdead: inconsistent counts",
        ),
        Verdict::Lost { goid } => rt_os::throw::throw_with(
            format_args!("runtime: checkdead: find g {goid}\n"),
            "checkdead: runnable g",
        ),
        Verdict::NoGoroutines => {
            rt_os::throw::fatal("no goroutines (main called runtime.Goexit) - deadlock!")
        }
        Verdict::AllAsleep => rt_os::throw::fatal("all goroutines are asleep - deadlock!"),
    }
}

/// A thread that does not count as running, sysmon say, has a P or a goroutine in its hands: until
/// it has handed that on nobody may take the program for dead. Go: `incidlelocked(-1)`, and
/// `incidlelocked(1)` behind it.
pub(crate) struct Carries<'a>(&'a Sched);

impl<'a> Carries<'a> {
    /// Before it takes anything.
    pub(crate) fn begin(sched: &'a Sched) -> Carries<'a> {
        sched.lock().nmidlelocked -= 1;
        Carries(sched)
    }

    /// If the calling thread does not count.
    pub(crate) fn if_uncounted(sched: &'a Sched) -> Option<Carries<'a>> {
        let counts = || current_m().is_some_and(|mp| mp.startfn.get().is_none());
        (sched.port.detects_deadlock() && !counts()).then(|| Carries::begin(sched))
    }
}

impl Drop for Carries<'_> {
    fn drop(&mut self) {
        let mut synced = self.0.lock();
        synced.nmidlelocked += 1;
        checkdead(self.0, &synced);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Counts = Counts { mcount: 4, nmidle: 2, nmidlelocked: 1, nmsys: 1 };

    fn judge(counts: Counts, timers: bool, goroutines: &[(u64, Status)]) -> Verdict {
        counts.judge(|| timers, |look| goroutines.iter().for_each(|&(goid, s)| look(goid, s)))
    }

    #[test]
    fn the_table() {
        use Status::{Dead, Runnable, Waiting};
        let busy = Counts { nmidle: 1, ..IDLE };
        assert_eq!(judge(busy, false, &[(1, Waiting)]), Verdict::Alive);
        assert_eq!(judge(Counts { nmidle: 3, ..IDLE }, false, &[]), Verdict::Inconsistent);
        assert_eq!(judge(IDLE, false, &[(1, Waiting), (9, Runnable)]), Verdict::Lost { goid: 9 });
        assert_eq!(judge(IDLE, true, &[(1, Dead)]), Verdict::NoGoroutines);
        assert_eq!(judge(IDLE, true, &[(1, Waiting)]), Verdict::Alive);
        assert_eq!(judge(IDLE, false, &[(1, Dead), (2, Waiting)]), Verdict::AllAsleep);
    }
}

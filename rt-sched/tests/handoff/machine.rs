//! An M and the goroutines it runs: the owner's side of the hand-off. Follows `rt_sched::inside`,
//! `schedule` and `thread`. Each step is one access to memory, or one section under the lock.

use crate::rules::{self, Barrier, Entry, Rules};
use crate::world::word::{INSIDE, M_P, NOTE, P_M, REQUEST};
use crate::world::{Op, Owner, Scenario, World};

/// Where an M is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    User,
    /// Broken: has looked, is about to say that it is inside.
    StoreLate(u8),
    /// Where each entry needs a fence of its own.
    Fence,
    Look,
    Answer(u8),
    /// Has touched nothing and leaves.
    Outside,
    /// Has left; its P was taken: an idle one will do.
    Regain,
    /// Has taken this P, and comes in with it.
    ComesIn(u8),
    Lost,
    /// Touches the P: the last time, or one before. What comes next comes with the last store.
    Touching,
    TouchingBefore,
    /// Broken: is outside and has not stored its last.
    TouchedLate,
    /// With what it does that it leaves its goroutine.
    Schedule(Op),
    Leave,
    Asleep,
    /// Ties itself to this P.
    Tie(u8),
}

/// An M.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Machine {
    at: At,
    /// The goroutine that it runs, counted from 1; 0 for none.
    g: u8,
}

impl Machine {
    /// Sleeps without a P.
    pub(crate) fn idle() -> Machine {
        Machine { at: At::Asleep, g: 0 }
    }

    pub(crate) fn in_user_code(g: usize) -> Machine {
        Machine { at: At::User, g: g as u8 + 1 }
    }

    /// The goroutine that it runs.
    pub(crate) fn runs(&self) -> Option<usize> {
        usize::from(self.g).checked_sub(1)
    }
}

/// What an M has done, in words; nothing when it can do nothing.
type Did = Result<Option<&'static str>, String>;

impl World {
    /// Has it nothing left to do?
    pub(crate) fn is_machine_over(&self, m: usize, of: &Scenario) -> bool {
        match self.ms[m].at {
            At::Asleep => self.memory.load(m, NOTE + m) == 0,
            At::User => self.op(m, of) == Op::Hog,
            _ => false,
        }
    }

    /// Do M and P know each other, and may the M touch it?
    pub(crate) fn has_p(&self, m: usize, p: usize) -> bool {
        self.own_p(m) == Some(p)
            && usize::from(self.memory.load(m, P_M + p)) == m + 1
            && !rules::is_taken(self.memory.load(m, REQUEST + m))
    }

    fn op(&self, m: usize, of: &Scenario) -> Op {
        let g = self.ms[m].runs().expect("it runs a goroutine");
        of.scripts[g][usize::from(self.gs[g])]
    }

    /// `m.p`, which only the M writes.
    fn own_p(&self, m: usize) -> Option<usize> {
        usize::from(self.memory.load(m, M_P + m)).checked_sub(1)
    }

    /// The operation is done. Behind the last there is no goroutine.
    fn op_is_done(&mut self, m: usize, op: Op) {
        let g = self.ms[m].runs().expect("it runs a goroutine");
        self.gs[g] += 1;
        if op == Op::End {
            self.ms[m].g = 0;
        }
    }

    pub(crate) fn step_machine(&mut self, m: usize, of: &Scenario) -> Did {
        match self.ms[m].at {
            At::User => return Ok(self.enter(m, of)),
            At::StoreLate(word) => {
                self.memory.store(m, INSIDE + m, 1);
                self.decide(m, of, word)?;
            }
            At::Fence => {
                self.memory.fence(m);
                self.ms[m].at = At::Look;
                return Ok(Some("makes its own fence"));
            }
            // Where the code looks twice, the second look is this one.
            At::Look => {
                let word = self.memory.load(m, REQUEST + m);
                self.decide(m, of, word)?;
            }
            At::Answer(word) => return self.answer(m, of, word).map(Some),
            At::Outside => {
                self.memory.store(m, INSIDE + m, 0);
                self.ms[m].at = At::Regain;
                return Ok(Some("steps outside again, without a P"));
            }
            At::Regain => return Ok(Some(self.regain_briefly(m, of))),
            At::ComesIn(p) => {
                self.memory.store(m, INSIDE + m, 1);
                self.memory.store(m, M_P + m, 0);
                self.ms[m].at = At::Tie(p);
                return Ok(Some("comes in with an idle P"));
            }
            At::Leave => {
                self.memory.store(m, INSIDE + m, 0);
                self.ms[m].at = At::User;
                return Ok(Some("leaves the runtime"));
            }
            At::Lost | At::Schedule(_) => return self.step_scheduler(m, of),
            At::Asleep | At::Tie(_) => return self.step_acquire(m, of),
            _ => return self.step_touch(m, of),
        }
        Ok(Some("looks for a request"))
    }

    fn enter(&mut self, m: usize, of: &Scenario) -> Option<&'static str> {
        if self.op(m, of) == Op::Hog {
            return None;
        }
        if of.rules.looks_first {
            self.ms[m].at = At::StoreLate(self.memory.load(m, REQUEST + m));
            return Some("looks for a request");
        }
        self.memory.store(m, INSIDE + m, 1);
        let fenced = of.rules.barrier == Barrier::Fences;
        self.ms[m].at = if fenced { At::Fence } else { At::Look };
        Some("enters the runtime")
    }

    fn decide(&mut self, m: usize, of: &Scenario, word: u8) -> Result<(), String> {
        let entry = match self.op(m, of) {
            Op::Brief => rules::enter_briefly(word),
            _ => rules::enter_to_leave(word),
        };
        self.ms[m].at = match entry {
            Entry::Has => return self.begin_touch(m, of),
            Entry::Answer(_) => At::Answer(word),
            Entry::Lost => At::Lost,
            Entry::Outside => At::Outside,
        };
        Ok(())
    }

    /// From here on nobody else may touch the P.
    fn begin_touch(&mut self, m: usize, of: &Scenario) -> Result<(), String> {
        let p = self.own_p(m).ok_or("has no P, and nobody took it")?;
        let is_nested = self.op(m, of) == Op::Nested;
        self.ms[m].at = if is_nested { At::TouchingBefore } else { At::Touching };
        self.touch(m, p)
    }

    fn answer(&mut self, m: usize, of: &Scenario, word: u8) -> Result<&'static str, String> {
        let Entry::Answer(to) = rules::enter_to_leave(word) else { unreachable!("it was asked") };
        if of.rules.answers_plainly {
            self.memory.store(m, REQUEST + m, to);
        } else if let Err(now) = self.memory.cas(m, REQUEST + m, word, to) {
            self.decide(m, of, now)?;
            return Ok("answers too late");
        }
        self.begin_touch(m, of)?;
        Ok("answers the request")
    }

    fn step_touch(&mut self, m: usize, of: &Scenario) -> Did {
        let p = self.own_p(m).ok_or("has no P, and nobody took it")?;
        let op = self.op(m, of);
        match self.ms[m].at {
            At::TouchingBefore => {
                // A nested entry finds itself inside, and looks for nothing.
                self.touched(m, p)?;
                self.touch(m, p)?;
                self.ms[m].at = At::Touching;
            }
            At::Touching if op == Op::Brief && of.rules.leaves_early => {
                self.memory.store(m, INSIDE + m, 0);
                self.ms[m].at = At::TouchedLate;
                return Ok(Some("leaves the runtime"));
            }
            At::TouchedLate => {
                self.touched(m, p)?;
                self.op_is_done(m, op);
                self.ms[m].at = At::User;
            }
            _ if op == Op::Brief => {
                self.touched(m, p)?;
                self.op_is_done(m, op);
                self.memory.store(m, INSIDE + m, 0);
                self.ms[m].at = At::User;
                return Ok(Some("has touched its P, and leaves the runtime"));
            }
            _ if op == Op::Swap || op == Op::End => {
                self.touched(m, p)?;
                self.op_is_done(m, op);
                self.ms[m].at = At::Schedule(op);
            }
            _ => {
                self.touched(m, p)?;
                let is_stopping = self.is_stopping(m);
                self.op_is_done(m, op);
                self.ms[m].at = if is_stopping { At::Schedule(op) } else { At::Leave };
                return Ok(Some("has touched its P, and looks whether the world stops"));
            }
        }
        Ok(Some("has touched its P"))
    }

    fn step_acquire(&mut self, m: usize, of: &Scenario) -> Did {
        if let At::Tie(p) = self.ms[m].at {
            if !self.memory.has_room(m, 3) {
                return Ok(None);
            }
            self.memory.store(m, M_P + m, p + 1);
            self.memory.store(m, P_M + usize::from(p), m as u8 + 1);
            if let Some(word) = rules::acquired(self.memory.load(m, REQUEST + m)) {
                self.memory.store(m, REQUEST + m, word); // nobody else changes it now
            }
            match self.ms[m].runs() {
                Some(_) => self.begin_touch(m, of)?,
                None => self.ms[m].at = At::Schedule(Op::End),
            }
            return Ok(Some("ties itself to the P"));
        }
        if self.memory.load(m, NOTE + m) == 0 {
            return Ok(None);
        }
        self.memory.swap(m, NOTE + m, 0);
        let p = core::mem::take(&mut self.nextp[m]) - 1;
        self.pass(usize::from(p), Owner::Given(m), Owner::Cpu(m))?;
        self.ms[m].at = At::Tie(p);
        Ok(Some("wakes up with a P"))
    }

    fn step_scheduler(&mut self, m: usize, of: &Scenario) -> Did {
        if !self.lock(m) {
            return Ok(None);
        }
        let did = match self.ms[m].at {
            At::Schedule(op) => self.schedule(m, op)?,
            _ => self.regain(m, of),
        };
        self.unlock(m, false);
        Ok(Some(did))
    }

    /// Takes an idle P in the midst of its goroutine, if its own was taken and the lock is free.
    fn regain_briefly(&mut self, m: usize, of: &Scenario) -> &'static str {
        if rules::is_taken(self.memory.load(m, REQUEST + m)) && self.lock(m) {
            let may = self.may_take_idle(m, &of.rules);
            let idle = if may { self.take_idle_p(self.own_p(m).unwrap_or_default()) } else { None };
            self.unlock(m, false);
            if let Some(p) = idle {
                self.owners[p] = Owner::Cpu(m);
                self.ms[m].at = At::ComesIn(p as u8);
                return "has lost its P, and finds an idle one";
            }
        }
        let op = self.op(m, of);
        self.op_is_done(m, op);
        self.ms[m].at = At::User;
        "does without a P"
    }

    /// Under the lock: an idle P, or the goroutine into the global queue.
    fn regain(&mut self, m: usize, of: &Scenario) -> &'static str {
        let oldp = self.own_p(m).unwrap_or_default();
        self.memory.store(m, M_P + m, 0);
        let op = self.op(m, of);
        let wants = op != Op::End || !self.runq.is_empty();
        let may = wants && self.may_take_idle(m, &of.rules);
        if let Some(p) = self.take_idle_p(oldp).filter(|_| may) {
            self.owners[p] = Owner::Cpu(m);
            self.ms[m].at = At::Tie(p as u8);
            return "has lost its P, and takes an idle one";
        }
        self.op_is_done(m, op);
        if !of.rules.forgets_to_queue {
            self.queue_own(m);
        }
        self.sleep(m);
        "has lost its P, queues its goroutine and sleeps"
    }

    fn may_take_idle(&self, m: usize, rules: &Rules) -> bool {
        rules.hands_out_while_stopping || !self.is_stopping(m)
    }

    fn queue_own(&mut self, m: usize) {
        if let Some(g) = self.ms[m].runs() {
            self.runq.push(g);
        }
    }

    fn sleep(&mut self, m: usize) {
        self.ms[m].g = 0;
        self.idle_ms.push(m);
        self.ms[m].at = At::Asleep;
    }

    /// Under the lock: the next goroutine, or none.
    fn schedule(&mut self, m: usize, op: Op) -> Result<&'static str, String> {
        if self.is_stopping(m) {
            self.queue_own(m);
            self.release(m, Owner::Stopped)?;
            return Ok("gives its P up to the stopping world");
        }
        let lets = op == Op::Swap || self.ms[m].g == 0;
        if lets && let Some(next) = self.runq.pop() {
            self.queue_own(m);
            self.ms[m].g = next as u8 + 1;
        }
        if self.ms[m].g == 0 {
            self.release(m, Owner::Idle)?;
            return Ok("gives its P up and sleeps");
        }
        self.ms[m].at = At::Leave;
        Ok("runs the next goroutine")
    }

    fn release(&mut self, m: usize, to: Owner) -> Result<(), String> {
        let p = self.own_p(m).ok_or("gives up a P that it has not")?;
        self.pass(p, Owner::Cpu(m), to)?;
        self.memory.store(m, M_P + m, 0);
        self.memory.store(m, P_M + p, 0);
        self.sleep(m);
        Ok(())
    }
}

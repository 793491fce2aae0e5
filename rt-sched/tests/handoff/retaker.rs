//! Those who take Ps: sysmon, one P in each try, and who stops the world, all of them until they
//! stand. Follows `rt_sched::retake` and `world`.

use crate::rules::{self, Ask, Barrier};
use crate::world::word::{INSIDE, M_P, P_M, REQUEST, STOPPING};
use crate::world::{CPUS, MS, Owner, PS, Scenario, World};

/// What a retaker is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    /// Tries to take each of these Ps, one after the other.
    Watch(&'static [usize]),
    /// Stops the world, and starts it again.
    Stop,
    Nothing,
}

/// Where a retaker is; the P that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    /// Between two tries: the next step begins one.
    Rest,
    StopAll,
    Pick(usize),
    /// Broken: looks at `m.p` before it asks.
    LookAtP(usize),
    Ask(usize),
    /// This processor is next.
    Barrier(usize),
    IsInside(usize),
    IsItsP(usize),
    Take(usize),
    Withdraw(usize),
    HandOff(usize),
    Standing,
    StartAll,
    Over,
}

/// A request for a P: of which M, what is written there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Asked {
    /// Counted from 1; 0 for none.
    m: u8,
    /// 0 before there is one.
    request: u8,
    /// Broken: the M's P, as it was before.
    saw_p: u8,
}

/// A retaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Retaker {
    at: At,
    tries: u8,
    asked: [Asked; PS],
    /// It has written a request itself, in this try.
    wrote: bool,
}

impl Retaker {
    pub(crate) fn new(task: Task) -> Retaker {
        let at = match task {
            Task::Watch(_) => At::Rest,
            Task::Stop => At::StopAll,
            Task::Nothing => At::Over,
        };
        Retaker { at, tries: 0, asked: [Asked::default(); PS], wrote: false }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.at == At::Over
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = u8> + '_ {
        self.asked.iter().map(|asked| asked.request)
    }

    fn m(&self, p: usize) -> usize {
        usize::from(self.asked[p].m) - 1
    }

    /// The next P that was asked for, `from` or one behind it.
    fn next_asked(&self, from: usize) -> At {
        (from..PS).find(|p| self.asked[*p].request != 0).map_or(At::Rest, At::IsInside)
    }
}

/// What a retaker has done, in words; nothing when it can do nothing.
type Did = Result<Option<&'static str>, String>;

impl World {
    pub(crate) fn step_retaker(&mut self, r: usize, of: &Scenario) -> Did {
        let cpu = MS + r;
        let at = self.retakers[r].at;
        match at {
            At::Rest => match self.begin_try(r, of) {
                At::Pick(p) => Ok(Some(self.step_pick(r, p, of))),
                at => {
                    self.retakers[r].at = at;
                    Ok(Some("is done"))
                }
            },
            At::Pick(p) => Ok(Some(self.step_pick(r, p, of))),
            At::LookAtP(p) => {
                let m = self.retakers[r].m(p);
                self.retakers[r].asked[p].saw_p = self.memory.load(cpu, M_P + m);
                self.retakers[r].at = At::Ask(p);
                Ok(Some("looks at m.p too early"))
            }
            At::Ask(p) => Ok(Some(self.step_ask(r, p, of))),
            At::Barrier(next) => {
                self.step_barrier(r, next, of.rules.barrier);
                Ok(Some("makes the heavy barrier"))
            }
            At::IsInside(_) | At::IsItsP(_) | At::Take(_) | At::Withdraw(_) => {
                self.step_take(r, of)
            }
            At::Over => Ok(None),
            // The last one has said so under the lock.
            At::HandOff(_) | At::StopAll | At::Standing | At::StartAll if !self.lock(cpu) => {
                Ok(None)
            }
            At::HandOff(p) => self.step_hand_off(r, p, of).map(Some),
            At::StopAll => Ok(Some(self.step_stop(r))),
            At::Standing => {
                for p in 0..of.ps {
                    self.pass(p, Owner::Stopped, Owner::Cpu(cpu))?;
                    self.touch(cpu, p)?;
                }
                self.unlock(cpu, false);
                self.retakers[r].at = At::StartAll;
                Ok(Some("has stopped the world"))
            }
            At::StartAll => self.step_start(r, of).map(Some),
        }
    }

    fn begin_try(&mut self, r: usize, of: &Scenario) -> At {
        let all_stand = self.owners[..of.ps].iter().all(|owner| *owner == Owner::Stopped);
        let retaker = &mut self.retakers[r];
        retaker.wrote = false;
        match of.tasks[r] {
            Task::Stop if all_stand => At::Standing,
            Task::Stop => At::Pick(0),
            Task::Watch(targets) => {
                let target = targets.get(usize::from(retaker.tries));
                retaker.tries += u8::from(target.is_some());
                target.map_or(At::Over, |p| At::Pick(*p))
            }
            Task::Nothing => At::Over,
        }
    }

    fn step_pick(&mut self, r: usize, p: usize, of: &Scenario) -> &'static str {
        let m = self.memory.load(MS + r, P_M + p);
        self.retakers[r].asked[p] = Asked { m, ..Asked::default() };
        let first = if of.rules.reads_p_first { At::LookAtP(p) } else { At::Ask(p) };
        self.retakers[r].at = if m == 0 { self.behind_ask(r, p, of) } else { first };
        "looks whose the P is"
    }

    /// What comes when the request for `p` is there, or there is none.
    fn behind_ask(&self, r: usize, p: usize, of: &Scenario) -> At {
        let retaker = &self.retakers[r];
        if of.tasks[r] == Task::Stop && p + 1 < of.ps {
            return At::Pick(p + 1);
        }
        match retaker.next_asked(0) {
            At::IsInside(_) if !of.rules.trusts_others_barrier || retaker.wrote => At::Barrier(0),
            at => at,
        }
    }

    /// A look and a CAS in one: when the CAS fails it asks in vain, as if it had come later.
    fn step_ask(&mut self, r: usize, p: usize, of: &Scenario) -> &'static str {
        let m = self.retakers[r].m(p);
        self.memory.fence(MS + r);
        let word = self.memory.load(MS + r, REQUEST + m);
        let ticket = if of.rules.tickets { self.fresh_ticket() } else { 0 };
        let did = match rules::ask(word, ticket) {
            Ask::Asks(to) => {
                self.memory.swap(MS + r, REQUEST + m, to);
                self.retakers[r].asked[p].request = to;
                self.retakers[r].wrote = of.rules.trusts_others_barrier;
                "asks for the P"
            }
            Ask::Stands => {
                self.retakers[r].asked[p].request = word;
                "sees another's request"
            }
            Ask::No => {
                self.retakers[r].asked[p] = Asked::default();
                "sees that the P is taken"
            }
        };
        self.retakers[r].at = self.behind_ask(r, p, of);
        did
    }

    fn step_barrier(&mut self, r: usize, next: usize, barrier: Barrier) {
        let cpu = MS + r;
        match barrier {
            Barrier::AtOnce => self.memory.fence_all(),
            Barrier::OneByOne => {
                self.memory.fence(cpu);
                self.memory.fence(next);
                if next + 1 < CPUS {
                    self.retakers[r].at = At::Barrier(next + 1);
                    return;
                }
            }
            Barrier::Fences => self.memory.fence(cpu),
            Barrier::Nothing => {}
        }
        self.retakers[r].at = self.retakers[r].next_asked(0);
    }

    fn step_take(&mut self, r: usize, of: &Scenario) -> Did {
        let cpu = MS + r;
        let retaker = self.retakers[r];
        let done = |world: &mut World, p: usize| {
            world.retakers[r].asked[p] = Asked::default();
            world.retakers[r].at = world.retakers[r].next_asked(p + 1);
        };
        Ok(Some(match retaker.at {
            At::IsInside(p) => {
                if self.memory.load(cpu, INSIDE + retaker.m(p)) != 0 {
                    // Where the code looks again, that look is this one, later.
                    self.retakers[r].at = At::Withdraw(p);
                    return Ok(Some("sees it inside"));
                }
                self.retakers[r].at = At::IsItsP(p);
                "sees it outside"
            }
            At::IsItsP(p) => {
                let now = self.memory.load(cpu, M_P + retaker.m(p));
                let has = if of.rules.reads_p_first { retaker.asked[p].saw_p } else { now };
                let is = usize::from(has) == p + 1;
                self.retakers[r].at = if is { At::Take(p) } else { At::Withdraw(p) };
                "looks at m.p"
            }
            At::Withdraw(p) => {
                let request = retaker.asked[p].request;
                let to = rules::withdrawn(request);
                let _answered = self.memory.cas(cpu, REQUEST + retaker.m(p), request, to);
                done(self, p);
                "withdraws its request"
            }
            At::Take(p) => {
                let (m, request) = (retaker.m(p), retaker.asked[p].request);
                let to = rules::taken(request);
                if self.memory.cas(cpu, REQUEST + m, request, to).is_err() {
                    done(self, p);
                    return Ok(Some("comes too late to take"));
                }
                self.pass(p, Owner::Cpu(m), Owner::Cpu(cpu))?;
                self.retakers[r].asked[p] = Asked::default();
                self.retakers[r].at = At::HandOff(p);
                "takes the P"
            }
            _ => unreachable!("called for these four"),
        }))
    }

    fn step_hand_off(&mut self, r: usize, p: usize, of: &Scenario) -> Result<&'static str, String> {
        let cpu = MS + r;
        self.memory.store(cpu, P_M + p, 0);
        self.touch(cpu, p)?;
        self.touched(cpu, p)?;
        let forgets = of.rules.hands_out_while_stopping && of.tasks[r] != Task::Stop;
        let wakes = if self.is_stopping(cpu) && !forgets {
            self.owners[p] = Owner::Stopped;
            false
        } else {
            self.hand_off(cpu, p)
        };
        self.unlock(cpu, wakes);
        self.retakers[r].at = self.retakers[r].next_asked(p + 1);
        Ok("hands the P on")
    }

    fn step_stop(&mut self, r: usize) -> &'static str {
        self.memory.swap(MS + r, STOPPING, 1);
        for owner in self.owners.iter_mut().filter(|owner| **owner == Owner::Idle) {
            *owner = Owner::Stopped;
        }
        self.unlock(MS + r, false);
        self.retakers[r].at = At::Rest;
        "says that the world stops"
    }

    fn step_start(&mut self, r: usize, of: &Scenario) -> Result<&'static str, String> {
        let cpu = MS + r;
        let mut wakes = false;
        (0..of.ps).try_for_each(|p| self.touched(cpu, p))?;
        self.memory.swap(cpu, STOPPING, 0);
        for p in 0..of.ps {
            wakes |= self.hand_off(cpu, p);
        }
        self.unlock(cpu, wakes);
        self.retakers[r].at = At::Over;
        Ok("starts the world")
    }
}

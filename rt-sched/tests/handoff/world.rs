//! The parties and what they share: two Ms, two retakers, up to two Ps, the words of the hand-off
//! in memory as the processors see it, and what `sched.lock` guards.

use crate::explore::{Model, Step};
use crate::machine::Machine;
use crate::retaker::{Retaker, Task};
use crate::rules::Rules;
use crate::tso::Memory;

pub(crate) const MS: usize = 2;
pub(crate) const PS: usize = 2;
/// The retakers' processors come after those of the Ms.
pub(crate) const CPUS: usize = MS + 2;
const GS: usize = 3;
/// So many stores are in a step that does not ask for room itself, or empties the queue.
const MOST_STORES: usize = 2;
const NAMES: [&str; CPUS] = ["m0", "m1", "r2", "r3"];

/// Words of memory. Those of an M and of a P come twice, side by side.
pub(crate) mod word {
    /// The M is in the runtime.
    pub(crate) const INSIDE: usize = 0;
    /// The request of the M. See [`crate::rules`].
    pub(crate) const REQUEST: usize = 2;
    /// The P of the M, counted from 1; 0 for none.
    pub(crate) const M_P: usize = 4;
    /// The M of the P, counted from 1; 0 for none.
    pub(crate) const P_M: usize = 6;
    /// What the P's owner alone touches. Its value does not matter, but when it is stored.
    pub(crate) const DATA: usize = 8;
    /// The M was given a P.
    pub(crate) const NOTE: usize = 10;
    pub(crate) const STOPPING: usize = 12;
    pub(crate) const LOCK: usize = 13;
    pub(crate) const WORDS: usize = 14;
}
use word::{DATA, LOCK, M_P, NOTE, P_M, REQUEST, STOPPING, WORDS};

/// What a goroutine does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// Enters briefly: touches its P if it may.
    Brief,
    /// Enters to leave, and goes on: touches its P.
    Yield,
    /// As `Yield`, with a brief entry within.
    Nested,
    /// Enters to leave, and lets the next one run.
    Swap,
    /// Ends.
    End,
    /// Never enters the runtime again.
    Hog,
}

/// Whose is a P? By the rules, not by what the words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// This processor's.
    Cpu(usize),
    /// In the idle list.
    Idle,
    /// The stopped world's.
    Stopped,
    /// On its way to this M.
    Given(usize),
    /// There is no such P.
    Absent,
}

/// A list of numbers, first in, first out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct List {
    len: u8,
    items: [u8; GS],
}

impl List {
    pub(crate) fn push(&mut self, item: usize) {
        self.items[usize::from(self.len)] = item as u8;
        self.len += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<usize> {
        let first = self.items[0];
        self.len = self.len.checked_sub(1)?;
        self.items.rotate_left(1);
        self.items[usize::from(self.len)] = 0;
        Some(usize::from(first))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn contains(&self, item: usize) -> bool {
        self.items[..usize::from(self.len)].contains(&(item as u8))
    }
}

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) memory: Memory<WORDS, CPUS>,
    pub(crate) ms: [Machine; MS],
    pub(crate) retakers: [Retaker; 2],
    /// How far each goroutine is in its script.
    pub(crate) gs: [u8; GS],
    /// Under the lock: the global queue, the idle Ms.
    pub(crate) runq: List,
    pub(crate) idle_ms: List,
    /// The P that an M was given, counted from 1. Written before its note.
    pub(crate) nextp: [u8; MS],
    pub(crate) owners: [Owner; PS],
    /// Who is at a P's own data now, counted from 1.
    busy: [u8; PS],
}

/// What is explored: scripts under rules.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) rules: Rules,
    /// The Ps there are, at most [`PS`].
    pub(crate) ps: usize,
    /// A script for each goroutine. The first ones run at the start, as many as there are Ps; the
    /// others are queued.
    pub(crate) scripts: Vec<Vec<Op>>,
    pub(crate) tasks: [Task; 2],
}

impl World {
    /// The lock is the processor's: false if it has to wait. What it stored before is in memory.
    pub(crate) fn lock(&mut self, cpu: usize) -> bool {
        self.memory.cas(cpu, LOCK, 0, 1).is_ok()
    }

    /// Frees it, by a plain store behind those of the section. A wake-up is a locked instruction.
    pub(crate) fn unlock(&mut self, cpu: usize, wakes: bool) {
        let is_alone = self.memory.is_drained(cpu);
        self.memory.store(cpu, LOCK, 0);
        if wakes || is_alone {
            self.memory.fence(cpu); // alone: that it comes late only makes others wait
        }
    }

    pub(crate) fn is_stopping(&self, cpu: usize) -> bool {
        self.memory.load(cpu, STOPPING) != 0
    }

    /// Takes an idle P, `prefer` if it idles. Under the lock.
    pub(crate) fn take_idle_p(&mut self, prefer: usize) -> Option<usize> {
        let order = [prefer, 0, 1];
        order.into_iter().find(|p| self.owners.get(*p) == Some(&Owner::Idle))
    }

    /// Gives P `p` to an idle M if there is work for it: true. Else it idles. Under the lock.
    pub(crate) fn hand_off(&mut self, cpu: usize, p: usize) -> bool {
        if !self.runq.is_empty()
            && let Some(m) = self.idle_ms.pop()
        {
            self.nextp[m] = p as u8 + 1;
            self.owners[p] = Owner::Given(m);
            self.memory.store(cpu, NOTE + m, 1);
            return true;
        }
        self.owners[p] = Owner::Idle;
        false
    }

    /// Begins to touch the P's own data.
    pub(crate) fn touch(&mut self, cpu: usize, p: usize) -> Result<(), String> {
        if self.owners[p] != Owner::Cpu(cpu) {
            return Err(format!("touches P {p}, which is {:?}'s", self.owners[p]));
        }
        if self.busy[p] != 0 {
            return Err(format!(
                "touches P {p} while {} does",
                NAMES[usize::from(self.busy[p]) - 1]
            ));
        }
        if self.memory.is_stale(cpu, DATA + p) {
            return Err(format!("sees P {p} as it was before another's last store"));
        }
        self.busy[p] = cpu as u8 + 1;
        Ok(())
    }

    /// Has touched it: the last store.
    pub(crate) fn touched(&mut self, cpu: usize, p: usize) -> Result<(), String> {
        if self.owners[p] != Owner::Cpu(cpu) || usize::from(self.busy[p]) != cpu + 1 {
            return Err(format!("has lost P {p} while it touched it"));
        }
        self.busy[p] = 0;
        self.memory.store(cpu, DATA + p, 0);
        Ok(())
    }

    /// The P changes hands: from whom it must come.
    pub(crate) fn pass(&mut self, p: usize, from: Owner, to: Owner) -> Result<(), String> {
        if self.owners[p] != from {
            return Err(format!("takes P {p} from {from:?}, but it is {:?}'s", self.owners[p]));
        }
        if self.busy[p] != 0 {
            return Err(format!(
                "takes P {p} while {} touches it",
                NAMES[usize::from(self.busy[p]) - 1]
            ));
        }
        self.owners[p] = to;
        Ok(())
    }

    /// A ticket that nothing knows: each is used once, and only their being different matters, so
    /// the smallest one that is forgotten will do.
    pub(crate) fn fresh_ticket(&self) -> u8 {
        let asked = |m| self.memory.values(REQUEST + m).map(crate::rules::ticket);
        let held = self.retakers.iter().flat_map(Retaker::requests).map(crate::rules::ticket);
        let known: Vec<u8> = (0..MS).flat_map(asked).chain(held).collect();
        (1..).find(|ticket| !known.contains(ticket)).expect("few are known")
    }
}

/// A P's own data: that its last stores came too late is found by who touches it next.
fn is_quiet(word: usize) -> bool {
    (DATA..DATA + PS).contains(&word)
}

impl Model for Scenario {
    type State = World;

    fn start(&self) -> World {
        let mut world = World {
            memory: Memory::new(),
            ms: [Machine::idle(); MS],
            retakers: self.tasks.map(Retaker::new),
            gs: [0; GS],
            runq: List::default(),
            idle_ms: List::default(),
            nextp: [0; MS],
            owners: [Owner::Absent; PS],
            busy: [0; PS],
        };
        for m in 0..MS {
            if m < self.ps {
                world.owners[m] = Owner::Cpu(m);
                world.ms[m] = Machine::in_user_code(m);
                world.memory.swap(m, M_P + m, m as u8 + 1);
                world.memory.swap(m, P_M + m, m as u8 + 1);
            } else {
                world.memory.swap(m, word::INSIDE + m, 1);
                world.idle_ms.push(m);
            }
        }
        (self.ps..self.scripts.len()).for_each(|g| world.runq.push(g));
        world
    }

    fn steps(&self, state: &World, out: &mut Vec<Step<World>>) {
        for (cpu, name) in NAMES.iter().enumerate() {
            let mut next = *state;
            if next.memory.flush_loud(cpu, is_quiet) {
                out.push(Step { who: cpu, what: "a store of its reaches memory", then: Ok(next) });
            }
            if !state.memory.has_room(cpu, MOST_STORES) {
                continue;
            }
            let mut next = *state;
            let step = match cpu.checked_sub(MS) {
                None => next.step_machine(cpu, self),
                Some(retaker) => next.step_retaker(retaker, self),
            };
            match step {
                Ok(None) => {}
                Ok(Some(what)) => out.push(Step { who: cpu, what, then: Ok(next) }),
                Err(what) => {
                    let what = format!("{name} {what}");
                    out.push(Step { who: cpu, what: "does what it must not", then: Err(what) });
                }
            }
        }
    }

    fn is_end(&self, world: &World) -> Result<bool, String> {
        let mut memory = world.memory;
        let over = (0..CPUS).all(|cpu| !memory.flush_loud(cpu, is_quiet))
            && world.retakers.iter().all(Retaker::is_over)
            && (0..MS).all(|m| world.is_machine_over(m, self));
        if !over {
            return Ok(false);
        }
        for p in 0..self.ps {
            match world.owners[p] {
                Owner::Idle => {}
                Owner::Cpu(m) if m < MS && world.has_p(m, p) => {}
                owner => return Err(format!("P {p} is lost: {owner:?}'s")),
            }
        }
        for (g, script) in self.scripts.iter().enumerate() {
            let is_done = usize::from(world.gs[g]) == script.len();
            if !is_done && !world.runq.contains(g) && world.ms.iter().all(|m| m.runs() != Some(g)) {
                return Err(format!("goroutine {g} is lost"));
            }
        }
        let is_idle = world.owners.contains(&Owner::Idle);
        if !world.runq.is_empty() && is_idle && !world.idle_ms.is_empty() {
            return Err("a goroutine waits beside an idle P and an idle M".into());
        }
        Ok(true)
    }
}

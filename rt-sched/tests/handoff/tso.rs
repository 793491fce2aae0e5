//! Memory as x86 shows it: each processor has a queue of stores that only it sees yet.
//!
//! A store goes to the end of the queue, and to memory at any later moment, in order. A load sees
//! the processor's own last store, else memory. A locked instruction and a fence empty the queue
//! first. (Sewell et al., "x86-TSO", 2010.)

/// So many stores wait in a queue at most; a processor with a full one waits.
const DEPTH: usize = 4;

/// The stores of one processor that are not in memory: the word and its value, oldest first. What
/// is not in use is zero, so that equal queues compare equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Queue {
    len: u8,
    stores: [(u8, u8); DEPTH],
}

/// Words of memory, and the processors' queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memory<const WORDS: usize, const CPUS: usize> {
    words: [u8; WORDS],
    queues: [Queue; CPUS],
}

impl<const WORDS: usize, const CPUS: usize> Memory<WORDS, CPUS> {
    pub(crate) fn new() -> Self {
        Memory { words: [0; WORDS], queues: [Queue::default(); CPUS] }
    }

    /// Can this processor store so many more?
    pub(crate) fn has_room(&self, cpu: usize, stores: usize) -> bool {
        usize::from(self.queues[cpu].len) + stores <= DEPTH
    }

    /// Has the processor stored nothing that is not in memory?
    pub(crate) fn is_drained(&self, cpu: usize) -> bool {
        self.queues[cpu].len == 0
    }

    /// The stores of a processor that are not in memory: words and values.
    fn queued(&self, cpu: usize) -> impl Iterator<Item = (usize, u8)> + '_ {
        let queue = &self.queues[cpu];
        queue.stores[..usize::from(queue.len)].iter().map(|(at, value)| (usize::from(*at), *value))
    }

    /// All values that a word has or will have.
    pub(crate) fn values(&self, word: usize) -> impl Iterator<Item = u8> + '_ {
        let queued = (0..CPUS).flat_map(|cpu| self.queued(cpu)).filter(move |(at, _)| *at == word);
        core::iter::once(self.words[word]).chain(queued.map(|(_, value)| value))
    }

    /// Would this processor read an old value of the word?
    pub(crate) fn is_stale(&self, cpu: usize, word: usize) -> bool {
        (0..CPUS).any(|other| other != cpu && self.queued(other).any(|(at, _)| at == word))
    }

    pub(crate) fn load(&self, cpu: usize, word: usize) -> u8 {
        let queue = &self.queues[cpu];
        let own = queue.stores[..usize::from(queue.len)].iter().rev();
        let own = own.copied().find(|(at, _)| usize::from(*at) == word);
        own.map_or(self.words[word], |(_, value)| value)
    }

    pub(crate) fn store(&mut self, cpu: usize, word: usize, value: u8) {
        assert!(self.has_room(cpu, 1), "a step stores more than the queue holds");
        let queue = &mut self.queues[cpu];
        queue.stores[usize::from(queue.len)] = (word as u8, value);
        queue.len += 1;
    }

    /// A locked compare-and-swap; the word as it was if that was not `from`.
    pub(crate) fn cas(&mut self, cpu: usize, word: usize, from: u8, to: u8) -> Result<(), u8> {
        self.fence(cpu);
        if self.words[word] != from {
            return Err(self.words[word]);
        }
        self.words[word] = to;
        Ok(())
    }

    /// A locked swap, and what it amounts to: a store that nobody misses.
    pub(crate) fn swap(&mut self, cpu: usize, word: usize, value: u8) {
        self.fence(cpu);
        self.words[word] = value;
    }

    /// The oldest store of the processor reaches memory, and with it those before it to words that
    /// are `quiet`: nobody looks at them but to find that they came too late. False: there is none.
    pub(crate) fn flush_loud(&mut self, cpu: usize, quiet: impl Fn(usize) -> bool) -> bool {
        let queue = &self.queues[cpu];
        let stores = &queue.stores[..usize::from(queue.len)];
        let Some(at) = stores.iter().position(|(word, _)| !quiet(usize::from(*word))) else {
            return false;
        };
        (0..=at).all(|_| self.flush(cpu))
    }

    /// The oldest store of the processor reaches memory. False: there is none.
    pub(crate) fn flush(&mut self, cpu: usize) -> bool {
        let queue = &mut self.queues[cpu];
        if queue.len == 0 {
            return false;
        }
        let (word, value) = queue.stores[0];
        queue.stores.rotate_left(1);
        queue.len -= 1;
        queue.stores[usize::from(queue.len)] = (0, 0);
        self.words[usize::from(word)] = value;
        true
    }

    /// All of them do.
    pub(crate) fn fence(&mut self, cpu: usize) {
        while self.flush(cpu) {}
    }

    /// The processors that `membarrier` interrupts do, at one moment.
    pub(crate) fn fence_all(&mut self) {
        (0..CPUS).for_each(|cpu| self.fence(cpu));
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::explore::{Model, Step, explore};

    /// Two processors each store 1 into a word of their own, then load the other's: the test that
    /// tells x86 from a machine without queues.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Litmus {
        memory: Memory<2, 2>,
        at: [u8; 2],
        saw: [u8; 2],
    }

    struct StoreBuffering {
        fenced: bool,
    }

    impl Model for StoreBuffering {
        type State = Litmus;

        fn start(&self) -> Litmus {
            Litmus { memory: Memory::new(), at: [0; 2], saw: [9; 2] }
        }

        fn steps(&self, state: &Litmus, out: &mut Vec<Step<Litmus>>) {
            for cpu in 0..2 {
                let mut next = *state;
                match state.at[cpu] {
                    0 => next.memory.store(cpu, cpu, 1),
                    1 if self.fenced => next.memory.fence(cpu),
                    1 => {}
                    2 => next.saw[cpu] = next.memory.load(cpu, 1 - cpu),
                    _ => continue,
                }
                next.at[cpu] += 1;
                out.push(Step { who: cpu, what: "goes on", then: Ok(next) });
            }
            for cpu in 0..2 {
                let mut next = *state;
                if next.memory.flush(cpu) {
                    out.push(Step { who: cpu, what: "flushes", then: Ok(next) });
                }
            }
        }

        fn is_end(&self, state: &Litmus) -> Result<bool, String> {
            let over = state.at == [3; 2] && (0..2).all(|cpu| state.memory.is_drained(cpu));
            if over && state.saw == [0; 2] { Err("neither saw the other".into()) } else { Ok(over) }
        }
    }

    #[test]
    fn stores_are_seen_late_unless_fenced() {
        let found = explore(&StoreBuffering { fenced: false }).expect_err("x86 allows it");
        assert_eq!(found.what, "neither saw the other");
        assert!(explore(&StoreBuffering { fenced: true }).is_ok_and(|seen| seen.states > 20));
    }

    #[test]
    fn a_processor_sees_its_own_stores_in_order() {
        let mut memory = Memory::<2, 2>::new();
        memory.store(0, 0, 1);
        memory.store(0, 1, 2);
        memory.store(0, 0, 3);
        assert_eq!((memory.load(0, 0), memory.load(1, 0)), (3, 0));
        assert_eq!(memory.values(0).collect::<Vec<_>>(), [0, 1, 3]);
        assert!(memory.is_stale(1, 0) && !memory.is_stale(0, 0));
        assert!(memory.flush(0));
        assert_eq!((memory.load(1, 0), memory.load(1, 1)), (1, 0));
        assert_eq!(memory.cas(0, 0, 1, 4), Err(3), "its own come first");
        assert_eq!((memory.load(1, 1), memory.flush(0)), (2, false));
    }
}

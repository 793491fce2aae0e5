//! Tries every order of steps: breadth first, so what is found wrong is shown by a shortest way.

use core::fmt::{self, Debug};
use core::hash::{Hash, Hasher};

/// What is explored. A state holds all that the future depends on.
pub(crate) trait Model {
    type State: Copy + Eq + Hash + Debug;

    fn start(&self) -> Self::State;

    /// Adds every step that can come next.
    fn steps(&self, state: &Self::State, out: &mut Vec<Step<Self::State>>);

    /// Is all done? An error says what is wrong with the state, done or not.
    fn is_end(&self, state: &Self::State) -> Result<bool, String>;
}

/// One step of one party.
pub(crate) struct Step<S> {
    pub(crate) who: usize,
    pub(crate) what: &'static str,
    /// The state behind it, or the rule that it breaks.
    pub(crate) then: Result<S, String>,
}

/// A model that holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) ends: usize,
}

/// A rule that is broken, and how it comes to that.
pub(crate) struct Broken {
    pub(crate) what: String,
    pub(crate) way: Vec<(usize, &'static str)>,
    pub(crate) last: String,
}

impl Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        for (who, what) in &self.way {
            writeln!(f, "  {:indent$}{who}: {what}", "", indent = 4 * who)?;
        }
        write!(f, "  {}", self.last)
    }
}

/// Explores the model to the end: no rule is broken, every state that is no end has a next one,
/// and an end can be reached from each, so nobody waits for ever while the others are fair.
pub(crate) fn explore<M: Model>(model: &M) -> Result<Seen, Broken> {
    let mut found = Found { states: Vec::new(), ways: Vec::new(), table: vec![NONE; 1 << 12] };
    found.add(model.start(), None);
    let mut edges: Vec<(u32, u32)> = Vec::new();
    let mut ends = Vec::new();
    let mut next = Vec::new();
    let mut at = 0;
    while let Some(state) = found.states.get(at).copied() {
        match model.is_end(&state) {
            Ok(true) => ends.push(at as u32),
            Ok(false) => {}
            Err(what) => return Err(found.broken(what, at, None)),
        }
        next.clear();
        model.steps(&state, &mut next);
        for step in next.drain(..) {
            let way = (step.who, step.what);
            match step.then {
                Ok(then) => {
                    let to = found.add(then, Some((at as u32, way)));
                    edges.push((to, at as u32));
                }
                Err(what) => return Err(found.broken(what, at, Some(way))),
            }
        }
        at += 1;
    }
    let seen = Seen { states: at, steps: edges.len(), ends: ends.len() };
    match first_without_end(at, &edges, ends) {
        None => Ok(seen),
        Some(at) => Err(found.broken("it never ends from here".into(), at, None)),
    }
}

/// The first state from which no end can be reached. `edges` lead backwards.
fn first_without_end(states: usize, edges: &[(u32, u32)], mut open: Vec<u32>) -> Option<usize> {
    // Where the edges that lead from a state begin, when they lie side by side.
    let mut begins = vec![0; states + 1];
    for (to, _) in edges {
        begins[*to as usize + 1] += 1;
    }
    for state in 0..states {
        begins[state + 1] += begins[state];
    }
    let mut sources = vec![0; edges.len()];
    let mut next = begins.clone();
    for (to, from) in edges {
        let place = &mut next[*to as usize];
        sources[*place] = *from;
        *place += 1;
    }
    let mut leads = vec![false; states];
    while let Some(state) = open.pop() {
        let state = state as usize;
        if !core::mem::replace(&mut leads[state], true) {
            open.extend_from_slice(&sources[begins[state]..begins[state + 1]]);
        }
    }
    leads.iter().position(|leads| !leads)
}

/// The step by which a state was first reached, and from where.
type Way = Option<(u32, (usize, &'static str))>;

/// The states so far, by number, and a hash table of the numbers.
struct Found<S> {
    states: Vec<S>,
    ways: Vec<Way>,
    table: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl<S: Copy + Eq + Hash + Debug> Found<S> {
    /// The number of a state, which may be new.
    fn add(&mut self, state: S, way: Way) -> u32 {
        if self.states.len() * 2 > self.table.len() {
            self.grow();
        }
        let place = self.place(&state);
        if self.table[place] == NONE {
            self.table[place] = self.states.len() as u32;
            self.states.push(state);
            self.ways.push(way);
        }
        self.table[place]
    }

    /// Where the table has this state, or has room for it.
    fn place(&self, state: &S) -> usize {
        let mut hasher = Fx(0);
        state.hash(&mut hasher);
        let mask = self.table.len() - 1;
        let mut place = (hasher.finish() >> 20) as usize & mask;
        while self.table[place] != NONE && self.states[self.table[place] as usize] != *state {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        self.table = vec![NONE; self.table.len() * 4];
        for number in 0..self.states.len() {
            let place = self.place(&self.states[number]);
            self.table[place] = number as u32;
        }
    }

    fn broken(&self, what: String, at: usize, step: Option<(usize, &'static str)>) -> Broken {
        let mut way: Vec<_> = step.into_iter().collect();
        let mut from = at;
        while let Some((before, step)) = self.ways[from] {
            way.push(step);
            from = before as usize;
        }
        way.reverse();
        Broken { what, way, last: format!("{:?}", self.states[at]) }
    }
}

/// A hash of few instructions: the tests run unoptimised.
struct Fx(u64);

impl Fx {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Fx {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.mix(value as u64);
    }
}

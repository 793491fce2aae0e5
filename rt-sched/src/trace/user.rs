//! What a program writes into the trace itself. Go: `trace.Log`, `trace.StartRegion`.

use core::marker::PhantomData;

use super::event::{Event, Kind};
use super::record::somewhere;
use super::ring::Ring;
use crate::park::{current_sched, with_current_p};

/// Writes a word of the program's into the trace, at the running goroutine; no more than 120 bytes
/// of it. Without a trace it does nothing. Go: `trace.Log`.
#[inline]
pub fn mark(text: &str) {
    put(|ring| ring.put_text(Event::new(Kind::Mark, 0), text));
}

/// Begins a region of the running goroutine, which ends when the value is dropped. Go:
/// `trace.StartRegion`.
#[inline]
#[must_use = "the region ends when it is dropped"]
pub fn region(name: &str) -> Region {
    put(|ring| ring.put_text(Event::new(Kind::RegionBegin, 0), name));
    Region(PhantomData)
}

/// A region that has begun. It ends where it began: in its goroutine.
#[derive(Debug)]
pub struct Region(PhantomData<*const ()>);

impl Drop for Region {
    fn drop(&mut self) {
        put(|ring| ring.put(Event::new(Kind::RegionEnd, 0)));
    }
}

fn put(put: impl Fn(&Ring)) {
    if let Some(sched) = current_sched().filter(|sched| sched.shared.attention.is_traced()) {
        with_current_p(|pp| somewhere(&sched.shared, pp, &put));
    }
}

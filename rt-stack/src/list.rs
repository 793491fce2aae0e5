//! A list of free slots, hot end first. The links lie in the notes of the slots, not in the slots:
//! what the last user left there stays whole, and no cold page is touched for book-keeping.

use core::sync::atomic::Ordering::Relaxed; // all under the pool's lock

use crate::table::{NONE, Table};

/// The list. Guarded by the pool's lock, as are the links of its slots. A slot is in one list at
/// most.
#[derive(Debug)]
pub(crate) struct List {
    head: u32,
    tail: u32,
    len: usize,
}

impl List {
    pub(crate) const fn new() -> List {
        List { head: NONE, tail: NONE, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The slot that has waited longest at the cold end.
    pub(crate) fn coldest(&self) -> Option<u32> {
        (self.tail != NONE).then_some(self.tail)
    }

    pub(crate) fn push_hot(&mut self, table: &Table, id: u32) {
        let note = table.note(id);
        note.next.store(self.head, Relaxed);
        note.prev.store(NONE, Relaxed);
        match self.head {
            NONE => self.tail = id,
            head => table.note(head).prev.store(id, Relaxed),
        }
        self.head = id;
        self.len += 1;
    }

    pub(crate) fn push_cold(&mut self, table: &Table, id: u32) {
        let note = table.note(id);
        note.next.store(NONE, Relaxed);
        note.prev.store(self.tail, Relaxed);
        match self.tail {
            NONE => self.head = id,
            tail => table.note(tail).next.store(id, Relaxed),
        }
        self.tail = id;
        self.len += 1;
    }

    pub(crate) fn pop_hot(&mut self, table: &Table) -> Option<u32> {
        let id = self.head;
        (id != NONE).then(|| {
            self.remove(table, id);
            id
        })
    }

    /// Takes `id`, which is in this list, out of it.
    pub(crate) fn remove(&mut self, table: &Table, id: u32) {
        let note = table.note(id);
        let (prev, next) = (note.prev.load(Relaxed), note.next.load(Relaxed));
        let leads_here = if prev == NONE { self.head } else { table.note(prev).next.load(Relaxed) };
        assert!(leads_here == id, "a slot is in the list it is taken from");
        match prev {
            NONE => self.head = next,
            prev => table.note(prev).next.store(next, Relaxed),
        }
        match next {
            NONE => self.tail = prev,
            next => table.note(next).prev.store(prev, Relaxed),
        }
        self.len -= 1;
    }
}

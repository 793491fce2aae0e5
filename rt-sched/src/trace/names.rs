//! What goroutines are called in a trace: by their number, and their name or the function that has
//! started them.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt::{self, Display, Formatter};

use super::event::Kind;
use super::merge::Record;
use super::snapshot::Snapshot;
use crate::traceback::with_starters;

/// The names.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By number.
    own: BTreeMap<u64, String>,
    /// By number, where it was started.
    gopc: BTreeMap<u64, u64>,
    /// By that place.
    functions: BTreeMap<u64, String>,
}

/// A goroutine with its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    goid: u64,
    names: &'a Names,
}

impl Names {
    pub(super) fn new(records: &[Record], snapshots: [&Snapshot; 2]) -> Names {
        let mut names = Names::default();
        for snapshot in snapshots {
            for known in &snapshot.goroutines {
                names.gopc.insert(known.goid, known.gopc);
                if let Some(name) = snapshot.name(known) {
                    names.own.insert(known.goid, name.to_owned());
                }
            }
        }
        for record in records {
            let goid = record.event.number;
            match record.event.kind {
                Kind::Create => drop(names.gopc.insert(goid, record.address())),
                Kind::Name => drop(names.own.insert(goid, record.text().to_owned())),
                _ => {}
            }
        }
        names.look_up();
        names
    }

    fn look_up(&mut self) {
        with_starters(|starter| {
            for gopc in self.gopc.values().filter(|gopc| **gopc != 0) {
                self.functions.entry(*gopc).or_insert_with(|| starter(*gopc as usize));
            }
        });
    }

    pub(super) fn of(&self, goid: u64) -> Named<'_> {
        Named { goid, names: self }
    }

    /// The function that has started it.
    pub(super) fn starter(&self, goid: u64) -> Option<&str> {
        let function = self.functions.get(self.gopc.get(&goid)?)?;
        Some(function.as_str()).filter(|function| !function.is_empty())
    }
}

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "G{}", self.goid)?;
        let own = self.names.own.get(&self.goid).map(String::as_str);
        match own.or_else(|| self.names.starter(self.goid)) {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

//! The goroutines that there are when a trace begins, and when it ends. The world stands.
//!
//! # Safety
//! - **for ever**: Ms live for ever.
#![allow(unsafe_code, reason = "**for ever**: Ms are reached through goroutines")]

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::event::{NO_M, m_number};
use crate::allp::NoMemory;
use crate::current::running;
use crate::g::{G, Status};
use crate::sched::Sched;
use crate::traceback::current_m;

/// What a goroutine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// It runs on this M; all but the caller have no P.
    Run(u16),
    Queue,
    /// For this reason.
    Wait(u8),
}

/// One goroutine.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) goid: u64,
    pub(super) gopc: u64,
    pub(super) does: Does,
    name: Range<usize>,
}

/// All of them, and who stopped the world.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) goroutines: Vec<Known>,
    /// The caller's M and P.
    pub(super) caller: Option<(u16, u32)>,
    pub(super) procs: u32,
    names: String,
}

impl Snapshot {
    /// Looks at all goroutines. In a stopped world, by who stopped it.
    pub(super) fn take(sched: &Sched, p: u32) -> Result<Snapshot, NoMemory> {
        let me = running();
        let mut all = Snapshot { procs: sched.shared.gomaxprocs(), ..Snapshot::default() };
        all.caller = current_m().map(|mp| (m_number(mp.id()), p));
        let (mut result, reserve) = (Ok(()), sched.num_goroutines() as usize);
        all.goroutines.try_reserve(reserve).map_err(|_| NoMemory)?;
        sched.for_each_g(&mut |g| {
            let is_me = me.is_some_and(|me| core::ptr::eq(me, g));
            if result.is_ok() {
                result = all.add(g, is_me);
            }
        });
        result.map(|()| all)
    }

    fn add(&mut self, g: &G, is_me: bool) -> Result<(), NoMemory> {
        let does = match g.status() {
            Status::Idle | Status::Dead => return Ok(()),
            Status::Runnable => Does::Queue,
            Status::Waiting => Does::Wait(g.wait_reason.get() as u8),
            Status::Running => {
                // SAFETY: **for ever**; null or an M.
                let mp = unsafe { g.m.get().as_ref() };
                Does::Run(mp.map_or(NO_M, |mp| m_number(mp.id())))
            }
        };
        // One that is off its stack stays as long as the world stands; one without a P may go.
        let is_held = is_me || (!matches!(does, Does::Run(_)) && g.on_stack.is_off());
        let name = is_held.then(|| g.info.peek()?.name()).flatten().unwrap_or("");
        let start = self.names.len();
        self.names.try_reserve(name.len()).map_err(|_| NoMemory)?;
        self.names.push_str(name);
        let name = start..self.names.len();
        self.goroutines.try_reserve(1).map_err(|_| NoMemory)?;
        self.goroutines.push(Known { goid: g.goid(), gopc: g.gopc.get(), does, name });
        Ok(())
    }

    /// A goroutine's name, if it has one.
    pub(super) fn name(&self, known: &Known) -> Option<&str> {
        Some(&self.names[known.name.clone()]).filter(|name| !name.is_empty())
    }
}

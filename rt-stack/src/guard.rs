//! Guards below stacks: pages that fault when touched.
//!
//! `MADV_GUARD_INSTALL` (Linux 6.13) marks pages as guards without a mapping of their own, so a
//! million stacks cost no more mappings than one. Where the kernel does not know it, `mprotect`
//! does the same at two mappings a stack, and `vm.max_map_count` ends it at some 32 thousand.
//!
//! # Safety
//! - **lowest pages**: a guard is made of the lowest pages of a slot, which nobody uses.
#![allow(unsafe_code, reason = "**lowest pages**: takes pages away by address")]

use core::sync::atomic::{AtomicU8, Ordering};

use rt_os::errno::Errno;
use rt_os::sys::mem::{self, Advice, Protection};

use crate::error::{StackError, StackErrorKind};

/// The lowest bytes of a slot that its stack must not reach.
pub(crate) const GUARD_BYTES_MAX: usize = 16 << 10;
const PAGE: usize = 4096;

/// How guards are made: `UNTRIED -> ADVICE` at the first guard that the kernel takes as advice,
/// `UNTRIED | ADVICE -> PROTECT` at the first that it refuses, for good. Under the pool's lock.
#[derive(Debug)]
pub(crate) struct GuardKind(AtomicU8);

const UNTRIED: u8 = 0;
const ADVICE: u8 = 1;
const PROTECT: u8 = 2;

impl GuardKind {
    pub(crate) const fn untried() -> GuardKind {
        GuardKind(AtomicU8::new(UNTRIED))
    }

    /// As if the kernel did not know guards.
    pub(crate) const fn by_mprotect() -> GuardKind {
        GuardKind(AtomicU8::new(PROTECT))
    }

    /// Makes the lowest `len_bytes` at `lo` a guard.
    ///
    /// # Errors
    /// [`StackErrorKind::Mappings`]: too many of them. [`StackErrorKind::Memory`]: none for page
    /// tables.
    ///
    /// # Safety
    /// **lowest pages**.
    pub(crate) unsafe fn install(&self, lo: usize, len_bytes: usize) -> Result<(), StackError> {
        if self.0.load(Ordering::Relaxed) != PROTECT {
            // SAFETY: **lowest pages**.
            match unsafe { mem::advise(lo, len_bytes, Advice::GuardInstall) } {
                Ok(()) => {
                    self.0.store(ADVICE, Ordering::Relaxed);
                    return Ok(());
                }
                Err(errno @ (Errno::ENOMEM | Errno::EAGAIN)) => {
                    return Err(StackError { kind: StackErrorKind::Memory, errno });
                }
                // EINVAL: an old kernel, or memory that is locked (mlockall). EPERM, ENOSYS: a
                // filter.
                Err(_) => self.0.store(PROTECT, Ordering::Relaxed),
            }
        }
        // SAFETY: **lowest pages**.
        unsafe { mem::protect(lo, len_bytes, Protection::None) }
            .map_err(|errno| StackError { kind: StackErrorKind::Mappings, errno })
    }

    pub(crate) fn splits_mappings(&self) -> bool {
        self.0.load(Ordering::Relaxed) == PROTECT
    }
}

/// The guard of a slot: 16 KiB, a quarter of a small slot, at least a page.
pub(crate) const fn guard_bytes(slot_bytes: usize) -> usize {
    let quarter = slot_bytes / 4;
    let wanted = if quarter < GUARD_BYTES_MAX { quarter } else { GUARD_BYTES_MAX };
    if wanted < PAGE { PAGE } else { wanted }
}

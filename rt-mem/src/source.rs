//! Where pages come from: the kernel, or a test that says no. Go: `sysAlloc`, `sysFree`,
//! `sysUnused`.
//!
//! # Safety
//! - **pages**: what [`Source::map`] returns is mapped, zero, page-aligned, and nobody else's until
//!   it is given to [`Source::unmap`] or moved by [`Source::remap`].
//! - **unused**: a range that is unmapped, purged or moved holds nothing that anyone needs there.
#![allow(unsafe_code, reason = "**pages**: memory by address")]

use core::ptr::NonNull;

use rt_os::sys::mem;

/// Gives pages and takes them back.
///
/// # Safety
/// An implementor keeps **pages**.
pub unsafe trait Source {
    /// Maps zeroed memory of `len_bytes`, whole pages; `None` when there is none.
    fn map(&self, len_bytes: usize) -> Option<NonNull<u8>>;

    /// Unmaps a part of what was mapped. Kept when the kernel refuses.
    ///
    /// # Safety
    /// **unused**.
    unsafe fn unmap(&self, at: NonNull<u8>, len_bytes: usize);

    /// Gives the pages back, not the addresses. Whether they read as zero now.
    ///
    /// # Safety
    /// **unused**.
    unsafe fn purge(&self, at: NonNull<u8>, len_bytes: usize) -> bool;

    /// Makes a mapping shorter or longer; it may move. `None` when it cannot; it is then as it was.
    ///
    /// # Safety
    /// **unused**: nobody keeps an address in it.
    unsafe fn remap(&self, at: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>>;

    /// Says that a range is dense and wants huge pages.
    fn huge_pages(&self, at: NonNull<u8>, len_bytes: usize);
}

/// The kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel;

// SAFETY: **pages**: mmap(2) and its kin.
unsafe impl Source for Kernel {
    fn map(&self, len_bytes: usize) -> Option<NonNull<u8>> {
        mem::map(len_bytes, mem::Protection::ReadWrite, mem::Purpose::Heap).ok()
    }

    unsafe fn unmap(&self, at: NonNull<u8>, len_bytes: usize) {
        // SAFETY: the caller's. ENOMEM (too many mappings) leaves it mapped: it can be forgotten.
        let _ = unsafe { mem::unmap(at.addr().get(), len_bytes) };
    }

    unsafe fn purge(&self, at: NonNull<u8>, len_bytes: usize) -> bool {
        // SAFETY: the caller's.
        unsafe { mem::advise(at.addr().get(), len_bytes, mem::Advice::DontNeed) }.is_ok()
    }

    unsafe fn remap(&self, at: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's.
        let moved = unsafe { mem::remap(at.addr().get(), old, new) }.ok()?;
        NonNull::new(core::ptr::with_exposed_provenance_mut(moved))
    }

    fn huge_pages(&self, at: NonNull<u8>, len_bytes: usize) {
        // SAFETY: advice about speed changes no contents; a refusal costs nothing but speed.
        let _ = unsafe { mem::advise(at.addr().get(), len_bytes, mem::Advice::HugePage) };
    }
}

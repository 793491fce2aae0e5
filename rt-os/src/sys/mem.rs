//! Memory from the kernel: mmap(2), munmap(2), mprotect(2), madvise(2).
//!
//! # Safety
//! - **ranges**: what a call does to a range of memory is the caller's contract; mapping new memory
//!   harms nobody.
#![allow(unsafe_code, reason = "**ranges**: memory by address")]

use core::ptr::NonNull;

use rt_asm::syscall::{syscall2, syscall3, syscall6};

use crate::errno::Errno;

/// What may be done with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing.
    None = 0,
    /// Read and write.
    ReadWrite = 3,
}

/// What a mapping is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The heap.
    Heap,
    /// Stacks: no huge pages, no swap reserved.
    Stacks,
}

/// Advice about a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Give the pages back; they read as zero afterwards.
    DontNeed = 4,
    /// Use huge pages.
    HugePage = 14,
    /// Use no huge pages.
    NoHugePage = 15,
    /// Make the pages a guard, without a mapping of their own (Linux 6.13).
    GuardInstall = 102,
}

/// Maps zeroed memory.
///
/// # Errors
/// ENOMEM, EAGAIN: mmap(2).
pub fn map(
    len_bytes: usize,
    protection: Protection,
    purpose: Purpose,
) -> Result<NonNull<u8>, Errno> {
    let flags = libc::MAP_PRIVATE
        | libc::MAP_ANONYMOUS
        | match purpose {
            Purpose::Heap => 0,
            Purpose::Stacks => libc::MAP_NORESERVE | libc::MAP_STACK,
        };
    let number = libc::SYS_mmap as usize;
    // SAFETY: **ranges**: a new mapping at an address of the kernel's choice.
    let ret = unsafe {
        syscall6(number, 0, len_bytes, protection as usize, flags as usize, usize::MAX, 0)
    };
    let address = Errno::check(ret)?;
    NonNull::new(address as *mut u8).ok_or(Errno::ENOMEM)
}

/// Unmaps a range.
///
/// # Errors
/// munmap(2).
///
/// # Safety
/// **ranges**: nobody uses it any more.
pub unsafe fn unmap(address: usize, len_bytes: usize) -> Result<(), Errno> {
    // SAFETY: the caller's.
    Errno::check(unsafe { syscall2(libc::SYS_munmap as usize, address, len_bytes) }).map(drop)
}

/// Changes what may be done with a range.
///
/// # Errors
/// ENOMEM when there would be too many mappings (`vm.max_map_count`): mprotect(2).
///
/// # Safety
/// **ranges**: nobody relies on what was allowed.
pub unsafe fn protect(
    address: usize,
    len_bytes: usize,
    protection: Protection,
) -> Result<(), Errno> {
    let number = libc::SYS_mprotect as usize;
    // SAFETY: the caller's.
    let ret = unsafe { syscall3(number, address, len_bytes, protection as usize) };
    Errno::check(ret).map(drop)
}

/// Advises the kernel about a range.
///
/// # Errors
/// EINVAL when the kernel does not know the advice: madvise(2).
///
/// # Safety
/// **ranges**: nobody relies on contents that the advice takes away.
pub unsafe fn advise(address: usize, len_bytes: usize, advice: Advice) -> Result<(), Errno> {
    let number = libc::SYS_madvise as usize;
    // SAFETY: the caller's.
    let ret = unsafe { syscall3(number, address, len_bytes, advice as usize) };
    Errno::check(ret).map(drop)
}

/// Grows or shrinks a mapping, which may move. Returns where it is. mremap(2).
///
/// # Errors
/// ENOMEM; the mapping is then what it was.
///
/// # Safety
/// **ranges**: the whole mapping is the caller's, and nobody keeps an address in it.
pub unsafe fn remap(address: usize, old_bytes: usize, new_bytes: usize) -> Result<usize, Errno> {
    let number = libc::SYS_mremap as usize;
    let flags = libc::MREMAP_MAYMOVE as usize;
    // SAFETY: the caller's.
    let ret = unsafe { rt_asm::syscall::syscall4(number, address, old_bytes, new_bytes, flags) };
    Errno::check(ret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_zero_and_goes_back_to_zero() {
        let at = map(8192, Protection::ReadWrite, Purpose::Heap).unwrap();
        // SAFETY: our own mapping.
        unsafe {
            assert_eq!(*at.as_ptr().add(4096), 0);
            *at.as_ptr().add(4096) = 7;
            advise(at.as_ptr() as usize, 8192, Advice::DontNeed).unwrap();
            assert_eq!(*at.as_ptr().add(4096), 0);
            unmap(at.as_ptr() as usize, 8192).unwrap();
        }
    }

    #[test]
    fn impossible_sizes_are_errors() {
        assert_eq!(map(0, Protection::None, Purpose::Heap), Err(Errno::EINVAL));
        assert_eq!(map(1 << 60, Protection::ReadWrite, Purpose::Stacks), Err(Errno::ENOMEM));
    }
}

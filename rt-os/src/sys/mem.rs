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

/// A file in memory, to read. Whoever shortens the file meanwhile has the reader killed.
#[derive(Debug)]
pub struct FileMap {
    at: NonNull<u8>,
    len_bytes: usize,
}

impl FileMap {
    /// Maps the first bytes of an open file.
    ///
    /// # Errors
    /// EINVAL for no bytes, and what mmap(2) says.
    pub fn new(fd: i32, len_bytes: usize) -> Result<FileMap, Errno> {
        let number = libc::SYS_mmap as usize;
        let (protection, flags) = (libc::PROT_READ as usize, libc::MAP_PRIVATE as usize);
        // SAFETY: **ranges**: as in `map`.
        let ret = unsafe { syscall6(number, 0, len_bytes, protection, flags, fd as usize, 0) };
        let at = NonNull::new(Errno::check(ret)? as *mut u8).ok_or(Errno::ENOMEM)?;
        Ok(FileMap { at, len_bytes })
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: **ranges**: ours, and never written.
        unsafe { core::slice::from_raw_parts(self.at.as_ptr(), self.len_bytes) }
    }
}

impl Drop for FileMap {
    fn drop(&mut self) {
        // SAFETY: **ranges**: nobody has a reference into it any more.
        let _mapped = unsafe { unmap(self.at.as_ptr() as usize, self.len_bytes) };
    }
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
/// ENOMEM, or EINVAL for more than there are addresses; the mapping is then what it was.
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
    extern crate std;
    use super::*;
    use std::os::fd::AsRawFd;
    use std::string::String;

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

    /// Whether the kernel can read at `address`: EFAULT is not a crash when it looks.
    fn readable(address: usize) -> bool {
        let (_reader, writer) = std::io::pipe().unwrap();
        let fd = writer.as_raw_fd() as usize;
        // SAFETY: only read, and checked by the kernel.
        let ret = unsafe { syscall3(libc::SYS_write as usize, fd, address, 1) };
        match Errno::check(ret) {
            Err(Errno::EFAULT) => false,
            other => other.unwrap() == 1,
        }
    }

    #[test]
    fn pages_can_be_closed_and_opened() {
        let at = map(8192, Protection::None, Purpose::Stacks).unwrap().as_ptr() as usize;
        assert!(!readable(at) && !readable(at + 4096));
        // SAFETY: our own mapping.
        unsafe {
            protect(at + 4096, 4096, Protection::ReadWrite).unwrap();
            assert!(!readable(at) && readable(at + 4096));
            protect(at + 4096, 4096, Protection::None).unwrap();
            assert!(!readable(at + 4096));
            unmap(at, 8192).unwrap();
        }
    }

    #[test]
    fn a_guard_needs_no_mapping_of_its_own() {
        let at = map(8192, Protection::ReadWrite, Purpose::Stacks).unwrap().as_ptr() as usize;
        // SAFETY: our own mapping.
        unsafe {
            match advise(at, 4096, Advice::GuardInstall) {
                Ok(()) => assert!(!readable(at)),
                error => assert_eq!(error, Err(Errno::EINVAL), "before Linux 6.13"),
            }
            assert!(readable(at + 4096));
            unmap(at, 8192).unwrap();
        }
    }

    #[test]
    fn stacks_reserve_no_swap_and_no_huge_pages() {
        let flags = |at: usize| {
            let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let mapping = maps.split("VmFlags:").find(|text| {
                let range = text.lines().find_map(|line| line.split_once(' ')?.0.split_once('-'));
                let bound = |hex: &str| usize::from_str_radix(hex, 16).ok();
                let bounds = range.and_then(|(lo, hi)| Some(bound(lo)?..bound(hi)?));
                bounds.is_some_and(|bounds| bounds.contains(&at))
            });
            let rest = &maps[maps.find(mapping.unwrap()).unwrap()..];
            String::from(rest.split("VmFlags:").nth(1).unwrap().lines().next().unwrap())
        };
        let overcommit = std::fs::read_to_string("/proc/sys/vm/overcommit_memory").unwrap();
        let stacks = map(4 << 20, Protection::ReadWrite, Purpose::Stacks).unwrap();
        let heap = map(4 << 20, Protection::ReadWrite, Purpose::Heap).unwrap();
        let (stacks, heap) = (stacks.as_ptr() as usize, heap.as_ptr() as usize);
        // In mode 2 the kernel reserves whatever is asked.
        assert_eq!(flags(stacks).contains(" nr"), overcommit.trim() != "2");
        assert!(!flags(heap).contains(" nr"));
        // SAFETY: our own mappings.
        unsafe {
            match advise(stacks, 4 << 20, Advice::NoHugePage) {
                Ok(()) => assert!(flags(stacks).contains(" nh")),
                error => assert_eq!(error, Err(Errno::EINVAL), "a kernel without huge pages"),
            }
            unmap(stacks, 4 << 20).unwrap();
            unmap(heap, 4 << 20).unwrap();
        }
    }

    #[test]
    fn a_mapping_that_grows_keeps_what_it_held() {
        let at = map(4096, Protection::ReadWrite, Purpose::Heap).unwrap().as_ptr();
        // SAFETY: our own mapping.
        unsafe {
            *at = 7;
            let at = remap(at as usize, 4096, 1 << 20).unwrap() as *mut u8;
            assert_eq!((*at, *at.add((1 << 20) - 1)), (7, 0));
            assert!(remap(at as usize, 1 << 20, 1 << 60).is_err());
            assert_eq!(*at, 7);
            unmap(at as usize, 1 << 20).unwrap();
        }
    }

    #[test]
    fn impossible_sizes_are_errors() {
        assert_eq!(map(0, Protection::None, Purpose::Heap), Err(Errno::EINVAL));
        assert_eq!(map(1 << 60, Protection::ReadWrite, Purpose::Stacks), Err(Errno::ENOMEM));
    }
}

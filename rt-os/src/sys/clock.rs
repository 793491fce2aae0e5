//! The monotonic clock, by the vDSO where there is one. Go: `nanotime`, vdso_linux.go.
//!
//! The vDSO is a small shared object that the kernel maps into every process; its clock_gettime
//! reads the time without a system call. It is looked up at the first reading, not at boot.
//!
//! # Safety
//! - **image**: AT_SYSINFO_EHDR names a whole ELF image, mapped for ever (vdso(7)).
#![allow(unsafe_code, reason = "**image**: the kernel's ELF image")]

use core::ffi::CStr;
use core::sync::atomic::{AtomicUsize, Ordering};

use rt_asm::syscall::syscall2;

type ClockGettime = unsafe extern "C" fn(i32, *mut libc::timespec) -> i32;

/// The vDSO's address; 0: there is none. Stored once by osinit.
static VDSO: AtomicUsize = AtomicUsize::new(NOT_TOLD);
/// Nobody has said. Not zero: what the boot writes lies together in initialised data.
const NOT_TOLD: usize = usize::MAX;
/// The function: 0 not looked up yet, 1 there is none, else its address. Looking up twice is
/// harmless.
static FUNCTION: AtomicUsize = AtomicUsize::new(0);
const UNKNOWN: usize = 0;
const NONE: usize = 1;

/// Tells where the vDSO is: AT_SYSINFO_EHDR.
pub fn set_vdso(ehdr: usize) {
    VDSO.store(ehdr, Ordering::Release);
    if FUNCTION.load(Ordering::Relaxed) == NONE {
        FUNCTION.store(UNKNOWN, Ordering::Release);
    }
}

/// ns of CLOCK_MONOTONIC. Go: `nanotime`.
#[must_use]
pub fn nanotime() -> u64 {
    let now = read(libc::CLOCK_MONOTONIC);
    if now == 0 {
        crate::throw::throw("nanotime returning zero");
    }
    now
}

/// ns since 1970. Go: `walltime`.
#[must_use]
pub fn walltime() -> u64 {
    read(libc::CLOCK_REALTIME)
}

/// ns of CLOCK_MONOTONIC, by a system call: cheaper for the one reading of a short program.
#[must_use]
pub fn nanotime_by_syscall() -> u64 {
    by_syscall(libc::CLOCK_MONOTONIC)
}

fn read(clock: i32) -> u64 {
    let mut function = FUNCTION.load(Ordering::Acquire);
    if function == UNKNOWN {
        function = look_up();
        FUNCTION.store(function, Ordering::Release);
    }
    if function == NONE {
        return by_syscall(clock);
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: **image**: the address of clock_gettime, found under its name.
    let ret =
        unsafe { core::mem::transmute::<usize, ClockGettime>(function)(clock, &raw mut time) };
    if ret == 0 { in_ns(time) } else { by_syscall(clock) }
}

fn by_syscall(clock: i32) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills the struct.
    unsafe { syscall2(libc::SYS_clock_gettime as usize, clock as usize, &raw mut time as usize) };
    in_ns(time)
}

fn in_ns(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn look_up() -> usize {
    match VDSO.load(Ordering::Acquire) {
        0 | NOT_TOLD => NONE,
        // SAFETY: **image**.
        ehdr => unsafe { find_symbol(ehdr, c"__vdso_clock_gettime") }.unwrap_or(NONE),
    }
}

/// The address of a symbol in a mapped ELF image.
///
/// # Safety
/// **image**.
unsafe fn find_symbol(ehdr: usize, name: &CStr) -> Option<usize> {
    // SAFETY: **image**, here and below: every address lies in it.
    let header = unsafe { &*(ehdr as *const libc::Elf64_Ehdr) };
    if header.e_ident[..4] != *b"\x7fELF" {
        return None;
    }
    let (mut bias, mut dynamic) = (None, 0);
    for i in 0..header.e_phnum as usize {
        let at = ehdr + header.e_phoff as usize + i * header.e_phentsize as usize;
        // SAFETY: **image**.
        let segment = unsafe { &*(at as *const libc::Elf64_Phdr) };
        match segment.p_type {
            1 if bias.is_none() => {
                bias = Some(
                    ehdr.wrapping_add(segment.p_offset as usize)
                        .wrapping_sub(segment.p_vaddr as usize),
                );
            }
            2 => dynamic = ehdr + segment.p_offset as usize,
            _ => {}
        }
    }
    let bias = bias.filter(|_| dynamic != 0)?;
    // SAFETY: **image**.
    let tables = unsafe { Tables::read(dynamic as *const [usize; 2], bias)? };
    (0..tables.count).find_map(|i| {
        // SAFETY: **image**: `count` symbols.
        let symbol = unsafe { &*(tables.symbols as *const libc::Elf64_Sym).add(i) };
        // SAFETY: **image**: names end with NUL.
        let found =
            unsafe { CStr::from_ptr((tables.strings + symbol.st_name as usize) as *const _) };
        let defined = symbol.st_shndx != 0 && symbol.st_value != 0;
        (defined && found == name).then(|| bias.wrapping_add(symbol.st_value as usize))
    })
}

/// The tables that the dynamic section names.
struct Tables {
    symbols: usize,
    strings: usize,
    count: usize,
}

impl Tables {
    /// # Safety
    /// **image**: `entry` is its dynamic section, loaded with `bias`.
    unsafe fn read(mut entry: *const [usize; 2], bias: usize) -> Option<Tables> {
        let (mut symbols, mut strings, mut hash, mut gnu_hash) = (0, 0, 0, 0);
        loop {
            // SAFETY: **image**: the section ends with tag 0.
            let [tag, value] = unsafe { *entry };
            // Some kernels relocate the values, some do not.
            let address = if value < bias { bias.wrapping_add(value) } else { value };
            match tag {
                0 => break,
                4 => hash = address,
                5 => strings = address,
                6 => symbols = address,
                0x6fff_fef5 => gnu_hash = address,
                _ => {}
            }
            // SAFETY: as above.
            entry = unsafe { entry.add(1) };
        }
        if symbols == 0 || strings == 0 {
            return None;
        }
        let count = match (hash, gnu_hash) {
            (0, 0) => return None,
            // SAFETY: **image**: the last symbol ends the longest chain.
            (0, gnu_hash) => unsafe { count_by_gnu_hash(gnu_hash) },
            // SAFETY: **image**: nbucket, nchain; there are as many chains as symbols.
            (hash, _) => unsafe { *(hash as *const u32).add(1) as usize },
        };
        Some(Tables { symbols, strings, count })
    }
}

/// How many symbols a DT_GNU_HASH table covers.
///
/// # Safety
/// **image**: `table` is such a table.
unsafe fn count_by_gnu_hash(table: usize) -> usize {
    let words = table as *const u32;
    // SAFETY: **image**: nbuckets, symoffset, bloom_size, bloom_shift.
    let (buckets, first, bloom) =
        unsafe { (*words as usize, *words.add(1) as usize, *words.add(2) as usize) };
    // SAFETY: **image**: the bloom filter has 8-byte words, the buckets follow it.
    let bucket = unsafe { words.add(4 + 2 * bloom) };
    // SAFETY: **image**.
    let last = (0..buckets).map(|i| unsafe { *bucket.add(i) } as usize).max().unwrap_or(0);
    if last < first {
        return first;
    }
    // SAFETY: **image**: one chain word for each symbol from `first` on; bit 0 ends a chain.
    let chain = unsafe { bucket.add(buckets) };
    let mut at = last;
    // SAFETY: as above.
    while unsafe { *chain.add(at - first) } & 1 == 0 {
        at += 1;
    }
    at + 1
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::args::Args;

    fn vdso() -> usize {
        let empty: [usize; 4] = [0; 4];
        // SAFETY: no arguments, no environment, an empty vector: the kernel's copy is read.
        let args = unsafe { Args::new(0, empty.as_ptr().cast()) };
        args.auxv().sysinfo_ehdr
    }

    #[test]
    fn the_vdso_and_the_system_call_agree() {
        // SAFETY: the kernel's image.
        let function = unsafe { find_symbol(vdso(), c"__vdso_clock_gettime") };
        assert!(function.is_some(), "no clock in the vDSO");
        // SAFETY: as above.
        assert_eq!(unsafe { find_symbol(vdso(), c"no_such_symbol") }, None);
        set_vdso(vdso());
        for _ in 0..1000 {
            let (before, now, after) = (nanotime_by_syscall(), nanotime(), nanotime_by_syscall());
            assert!(before <= now && now <= after);
        }
    }

    #[test]
    fn wall_time_is_after_this_was_written() {
        assert!(walltime() > 1_760_000_000_000_000_000);
    }
}

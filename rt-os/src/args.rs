//! What the kernel leaves on the first stack: arguments, environment, auxiliary vector. Go: `args`,
//! `sysargs`, `sysauxv`.
//!
//! ```text
//!   argc | argv[0] .. argv[argc-1] NULL | envp .. NULL | (AT_x, value) .. (AT_NULL, 0)
//! ```
//!
//! # Safety
//! - **vectors**: `argv`, `envp` and the auxiliary vector lie one behind the other as above, end as
//!   above, and stay for the life of the process, with the strings they point to.
#![allow(unsafe_code, reason = "**vectors**: the kernel's pointers")]

use core::ffi::CStr;
use core::ptr::NonNull;

use crate::sys::file;

const AT_PHDR: usize = 3;
const AT_PHENT: usize = 4;
const AT_PHNUM: usize = 5;
const AT_PAGESZ: usize = 6;
const AT_SECURE: usize = 23;
const AT_RANDOM: usize = 25;
const AT_HWCAP2: usize = 26;
const AT_SYSINFO_EHDR: usize = 33;
const AT_MINSIGSTKSZ: usize = 51;
/// More entries than any kernel sends: a vector without an end is not followed further.
const AUXV_MAX: usize = 128;

/// The process's arguments and environment. Cheap to copy; nothing of the strings is.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    argc: usize,
    argv: *const *const u8,
    envp: *const *const u8,
    auxv: Auxv,
}

// SAFETY: **vectors**: never written, for ever there.
unsafe impl Send for Args {}
// SAFETY: as above.
unsafe impl Sync for Args {}

/// What the auxiliary vector said. getauxval(3). Only [`Args::new`] makes one: what it points to is
/// there.
#[derive(Clone, Copy, Debug)]
pub struct Auxv {
    /// 16 random bytes; AT_RANDOM.
    pub(crate) random: Option<NonNull<[u8; 16]>>,
    /// Bytes of a page; 4096 when nothing was said.
    pub page_size: usize,
    /// The program runs with more rights than its caller: AT_SECURE.
    pub secure: bool,
    /// The address of the vDSO's ELF header; 0 without one.
    pub(crate) sysinfo_ehdr: usize,
    /// The program headers: address, bytes of one, how many.
    pub phdr: usize,
    /// See [`Auxv::phdr`].
    pub phent: usize,
    /// See [`Auxv::phdr`].
    pub phnum: usize,
    /// Processor features: bit 1 is FSGSBASE.
    pub hwcap2: usize,
    /// The smallest stack a signal handler can run on, in bytes; 0 when nothing was said.
    pub minsigstksz: usize,
}

// SAFETY: `random` points to the kernel's bytes, which stay.
unsafe impl Send for Auxv {}
// SAFETY: as above.
unsafe impl Sync for Auxv {}

/// A program header of type PT_TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsSegment {
    /// Bytes in memory.
    pub memsz: usize,
    /// Bytes in the file.
    pub filesz: usize,
    /// Alignment in bytes.
    pub align: usize,
}

impl Auxv {
    const NOTHING: Auxv = Auxv {
        random: None,
        page_size: 4096,
        secure: false,
        sysinfo_ehdr: 0,
        phdr: 0,
        phent: 0,
        phnum: 0,
        hwcap2: 0,
        minsigstksz: 0,
    };

    /// Notes one entry; true for those that the runtime uses.
    fn note(&mut self, tag: usize, value: usize) -> bool {
        match tag {
            AT_RANDOM => self.random = NonNull::new(value as *mut [u8; 16]),
            AT_PAGESZ => self.page_size = value,
            AT_SECURE => self.secure = value != 0,
            AT_SYSINFO_EHDR => self.sysinfo_ehdr = value,
            AT_PHDR => self.phdr = value,
            AT_PHENT => self.phent = value,
            AT_PHNUM => self.phnum = value,
            AT_HWCAP2 => self.hwcap2 = value,
            AT_MINSIGSTKSZ => self.minsigstksz = value,
            _ => return false,
        }
        true
    }

    /// Reads a vector that ends with AT_NULL.
    ///
    /// # Safety
    /// **vectors**.
    unsafe fn read(vector: *const usize) -> Option<Auxv> {
        let mut auxv = Auxv::NOTHING;
        let mut useful = false;
        for i in 0..AUXV_MAX {
            // SAFETY: **vectors**: the end was not seen yet.
            let (tag, value) = unsafe { (*vector.add(2 * i), *vector.add(2 * i + 1)) };
            if tag == 0 {
                break;
            }
            useful |= auxv.note(tag, value);
        }
        useful.then_some(auxv)
    }

    /// Reads the kernel's copy, for loaders that leave none on the stack.
    #[cold]
    #[inline(never)]
    fn from_proc() -> Option<Auxv> {
        let mut words = [0usize; 2 * AUXV_MAX];
        let fd = file::open(c"/proc/self/auxv", file::READ_ONLY).ok()?;
        let read = file::read_words(fd, &mut words);
        file::close(fd);
        read.ok()?;
        words[2 * AUXV_MAX - 2] = 0; // an end, whatever was read
        // SAFETY: our own words, with an end.
        unsafe { Auxv::read(words.as_ptr()) }
    }
}

impl Args {
    /// Takes the kernel's vectors. `argc` below zero counts as zero.
    ///
    /// # Safety
    /// **vectors**, with `argc` and `argv` as the kernel gave them.
    #[must_use]
    pub unsafe fn new(argc: i32, argv: *const *const u8) -> Args {
        let argc = argc.max(0) as usize;
        // SAFETY: **vectors**: argc pointers and a NULL.
        let envp = unsafe { argv.add(argc + 1) };
        let mut end = envp;
        // SAFETY: **vectors**: the environment ends with NULL.
        while unsafe { !(*end).is_null() } {
            // SAFETY: as above.
            end = unsafe { end.add(1) };
        }
        // SAFETY: **vectors**: the auxiliary vector follows.
        let on_stack = unsafe { Auxv::read(end.add(1).cast()) };
        let auxv = on_stack.or_else(Auxv::from_proc).unwrap_or(Auxv::NOTHING);
        Args { argc, argv, envp, auxv }
    }

    /// How many arguments, the program's name included.
    #[must_use]
    pub fn argc(&self) -> usize {
        self.argc
    }

    /// The arguments, the program's name first. Go: `goargs`.
    pub fn args(&self) -> impl ExactSizeIterator<Item = &'static CStr> + use<> {
        let argv = self.argv;
        // SAFETY: **vectors**: argc strings.
        (0..self.argc).map(move |i| unsafe { CStr::from_ptr((*argv.add(i)).cast()) })
    }

    /// The environment, entry by entry. Go: `goenvs`.
    pub fn env(&self) -> impl Iterator<Item = &'static CStr> + use<> {
        let mut at = self.envp;
        core::iter::from_fn(move || {
            // SAFETY: **vectors**: the end was not seen yet.
            let entry = unsafe { *at };
            if entry.is_null() {
                return None;
            }
            // SAFETY: **vectors**.
            at = unsafe { at.add(1) };
            // SAFETY: **vectors**.
            Some(unsafe { CStr::from_ptr(entry.cast()) })
        })
    }

    /// The value of variable `name`; the first entry wins, entries without `=` do not count. Go:
    /// `gogetenv`.
    #[must_use]
    pub fn getenv(&self, name: &[u8]) -> Option<&'static [u8]> {
        self.env().find_map(|entry| entry.to_bytes().strip_prefix(name)?.strip_prefix(b"="))
    }

    /// What the auxiliary vector said.
    #[must_use]
    pub fn auxv(&self) -> &Auxv {
        &self.auxv
    }

    /// The program's thread-local storage, if it has any: its PT_TLS header.
    #[must_use]
    pub fn tls_segment(&self) -> Option<TlsSegment> {
        const PT_TLS: u32 = 7;
        let Auxv { phdr, phent, phnum, .. } = self.auxv;
        if phdr == 0 || phent < size_of::<libc::Elf64_Phdr>() {
            return None;
        }
        (0..phnum).find_map(|i| {
            // SAFETY: AT_PHDR names phnum headers of phent bytes in the program's image.
            let header = unsafe { &*((phdr + i * phent) as *const libc::Elf64_Phdr) };
            (header.p_type == PT_TLS).then_some(TlsSegment {
                memsz: header.p_memsz as usize,
                filesz: header.p_filesz as usize,
                align: header.p_align as usize,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// A first stack as the kernel would lay it out.
    fn stack(args: &[&'static CStr], env: &[&'static CStr], aux: &[(usize, usize)]) -> Args {
        let strings = |list: &[&'static CStr]| -> Vec<usize> {
            list.iter().map(|s| s.as_ptr() as usize).chain([0]).collect()
        };
        let mut words = strings(args);
        words.extend(strings(env));
        words.extend(aux.iter().chain(&[(0, 0)]).flat_map(|&(tag, value)| [tag, value]));
        // SAFETY: laid out as the kernel does, and never freed.
        unsafe { Args::new(args.len() as i32, words.leak().as_ptr().cast()) }
    }

    const PAGES: &[(usize, usize)] = &[(AT_PAGESZ, 8192), (AT_SECURE, 1), (999, 5)];

    #[test]
    fn nothing_at_all() {
        let args = stack(&[], &[], PAGES);
        assert_eq!((args.argc(), args.args().count(), args.env().count()), (0, 0, 0));
        assert_eq!(args.getenv(b"HOME"), None);
        assert_eq!((args.auxv().page_size, args.auxv().secure), (8192, true));
    }

    #[test]
    fn variables() {
        let env = [c"A=1", c"NOVALUE", c"AB=2", c"=odd", c"A=3", c"E="];
        let args = stack(&[c"prog", c"x"], &env, PAGES);
        assert_eq!(args.args().collect::<Vec<_>>(), [c"prog", c"x"]);
        assert_eq!(args.env().count(), 6);
        assert_eq!(args.getenv(b"A"), Some(&b"1"[..]));
        assert_eq!(args.getenv(b"AB"), Some(&b"2"[..]));
        assert_eq!(args.getenv(b"E"), Some(&b""[..]));
        assert_eq!(args.getenv(b"NOVALUE"), None);
        assert_eq!(args.getenv(b"B"), None);
    }

    #[test]
    fn a_hundred_thousand_arguments() {
        let many = std::vec![c"argument"; 100_000];
        let args = stack(&many, &[c"K=v"], PAGES);
        assert_eq!(args.args().len(), 100_000);
        assert_eq!(args.getenv(b"K"), Some(&b"v"[..]));
    }

    #[test]
    fn without_a_vector_the_kernels_copy_is_read() {
        let auxv = *stack(&[], &[], &[]).auxv();
        assert!(auxv.random.is_some() && auxv.sysinfo_ehdr != 0 && auxv.phnum > 0);
    }

    #[test]
    fn this_program_has_thread_local_storage() {
        assert!(stack(&[], &[], &[]).tls_segment().is_some_and(|tls| tls.memsz > 0));
    }
}

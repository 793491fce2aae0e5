//! The machine: how many CPUs, how large the huge pages. Go: `osinit`, `getCPUCount`.

use crate::args::Args;
use crate::errno::Errno;
use crate::sys::{clock, file, thread};

/// What osinit found. Made here only, once.
#[derive(Debug)]
#[non_exhaustive]
pub struct Os {
    /// The command line and the environment.
    pub args: Args,
    /// CPUs that the process may use, as it started; at least 1. Go: `ncpu`.
    pub ncpu: u32,
}

/// Asks the system about the machine. Go: `osinit`.
#[must_use]
pub fn osinit(args: Args) -> Os {
    clock::set_vdso(args.auxv());
    Os { args, ncpu: getproccount() }
}

/// The CPUs in the affinity mask; 1 when the system does not say. Go: `getproccount`.
#[must_use]
pub fn getproccount() -> u32 {
    let mut small = [0u64; 16]; // 1024 CPUs: enough nearly everywhere
    let count = match thread::affinity(&mut small) {
        Err(Errno::EINVAL) => count_many(),
        other => other.map(|words| count_bits(&small[..words])),
    };
    count.unwrap_or(1).max(1)
}

/// Apart, so that its 8 KiB are not in the boot's frame.
#[cold]
#[inline(never)]
fn count_many() -> Result<u32, Errno> {
    let mut large = [0u64; 1024]; // 64 Ki CPUs, as Go
    thread::affinity(&mut large).map(|words| count_bits(&large[..words]))
}

fn count_bits(words: &[u64]) -> u32 {
    words.iter().map(|word| word.count_ones()).sum()
}

/// Bytes of a huge page; 0 when unknown. Go: `physHugePageSize`, `getHugePageSize`.
///
/// Go reads it in osinit. Here it is read when somebody asks: three system calls through /sys are a
/// tenth of the boot.
#[must_use]
pub fn huge_page_size() -> usize {
    let path = c"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size";
    let Ok(fd) = file::open(path, file::READ_ONLY) else { return 0 };
    let mut text = [0u8; 20];
    let read = file::read(fd, &mut text);
    file::close(fd);
    read.map_or(0, |len| parse_huge_page_size(&text[..len]))
}

/// One decimal number and a newline; 0 unless it is a power of two.
fn parse_huge_page_size(text: &[u8]) -> usize {
    let Some(digits) = text.strip_suffix(b"\n") else { return 0 };
    let size = core::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<usize>().ok());
    size.filter(|size| size.is_power_of_two()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn ncpu_is_what_std_sees() {
        // std looks at cgroups too, so it may see fewer.
        let std_sees = std::thread::available_parallelism().unwrap().get() as u32;
        assert!(getproccount() >= std_sees);
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let mask = status.lines().find_map(|l| l.strip_prefix("Cpus_allowed:\t")).unwrap();
        let bits: u32 = mask.chars().filter_map(|c| c.to_digit(16)).map(u32::count_ones).sum();
        assert_eq!(getproccount(), bits);
        assert_eq!(count_many(), Ok(bits));
    }

    #[test]
    fn one_allowed_cpu_is_one() {
        std::thread::spawn(|| {
            let mut mask = [0u64; 1024];
            let words = thread::affinity(&mut mask).unwrap();
            let first = mask.iter().position(|&word| word != 0).unwrap();
            let lowest = mask[first] & mask[first].wrapping_neg();
            mask = [0; 1024];
            mask[first] = lowest;
            thread::set_affinity(&mask[..words]).unwrap();
            assert_eq!((getproccount(), count_many()), (1, Ok(1)));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn huge_page_sizes() {
        for (text, size) in
            [("2097152\n", 2 << 20), ("2097152", 0), ("3000\n", 0), ("0\n", 0), ("x\n", 0), ("", 0)]
        {
            assert_eq!(parse_huge_page_size(text.as_bytes()), size, "{text:?}");
        }
    }
}

//! What the kernel says about this process, and what it is told.

use std::fs;
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;

/// Memory in use, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// This process's resident pages.
    pub(crate) resident: f64,
    /// The same, its page tables, and (of the whole machine) kernel stacks and fixed slabs: what a
    /// thread or a mapping costs the kernel.
    pub(crate) with_kernel: f64,
}

impl Memory {
    /// As of now.
    pub(crate) fn now() -> Memory {
        let resident = status("VmRSS:");
        let kernel = meminfo("KernelStack:") + meminfo("SUnreclaim:");
        Memory { resident, with_kernel: resident + status("VmPTE:") + kernel }
    }

    /// How much more it is than `before`.
    pub(crate) fn since(&self, before: &Memory) -> Memory {
        Memory {
            resident: self.resident - before.resident,
            with_kernel: self.with_kernel - before.with_kernel,
        }
    }
}

/// The most resident memory so far, in MiB.
pub(crate) fn peak_mib() -> f64 {
    status("VmHWM:") / f64::from(1 << 20)
}

/// Time on CPUs so far, all threads, user and system.
///
/// # Panics
/// When the kernel does not say.
pub(crate) fn cpu_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage");
    duration(usage.user_time()) + duration(usage.system_time())
}

/// Limits this process to the first `count` of the CPUs it may use, where it may use more.
///
/// # Panics
/// When the kernel refuses.
pub fn limit_cpus(count: usize) {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this).expect("sched_getaffinity");
    let mut few = CpuSet::new();
    let usable = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
    for cpu in usable.take(count) {
        few.set(cpu).expect("a CPU of the set");
    }
    sched_setaffinity(this, &few).expect("sched_setaffinity");
}

fn duration(time: TimeVal) -> Duration {
    let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros(micros.unsigned_abs())
}

fn status(name: &str) -> f64 {
    field("/proc/self/status", name)
}

fn meminfo(name: &str) -> f64 {
    field("/proc/meminfo", name)
}

/// The field `name` of a file whose lines are `name: number kB`, in bytes.
fn field(path: &str, name: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    number.unwrap_or_else(|| panic!("{path} has no {name}")) * 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_touched_is_seen() {
        let before = Memory::now();
        let block = std::hint::black_box(vec![1u8; 32 << 20]);
        let grown = Memory::now().since(&before);
        assert!(grown.resident >= f64::from(30 << 20), "{grown:?}");
        assert!(peak_mib() >= 30.0);
        drop(block);
    }
}

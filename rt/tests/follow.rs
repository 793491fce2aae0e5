//! The number of Ps follows the CPUs that the process may use. One test, since it changes them for
//! the whole process.

use std::time::{Duration, Instant};

use rt::runtime::{procs, set_default_procs, set_procs};

/// Lets every thread of the process run on these CPUs only.
fn allow(cpus: &[usize]) {
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let tid = task.unwrap().file_name().into_string().unwrap().parse().unwrap();
        // SAFETY: a set of CPUs, filled and handed over.
        unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            cpus.iter().for_each(|&cpu| libc::CPU_SET(cpu, &mut set));
            let _gone = libc::sched_setaffinity(tid, size_of_val(&set), &raw const set);
        }
    }
}

fn allowed() -> Vec<usize> {
    // SAFETY: the kernel fills a set of ours.
    let set = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        assert_eq!(libc::sched_getaffinity(0, size_of_val(&set), &raw mut set), 0);
        set
    };
    // SAFETY: within the set.
    (0..libc::CPU_SETSIZE as usize).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) }).collect()
}

/// Waits until there are so many Ps; how many there are after a long time otherwise.
fn wait_for(wanted: usize) -> usize {
    let start = Instant::now();
    while procs() != wanted && start.elapsed() < Duration::from_secs(20) {
        rt::thread::sleep(Duration::from_millis(10));
    }
    procs()
}

/// Go: TestCgroupGOMAXPROCSUpdate, TestCgroupGOMAXPROCSSetDefault,
/// TestCgroupGOMAXPROCSSchedAffinity, with CPUs in the place of a quota: below two of those a quota
/// changes nothing.
#[test]
fn the_number_of_ps_follows_the_cpus() {
    let cpus = allowed();
    if cpus.len() < 2 || std::env::var_os("GOMAXPROCS").is_some() {
        return println!("skipped: one CPU, or GOMAXPROCS is set");
    }
    // SAFETY: nothing here keeps what belongs to a thread over a call that parks.
    unsafe {
        rt::run(move || {
            assert_eq!(wait_for(procs()), procs());
            let all = procs();
            allow(&cpus[..1]);
            assert_eq!(wait_for(1), 1);
            allow(&cpus);
            assert_eq!(wait_for(all), all);

            // Set by hand, though to the same, it stays.
            assert_eq!(set_procs(all).unwrap(), all);
            allow(&cpus[..1]);
            rt::thread::sleep(Duration::from_millis(2500));
            assert_eq!(procs(), all);

            assert_eq!(set_default_procs().unwrap(), all);
            assert_eq!(procs(), 1);
            allow(&cpus);
            assert_eq!(wait_for(all), all);
        });
    }
}

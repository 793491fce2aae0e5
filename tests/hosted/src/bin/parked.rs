//! Has so many goroutines parked at once, and says what one costs.

use std::sync::atomic::{AtomicUsize, Ordering};

use hosted::{first_argument, run};

/// Bytes of the process's memory, page tables included.
fn memory_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = |name: &str| -> usize {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    (kib("VmRSS:") + kib("VmPTE:")) * 1024
}

static WOKEN: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let count: usize = first_argument().parse().expect("how many");
    run(|| {
        let before = memory_bytes();
        let mut handles = Vec::with_capacity(count);
        for _ in 0..count {
            handles.push(rt::thread::spawn(|| {
                rt::thread::park();
                WOKEN.fetch_add(1, Ordering::Relaxed);
            }));
        }
        while rt::runtime::num_goroutines() != count + 1 {
            rt::thread::yield_now();
        }
        println!("bytes_each {}", (memory_bytes() - before) / count);
        for handle in &handles {
            handle.thread().unpark();
        }
        for handle in handles {
            handle.join().unwrap();
        }
        println!("woken {}", WOKEN.load(Ordering::Relaxed));
    });
}

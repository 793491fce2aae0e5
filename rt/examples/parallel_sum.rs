//! Goroutines that borrow: a slice on the stack is summed up in parts.

fn main() {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let numbers: Vec<u64> = (1..=1_000_000).collect();
            let part = numbers.len().div_ceil(rt::runtime::procs());
            let sum: u64 = rt::thread::scope(|scope| {
                let parts = numbers.chunks(part);
                let sums: Vec<_> =
                    parts.map(|part| scope.spawn(move || part.iter().sum::<u64>())).collect();
                sums.into_iter().map(|sum| sum.join().unwrap()).sum()
            });
            println!("the sum is {sum}");
        });
    }
}

//! The prime sieve as a chain of goroutines: each passes on what its prime does not divide.

use rt::chan::{Receiver, bounded};

/// Every number from 2.
fn numbers() -> Receiver<u32> {
    let (sender, receiver) = bounded(1);
    rt::go(move || {
        for number in 2.. {
            if sender.send(number).is_err() {
                break; // nobody listens any more
            }
        }
    });
    receiver
}

/// What `prime` does not divide.
fn filter(input: Receiver<u32>, prime: u32) -> Receiver<u32> {
    let (sender, receiver) = bounded(1);
    rt::go(move || {
        for number in input.iter().filter(|number| number % prime != 0) {
            if sender.send(number).is_err() {
                break;
            }
        }
    });
    receiver
}

fn main() {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let mut chain = numbers();
            for _ in 0..25 {
                let prime = chain.recv().unwrap();
                println!("{prime}");
                chain = filter(chain, prime);
            }
        });
    }
}

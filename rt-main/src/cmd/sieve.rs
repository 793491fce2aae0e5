//! `sieve N`: the first N primes, by a chain of goroutines that each pass on what their prime does
//! not divide.

use rt_main::chan::{Receiver, bounded};
use rt_main::{go, println};

use super::{Outcome, number};

pub(crate) fn run(args: impl Iterator<Item = &'static [u8]>) -> Outcome {
    let count = number(args)?;
    let mut chain = numbers();
    for _ in 0..count {
        let Ok(prime) = chain.recv() else { return Ok(1) };
        println!("{prime}");
        chain = filter(chain, prime);
    }
    Ok(0)
}

/// Every number from 2.
fn numbers() -> Receiver<u64> {
    let (sender, receiver) = bounded(1);
    go(move || {
        let mut number = 2;
        while sender.send(number).is_ok() {
            number += 1;
        }
    });
    receiver
}

/// What `prime` does not divide.
fn filter(input: Receiver<u64>, prime: u64) -> Receiver<u64> {
    let (sender, receiver) = bounded(1);
    go(move || {
        for number in input {
            if !number.is_multiple_of(prime) && sender.send(number).is_err() {
                break;
            }
        }
    });
    receiver
}

//! Primes by trial division, to check the sieve.

/// The prime number `count`; the first is 2.
pub(crate) fn nth_prime(count: usize) -> u64 {
    let mut primes: Vec<u64> = Vec::with_capacity(count);
    let mut candidate = 2;
    while primes.len() < count {
        let mut small = primes.iter().take_while(|prime| *prime * *prime <= candidate);
        if small.all(|prime| candidate % prime != 0) {
            primes.push(candidate);
        }
        candidate += 1;
    }
    primes[count - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_primes_are_known() {
        let found = [1, 2, 3, 4, 5, 2000].map(nth_prime);
        assert_eq!(found, [2, 3, 5, 7, 11, 17_389]);
    }
}

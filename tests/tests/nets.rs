//! `rt-main sieve` and `rt-main skynet`: channels in a bare program.

use tests::run::Program;

#[test]
fn the_sieve_finds_the_primes() {
    for procs in [1, 2, 4] {
        let outcome = Program::bare("rt-main").args(["sieve", "500"]).procs(procs).run();
        let primes: Vec<u64> =
            outcome.expect_ok().stdout.lines().map(|l| l.parse().unwrap()).collect();
        let is_prime = |n: u64| (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
        assert!(primes.iter().copied().eq((2..).filter(|&n| is_prime(n)).take(500)), "{procs} Ps");
    }
}

#[test]
fn skynet_adds_up() {
    for procs in [1, 2, 4] {
        for leaves in [0u64, 1, 7, 10, 1234, 100_000] {
            let program = Program::bare("rt-main").args(["skynet", &leaves.to_string()]);
            let sum = leaves * leaves.saturating_sub(1) / 2;
            let text = format!("{leaves} leaves on {procs} Ps, their sum is {sum}\n");
            assert_eq!(program.procs(procs).run().expect_ok().stdout, text);
        }
    }
}

#[test]
fn a_count_is_asked_for() {
    for command in ["sieve", "skynet"] {
        for arguments in [vec![command], vec![command, "x"], vec![command, "1", "2"]] {
            let outcome = Program::bare("rt-main").args(arguments).run().expect_code(2);
            assert!(outcome.stderr.starts_with("usage: "), "{}", outcome.show());
        }
    }
}

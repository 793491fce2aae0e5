//! rt's examples run and say what they should.

use tests::run::Program;

fn says(example: &str, wanted: &str) {
    for procs in [1, 2, 4] {
        let outcome = Program::hosted(example).procs(procs).run().expect_ok();
        assert_eq!(outcome.stdout, wanted, "{example} on {procs} Ps");
    }
}

#[test]
fn ping_pong() {
    says("ping_pong", "after 1000 rounds the number is 1000\n");
}

#[test]
fn sieve() {
    let primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71];
    let more = [73, 79, 83, 89, 97];
    let lines: String = primes.iter().chain(&more).map(|prime| format!("{prime}\n")).collect();
    says("sieve", &lines);
}

#[test]
fn worker_pool() {
    // All but number 13: 0² + … + 19² − 13².
    says("worker_pool", "19 of 20 jobs done in time, worth 2301\n");
}

#[test]
fn parallel_sum() {
    says("parallel_sum", "the sum is 500000500000\n");
}

#[test]
fn producer_consumer() {
    says("producer_consumer", "the squares add up to 385\n");
}

#[test]
fn async_interop() {
    says("async_interop", "the future is done\n");
}

#[test]
fn processes() {
    let words = "\"one\" has 1 words\n\"one two\" has 2 words\n\"one two three\" has 3 words\n";
    says("processes", &format!("{words}20 of 20 have slept\n"));
}

#[test]
fn trace() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let outcome = Program::hosted("trace").folder(folder.path()).procs(2).run().expect_ok();
    assert!(outcome.stdout.starts_with("192 results\ntrace.json: "), "{}", outcome.stdout);
    let text = std::fs::read_to_string(folder.path().join("trace.json")).expect("a trace");
    for word in ["\"batch\"", "\"the last batch is out\"", " worker\"", " hog\""] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn hello() {
    let outcome = Program::hosted("hello").run().expect_ok();
    assert!(outcome.stdout.starts_with("hello from goroutine "), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("\nthe answer is 42\n"), "{}", outcome.stdout);
}

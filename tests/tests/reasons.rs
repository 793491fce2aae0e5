//! Each wait has Go's words for it. They were written down from what Go 1.27 shows for the same
//! waits; where Go has no such wait, stands what it is made of there, and `park`.

use tests::dump::goroutines;
use tests::run::Program;

const REASONS: [(&str, &str); 26] = [
    ("receives", "chan receive"),
    ("receives_in_time", "chan receive"),
    ("sends", "chan send"),
    ("sends_to_a_full_one", "chan send"),
    ("receives_by_std", "chan receive"),
    ("receives_from_nothing", "chan receive (nil chan)"),
    ("receives_later", "chan receive"),
    ("receives_ticks", "chan receive"),
    ("selects", "select"),
    ("selects_nothing", "select (no cases)"),
    ("sleeps", "sleep"),
    ("parks", "park"),
    ("parks_for_long", "park"),
    ("joins", "semacquire"),
    ("locks", "sync.Mutex.Lock"),
    ("reads", "sync.RWMutex.RLock"),
    ("writes", "sync.RWMutex.Lock"),
    ("is_notified", "sync.Cond.Wait"),
    ("waits_for_a_group", "sync.WaitGroup.Wait"),
    ("acquires", "semacquire"),
    ("meets", "semacquire"),
    ("comes_second", "sync.Mutex.Lock"),
    ("comes_first", "park"),
    ("is_tied", "park, locked to thread"),
    ("blocks", "syscall"),
    ("computes", "running"),
];

#[test]
fn each_wait_has_gos_words() {
    for procs in [1, 2] {
        for program in [Program::bare("reasons"), Program::hosted("reasons")] {
            let outcome = program.procs(procs).run().expect_ok();
            let all = goroutines(&outcome.stdout);
            for (function, reason) in REASONS {
                let ending = format!("reasons::{function}(...)");
                let stands_there = |name: &&str| name.ends_with(&*ending);
                let mut found = all.iter().filter(|g| g.functions().iter().any(stands_there));
                match (function, found.next()) {
                    (_, Some(g)) => assert_eq!(g.state, reason, "{function}: {}", outcome.show()),
                    // Their threads run: no stack to look at.
                    ("blocks" | "computes", None) => {
                        let count = all.iter().filter(|g| g.state == reason).count();
                        assert!(count >= 1, "{function}: {}", outcome.show());
                    }
                    _ => panic!("no {function}: {}", outcome.show()),
                }
                assert_eq!(found.next(), None, "{function}: {}", outcome.show());
            }
            let origins = all.iter().filter(|g| g.created_by().is_some()).count();
            assert!(origins >= REASONS.len(), "{}", outcome.show());
        }
    }
}

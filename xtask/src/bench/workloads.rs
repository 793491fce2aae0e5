//! What is run: each workload with its sizes, and what is different for some peers.

/// A workload at one number of workers.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    /// How tables name it.
    pub(super) name: &'static str,
    /// The command line that all peers get, but for the workers.
    words: &'static str,
    pub(super) workers: usize,
    /// Memory that a run is about to use for the first time, in MiB. In a virtual machine the first
    /// touch of a page may cost far more than the later ones; the runner pays for it.
    pub(super) fresh_mib: usize,
    /// The peer's program is a server; the client starts it.
    pub(super) is_served: bool,
    changes: &'static [(&'static str, Change)],
}

/// How a peer's run differs. Figures are per operation, so that a smaller size gives the same.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// These words come last, and so count.
    With(&'static str),
    /// It cannot do it at this size, or not in reasonable time.
    Without,
}

use Change::{With, Without};

impl Workload {
    /// The name with the number of workers, for filters.
    pub(super) fn id(&self) -> String {
        format!("{}.w{}", self.name, self.workers)
    }

    /// The arguments for `peer`, or `None` where it is left out.
    pub(super) fn arguments(&self, peer: &str) -> Option<Vec<String>> {
        // One thread is all that it has.
        if peer == "tokio-ct" && self.workers > 1 {
            return None;
        }
        let mut line = format!("{} w={}", self.words, self.workers);
        match self.changes.iter().find(|(name, _)| *name == peer) {
            Some((_, Without)) => return None,
            Some((_, With(words))) => {
                line.push(' ');
                line.push_str(words);
            }
            None => (),
        }
        Some(line.split(' ').map(str::to_owned).collect())
    }
}

/// May and threads stop at some 30,000 stacks, by the limits on mappings and threads.
const NOT_SO_MANY: &[(&str, Change)] = &[("may", Without), ("thread", Without)];

/// All workloads: those for 1 worker, then those for 2.
pub(super) fn all() -> Vec<Workload> {
    let mut workloads = Vec::new();
    for workers in [1, 2] {
        workloads.extend(for_workers(workers));
    }
    let two = |name, words, fresh_mib, changes| Workload {
        name,
        words,
        workers: 2,
        fresh_mib,
        is_served: false,
        changes,
    };
    let served = |name, words, changes| Workload {
        name,
        words,
        workers: 1,
        fresh_mib: 0,
        is_served: true,
        changes,
    };
    workloads.extend([
        two("parked10k", "parked n=10000", 0, &[]),
        two("parked100k", "parked n=100000", 1024, NOT_SO_MANY),
        two("timers10k", "timers n=10000 rounds=10", 0, &[]),
        two("timers100k", "timers n=100000 rounds=10", 0, NOT_SO_MANY),
        two("hog", "hog ms=2000 hogs=4", 0, &[]),
        two("blocking", "blocking n=100", 0, &[]),
        two("blocking_raw", "blocking_raw n=100", 0, &[]),
        served("echo64", "echo conns=64 size=64", &[]),
        served("http64", "http conns=64", &[]),
    ]);
    workloads
}

fn for_workers(workers: usize) -> Vec<Workload> {
    let of = |name, words, fresh_mib, changes| Workload {
        name,
        words,
        workers,
        fresh_mib,
        is_served: false,
        changes,
    };
    vec![
        of("yield2", "yield tasks=2 n=1000000", 0, &[("thread", With("n=200000"))]),
        of("yield1000", "yield tasks=1000 n=2000", 0, &[("thread", With("n=200"))]),
        of(
            "spawn_one",
            "spawn_one n=300000",
            0,
            &[("thread", With("n=10000")), ("may", With("n=30000"))],
        ),
        of(
            "spawn_batch",
            "spawn_batch n=30 batch=10000",
            1024,
            &[("thread", With("n=2")), ("may", With("n=10 pool=16000"))],
        ),
        of("skynet1m", "skynet n=1000000", 1024, &[("thread", Without)]),
        of("skynet10k", "skynet n=10000", 0, &[]),
        of("pingpong", "pingpong n=300000", 0, &[("thread", With("n=20000"))]),
        of("chanbuf1", "chanbuf n=1000000 prod=1 cons=1 cap=128", 0, &[]),
        of("chanbuf4", "chanbuf n=1000000 prod=4 cons=4 cap=128", 0, &[]),
        of("select4", "select n=400000 cap=0", 0, &[("thread", With("n=100000"))]),
        of("select4buf", "select n=1000000 cap=128", 0, &[]),
        of("mutex8", "mutex tasks=8 n=200000", 0, &[]),
        of("sieve2000", "sieve n=2000", 0, &[("thread", Without)]),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn line(name: &str, workers: usize, peer: &str) -> Option<String> {
        let workload = all().into_iter().find(|w| w.name == name && w.workers == workers).unwrap();
        workload.arguments(peer).map(|words| words.join(" "))
    }

    #[test]
    fn what_differs_comes_last() {
        let own = "pingpong n=300000 w=1 n=20000";
        assert_eq!(line("pingpong", 1, "thread").as_deref(), Some(own));
        assert_eq!(line("pingpong", 2, "go").as_deref(), Some("pingpong n=300000 w=2"));
    }

    #[test]
    fn some_are_left_out() {
        assert_eq!(line("sieve2000", 1, "thread"), None);
        assert_eq!(line("mutex8", 2, "tokio-ct"), None);
        assert!(line("mutex8", 1, "tokio-ct").is_some());
    }

    #[test]
    fn ids_are_unique_and_changes_are_for_peers() {
        let ids: BTreeSet<String> = all().iter().map(Workload::id).collect();
        assert_eq!(ids.len(), all().len());
        for workload in all() {
            for (peer, _) in workload.changes {
                let known = super::super::peers::ALL.iter().any(|known| known.name == *peer);
                assert!(known, "{}: {peer}", workload.name);
            }
        }
    }
}

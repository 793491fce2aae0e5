//! The figures of all runs, by workload, metric and peer.

use super::program::{Figure, Outcome};
use super::stats::{median, ratio_to_best, spread};

/// A metric of a workload.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) workload: String,
    pub(super) workers: usize,
    pub(super) metric: String,
    pub(super) unit: String,
    /// By peer, in the order of their first runs.
    values: Vec<(&'static str, Vec<f64>)>,
}

/// All that was found out.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// In the order of their first runs.
    pub(super) rows: Vec<Row>,
    /// Workload, workers, peer, reason.
    pub(super) failures: Vec<(String, usize, &'static str, String)>,
}

impl Results {
    /// Adds what one run gave. False: the peer need not be asked again for this workload.
    pub(super) fn add(
        &mut self,
        workload: &str,
        workers: usize,
        peer: &'static str,
        outcome: Outcome,
    ) -> bool {
        match outcome {
            Outcome::Figures(figures) => {
                for figure in figures {
                    self.row(workload, workers, &figure).add(peer, figure.value);
                }
                true
            }
            Outcome::Unsupported => false,
            Outcome::Failed(reason) => {
                // A peer that fails now and then has no figure.
                let own = |row: &&mut Row| row.workload == workload && row.workers == workers;
                for row in self.rows.iter_mut().filter(own) {
                    row.values.retain(|(name, _)| *name != peer);
                }
                self.failures.push((workload.to_owned(), workers, peer, reason));
                false
            }
        }
    }

    /// Why `peer` has no figures.
    pub(super) fn failure(&self, workload: &str, workers: usize, peer: &str) -> Option<&str> {
        let found = self
            .failures
            .iter()
            .find(|(name, number, who, _)| name == workload && *number == workers && *who == peer);
        found.map(|(.., reason)| reason.as_str())
    }

    fn row(&mut self, workload: &str, workers: usize, figure: &Figure) -> &mut Row {
        let same = |row: &Row| {
            row.workload == workload && row.workers == workers && row.metric == figure.metric
        };
        let index = self.rows.iter().position(same).unwrap_or_else(|| {
            self.rows.push(Row {
                workload: workload.to_owned(),
                workers,
                metric: figure.metric.clone(),
                unit: figure.unit.clone(),
                values: Vec::new(),
            });
            self.rows.len() - 1
        });
        &mut self.rows[index]
    }
}

impl Row {
    fn add(&mut self, peer: &'static str, value: f64) {
        match self.values.iter_mut().find(|(name, _)| *name == peer) {
            Some((_, values)) => values.push(value),
            None => self.values.push((peer, vec![value])),
        }
    }

    /// The median of a peer's runs.
    pub(super) fn median(&self, peer: &str) -> Option<f64> {
        let (_, values) = self.values.iter().find(|(name, _)| *name == peer)?;
        median(values)
    }

    /// `ours` in times of the best of the others.
    pub(super) fn ratio(&self, ours: &str) -> Option<f64> {
        let others = self.values.iter().filter(|(name, _)| *name != ours);
        let others: Vec<f64> = others.filter_map(|(_, values)| median(values)).collect();
        ratio_to_best(self.median(ours), &others)
    }

    /// The widest spread among the peers.
    pub(super) fn spread(&self) -> Option<f64> {
        self.values.iter().filter_map(|(_, values)| spread(values)).reduce(f64::max)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn figures(metric: &str, value: f64) -> Outcome {
        let (metric, unit) = (metric.to_owned(), "ns".to_owned());
        Outcome::Figures(vec![Figure { metric, value, unit }])
    }

    #[test]
    fn runs_are_gathered_by_peer() {
        let mut results = Results::default();
        for (peer, value) in [("rt", 1.0), ("go", 4.0), ("rt", 3.0), ("go", 4.0), ("smol", 9.0)] {
            assert!(results.add("w", 1, peer, figures("op", value)));
        }
        results.add("w", 2, "rt", figures("op", 100.0));
        let row = &results.rows[0];
        assert_eq!((row.median("rt"), row.median("go")), (Some(2.0), Some(4.0)));
        assert_eq!(row.median("may"), None);
        assert_eq!((row.ratio("rt"), row.spread()), (Some(0.5), Some(1.0)));
        assert_eq!(results.rows[1].median("rt"), Some(100.0));
    }

    #[test]
    fn who_fails_once_has_no_figure() {
        let mut results = Results::default();
        assert!(results.add("w", 1, "may", figures("op", 1.0)));
        assert!(results.add("w", 2, "may", figures("op", 1.0)));
        assert!(!results.add("w", 1, "may", Outcome::Failed("no memory".to_owned())));
        assert!(!results.add("w", 1, "go", Outcome::Unsupported));
        assert_eq!(results.rows[0].median("may"), None);
        assert_eq!(results.rows[1].median("may"), Some(1.0));
        assert_eq!(results.failure("w", 1, "may"), Some("no memory"));
        assert_eq!(results.failure("w", 1, "go"), None);
    }
}

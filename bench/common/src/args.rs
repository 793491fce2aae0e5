//! The command line: `WORKLOAD [key=number …]`.

use std::collections::HashMap;
use std::process::exit;

/// The workload and its parameters.
#[derive(Clone, Debug)]
pub struct Args {
    workload: String,
    numbers: HashMap<String, usize>,
}

impl Args {
    /// Those of this process. Ends it with status 2 when they make no sense.
    pub fn read() -> Args {
        Args::parse(std::env::args().skip(1)).unwrap_or_else(|error| {
            eprintln!("{error}\nusage: WORKLOAD [key=number ...]");
            exit(2)
        })
    }

    /// Those of a command line.
    ///
    /// # Errors
    /// When there is no workload, or a word is no `key=number`.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
        let workload = words.next().ok_or("which workload?")?;
        let mut numbers = HashMap::new();
        for word in words {
            let (key, value) = word.split_once('=').ok_or(format!("{word}: no `=`"))?;
            let number = value.parse().map_err(|error| format!("{word}: {error}"))?;
            numbers.insert(key.to_owned(), number);
        }
        Ok(Args { workload, numbers })
    }

    /// What to do.
    pub fn workload(&self) -> &str {
        &self.workload
    }

    /// The parameter `key`, or `default` where it is not given. A later one overrides an earlier.
    pub fn get(&self, key: &str, default: usize) -> usize {
        self.numbers.get(key).copied().unwrap_or(default)
    }

    /// How many workers: threads that run tasks at the same time. At least 1.
    pub fn workers(&self) -> usize {
        self.get("w", 1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn parameters_have_defaults_and_the_last_one_counts() {
        let args = parse("mutex n=5 w=2 n=7").unwrap();
        assert_eq!(args.workload(), "mutex");
        assert_eq!((args.get("n", 1), args.get("tasks", 8), args.workers()), (7, 8, 2));
        assert_eq!(parse("mutex w=0").unwrap().workers(), 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["", "mutex n", "mutex n=", "mutex n=-1", "mutex n=many"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

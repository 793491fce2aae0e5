//! Goroutines as a fatal text or a dump shows them.

use std::collections::BTreeMap;

/// One goroutine of a dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goroutine {
    /// Its number; 0 for a thread's own stack.
    pub goid: u64,
    /// What stands in brackets: what it does, and more behind commas.
    pub state: String,
    /// gp=, m= and mp=, by name.
    pub addresses: BTreeMap<String, String>,
    /// The lines below the header.
    pub lines: Vec<String>,
}

impl Goroutine {
    /// Reads a header.
    fn from_header(line: &str) -> Option<Goroutine> {
        if line == "runtime stack:" {
            return Some(Goroutine { state: line.to_owned(), ..Goroutine::default() });
        }
        let (goid, rest) = line.strip_prefix("goroutine ")?.split_once(' ')?;
        let (addresses, state) = rest.strip_suffix("]:")?.split_once('[')?;
        let pairs = addresses.split_whitespace().map(|pair| pair.split_once('='));
        let pairs = pairs.map(|pair| pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Some(Goroutine {
            goid: goid.parse().ok()?,
            state: state.to_owned(),
            addresses: pairs.collect::<Option<_>>()?,
            lines: Vec::new(),
        })
    }

    /// The functions, innermost first, as they are printed.
    #[must_use]
    pub fn functions(&self) -> Vec<&str> {
        let is_function = |line: &&&str| !line.starts_with(['\t', '.']) && !is_origin(line);
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        lines.iter().filter(is_function).copied().collect()
    }

    /// The line below a function: where it stands.
    ///
    /// # Panics
    /// When the function is not there.
    #[must_use]
    pub fn place_of(&self, function: &str) -> &str {
        let at = self.lines.iter().position(|line| line == function);
        let at = at.unwrap_or_else(|| panic!("{function} is not in {self:#?}"));
        self.lines[at + 1].trim()
    }

    /// Who started it: `FN in goroutine N`.
    #[must_use]
    pub fn created_by(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix("created by "))
    }
}

fn is_origin(line: &str) -> bool {
    line.starts_with("created by ")
}

/// The goroutines in a text, in order. Each header must stand behind an empty line.
///
/// # Panics
/// When one does not, or a number comes twice.
#[must_use]
pub fn goroutines(text: &str) -> Vec<Goroutine> {
    let mut found: Vec<Goroutine> = Vec::new();
    let mut before = "";
    for line in text.lines() {
        if let Some(goroutine) = Goroutine::from_header(line) {
            assert_eq!(before, "", "no empty line before {line:?} in:\n{text}");
            let twice = found.iter().any(|other| other.goid == goroutine.goid);
            assert!(!twice, "twice in a dump: {line:?} in:\n{text}");
            found.push(goroutine);
        } else if let Some(last) = found.last_mut().filter(|_| !line.is_empty()) {
            last.lines.push(line.to_owned());
        }
        before = line;
    }
    found
}

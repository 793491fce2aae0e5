//! A table of findings, shared by the commands that examine a program.

use anyhow::{Result, bail};

/// One property that was looked at.
#[derive(Debug)]
pub(crate) struct Finding {
    /// What was looked at, in one or two words.
    pub(crate) name: &'static str,
    /// Whether it is as it must be.
    pub(crate) ok: bool,
    /// What was found.
    pub(crate) detail: String,
}

impl Finding {
    /// Records that `name` was found to be `detail`.
    pub(crate) fn new(name: &'static str, ok: bool, detail: impl Into<String>) -> Self {
        Self { name, ok, detail: detail.into() }
    }
}

/// Prints the findings as a table.
///
/// # Errors
/// Names each finding that is not as it must be.
pub(crate) fn print(findings: &[Finding]) -> Result<()> {
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    for finding in findings {
        let verdict = if finding.ok { "ok  " } else { "FAIL" };
        println!("{verdict}  {:width$}  {}", finding.name, finding.detail);
    }
    let failed = failing(findings);
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// The names of the findings that failed.
pub(crate) fn failing(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().filter(|finding| !finding.ok).map(|finding| finding.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_finding_is_named() {
        let good = Finding::new("good", true, "1");
        let bad = Finding::new("bad", false, "2");
        assert!(print(&[good]).is_ok());
        assert_eq!(print(&[bad]).unwrap_err().to_string(), "failed: bad");
    }
}

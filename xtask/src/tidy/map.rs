//! The maps (README.md, docs/ARCHITECTURE.md) name every member of the workspace, and only what is
//! there.

use std::collections::BTreeSet;

use super::{Problem, Tree};

/// The files that hold a map: a table whose first column names folders.
const MAPS: [&str; 2] = ["README.md", "docs/ARCHITECTURE.md"];

/// Finds members that a map leaves out, and rows whose folder is gone.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for map in MAPS {
        let Some(text) = tree.files.get(map) else {
            problems.push(Problem::new(map, "is missing"));
            continue;
        };
        let members: BTreeSet<&str> = tree.packages.iter().map(|p| p.dir.as_str()).collect();
        let mut named = BTreeSet::new();
        for table in tables(text) {
            let rows: Vec<&str> = table.iter().filter_map(|row| folder(row)).collect();
            if !rows.iter().any(|row| members.contains(row)) {
                continue; // a table of something else
            }
            for row in rows {
                if !members.contains(row) && !is_folder(tree, row) {
                    problems.push(Problem::new(map, format!("names `{row}`, which is gone")));
                }
                named.insert(row);
            }
        }
        for member in members.difference(&named) {
            problems.push(Problem::new(map, format!("its table lacks a row for `{member}`")));
        }
    }
    problems
}

/// The runs of lines that begin with a bar.
fn tables(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let runs = lines.split(|line| !line.starts_with('|'));
    runs.filter(|run| !run.is_empty()).map(<[&str]>::to_vec).collect()
}

/// The folder in the first cell of a row: `` `name` ``, ``[`name`](link)`` or with a slash after.
fn folder(row: &str) -> Option<&str> {
    let cell = row.trim_start_matches('|').split('|').next()?.trim();
    let name = cell.split('`').nth(1)?;
    Some(name.trim_end_matches('/'))
}

/// Whether any file is below this folder.
fn is_folder(tree: &Tree, name: &str) -> bool {
    let below = format!("{name}/");
    tree.files.keys().any(|path| path.starts_with(&below))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# a\n\n| folder | what |\n|---|---|\n| `rt-a` | x |\n\
                        | [`rt-b`](rt-b) | y |\n| `docs/` | z |\n\n\
                        | word | meaning |\n|---|---|\n| `gone` | not a map |\n";

    fn problems(readme: &str) -> Vec<Problem> {
        let files = [("README.md", readme), ("docs/ARCHITECTURE.md", GOOD)];
        check(&Tree::of(&files).with(&["rt-a", "rt-b"]))
    }

    #[test]
    fn a_whole_map_passes() {
        assert_eq!(problems(GOOD), []);
    }

    #[test]
    fn a_member_that_is_left_out_is_found() {
        let found = problems(&GOOD.replace("[`rt-b`](rt-b)", "rt-b"));
        assert_eq!(found, [Problem::new("README.md", "its table lacks a row for `rt-b`")]);
        assert_eq!(problems("rt-a and rt-b").len(), 2);
    }

    #[test]
    fn a_row_whose_folder_is_gone_is_found() {
        let found = problems(&GOOD.replace("`docs/`", "`rt-old`"));
        assert_eq!(found, [Problem::new("README.md", "names `rt-old`, which is gone")]);
    }

    #[test]
    fn a_missing_map_is_found() {
        let found =
            check(&Tree::of(&[("README.md", GOOD), ("docs/x", "")]).with(&["rt-a", "rt-b"]));
        assert_eq!(found, [Problem::new("docs/ARCHITECTURE.md", "is missing")]);
    }
}

//! Which functions are not the user's: the runtime's own, and those around user code. Go:
//! `showframe`, `elideWrapperCalling`.
//!
//! By the name where that has a path; functions that were put into others often have none, so the
//! folder of their file tells as well.

use core::fmt::{self, Write};

use crate::symbols::{Name, Symbol};
use arrayvec::ArrayString;

/// So much of a name tells whose it is.
const NAME_HEAD: usize = 96;

/// Names begin so.
const NAMES: &[&str] = &[
    "rt_asm::",
    "rt_os::",
    "rt_wait::",
    "rt_stack::",
    "rt_mem::",
    "rt_traceback::",
    "rt_sched::",
    "rt::boot::",
    "rt::fault::",
    "rt::go::guarded",
    "rt_main::panic",
    "rt_main::rt0",
    "core::",
    "alloc::",
    "std::",
    "__rust",
    "goroutine_root",
];

/// The crates' folders.
const FOLDERS: &[&str] = &[
    "rt-asm",
    "rt-os",
    "rt-wait",
    "rt-stack",
    "rt-mem",
    "rt-traceback",
    "rt-sched",
    "core",
    "alloc",
    "std",
];

/// Files of others that stand around user code.
const FILES: [&str; 6] = [
    "rt-main/src/rt0.rs",
    "rt-main/src/panic.rs",
    "rt/src/boot.rs",
    "rt/src/go.rs",
    "rt/src/fault.rs",
    "rt/src/thread/handle.rs",
];

/// Is it a function that a user does not ask for?
#[must_use]
#[inline(never)] // see the profile: small is fast enough here
pub fn is_runtimes(symbol: &Symbol<'_>) -> bool {
    symbol.name.is_some_and(is_named_so)
        || symbol.place.is_some_and(|(file, _)| {
            is_below(file, FOLDERS) || FILES.iter().any(|name| file.ends_with(name))
        })
}

/// Is it one that leads from a `go` statement into the runtime?
#[must_use]
pub fn is_way_in(symbol: &Symbol<'_>) -> bool {
    is_runtimes(symbol) || symbol.place.is_some_and(|(file, _)| is_below(file, &["rt-main", "rt"]))
}

fn is_named_so(name: Name<'_>) -> bool {
    let mut head = Head(ArrayString::new());
    let _full = write!(head, "{name}"); // the rest does not matter
    let name = head.0.trim_start_matches(['<', '&']);
    // What `entry!` plants.
    let is_planted = name.as_bytes().windows(6).any(|part| part == b"::__rt");
    is_planted || NAMES.iter().any(|start| name.starts_with(start))
}

/// Is the file in the `src` of one of these? A package from elsewhere has its version behind.
fn is_below(file: &str, folders: &[&str]) -> bool {
    let is_one = |folder: &str| {
        folders.iter().any(|name| match folder.strip_prefix(name) {
            Some("") => true,
            Some(rest) => {
                rest.starts_with('-') && rest[1..].starts_with(|c: char| c.is_ascii_digit())
            }
            None => false,
        })
    };
    // Registries lie below a `src` themselves: not the first one alone counts.
    let mut folder = "";
    file.split('/').any(|part| {
        part == "src" && is_one(folder) || {
            folder = part;
            false
        }
    })
}

/// The beginning of a text.
struct Head(ArrayString<NAME_HEAD>);

impl Write for Head {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.0.try_push(c).map_err(|_| fmt::Error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_tell_whose_a_file_is() {
        for (file, is_ours) in [
            ("/home/me/rt/rt-sched/src/park.rs", true),
            ("/home/me/.cargo/registry/src/index/rt-sched-0.1.0/src/g/mod.rs", true),
            ("rt-wait/src/park.rs", true),
            ("/rustc/5980/library/core/src/ops/function.rs", true),
            ("/home/me/app/rt-main/src/rt0.rs", true),
            ("/home/me/app/src/main.rs", false),
            ("/home/me/rt-sched-tests/src/main.rs", false),
            ("rt-main/src/thread.rs", false),
        ] {
            let symbol = Symbol { name: None, place: Some((file, 1)), offset: None };
            assert_eq!(is_runtimes(&symbol), is_ours, "{file}");
        }
        let symbol = Symbol { name: None, place: Some(("rt-main/src/thread.rs", 1)), offset: None };
        assert!(is_way_in(&symbol));
    }
}

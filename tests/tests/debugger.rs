//! What a debugger sees: the entry point, goroutines' stacks that end at their root, and with
//! rt-gdb.py the goroutines that no thread runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::bare::root;
use tests::run::Program;

/// The script that knows goroutines.
fn script() -> PathBuf {
    root().join("rt-sched/rt-gdb.py")
}

/// What gdb says when it runs `deep` with these commands; `None` without a gdb.
fn gdb(commands: &[&str]) -> Option<String> {
    has_gdb().then(|| gdb_on(&tests::bare::program("deep"), commands))
}

fn has_gdb() -> bool {
    let found = Command::new("gdb").arg("--version").output();
    found.inspect_err(|error| eprintln!("skipped: gdb: {error}")).is_ok()
}

/// What gdb says, its errors too, when it runs a program with these commands.
fn gdb_on(program: &Path, commands: &[&str]) -> String {
    // Addresses of the system's own random layout: gdb may not be allowed to change it.
    let mut gdb = Program::at("gdb").args(["-batch", "-nx"]);
    for command in
        [&["set disable-randomization off", "set debuginfod enabled off"], commands].concat()
    {
        gdb = gdb.args(["-ex", command]);
    }
    let outcome = gdb.arg(program).run();
    format!("{}{}", outcome.stdout, outcome.stderr)
}

#[test]
fn it_stops_at_the_entry() {
    let Some(text) = gdb(&["break _rt0_amd64", "run", "info symbol $pc", "bt"]) else { return };
    assert!(text.contains("Breakpoint 1, "), "{text}");
    assert!(text.lines().any(|line| line.starts_with("_rt0_amd64 in section .text")), "{text}");
    // Nobody has called the entry.
    assert!(!text.lines().any(|line| line.starts_with("#1")), "{text}");
}

#[test]
fn the_stack_of_a_goroutine_ends_at_its_root() {
    let Some(text) = gdb(&["break stop_here", "run", "bt"]) else { return };
    let frames: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    let descends = frames.iter().filter(|line| line.contains("descend")).count();
    assert!(frames.first().is_some_and(|line| line.contains("stop_here")), "{text}");
    assert_eq!(descends, 4, "{text}");
    assert!(frames.last().is_some_and(|line| line.contains("goroutine_root")), "{text}");
    assert!(frames.len() < 16, "{text}");
    assert!(!text.contains("??") && !text.contains("Backtrace stopped"), "{text}");
}

#[test]
fn the_stack_of_a_thread_ends_too() {
    let commands = ["break stop_here", "run", "thread apply all bt 60"];
    let Some(text) = gdb(&commands) else { return };
    assert!(!text.contains("#50"), "{text}");
    // A thread that has not left the system call that made it has no frame above that.
    let unknown = text.lines().zip(text.lines().skip(1)).filter(|(_, line)| line.contains("??"));
    for (before, line) in unknown {
        let newborn = before.starts_with("#0 ") && before.contains("clone_thread");
        assert!(newborn, "{line}\n{text}");
    }
}

/// With the script and the commands, in `stop_here` of `waits`.
fn at_the_stop(program: &Path, commands: &[&str]) -> String {
    let source = format!("source {}", script().display());
    let stop = [source.as_str(), "break stop_here", "run"];
    gdb_on(program, &[&stop, commands].concat())
}

/// The number of the first goroutine whose line in the list ends with this.
fn goroutines_are_listed_and_walked(program: &Path) {
    let list = at_the_stop(program, &["info goroutines"]);
    let ends = |end: &str| list.lines().filter(|line| line.ends_with(end)).count();
    assert_eq!(ends(" chan receive waits::waits::receives"), 3, "{list}");
    assert_eq!(ends(" sleep waits::waits::sleeps"), 1, "{list}");
    assert_eq!(ends(" semacquire waits::waits::joins"), 1, "{list}");
    assert_eq!(ends(" running waits::waits::stop_here"), 1, "{list}");
    assert_eq!(list.lines().filter(|line| line.starts_with("* ")).count(), 1, "{list}");

    // By all numbers: another run has others.
    let walks = ["up", "goroutine all bt", "echo then\\n", "frame", "continue"];
    let text = at_the_stop(program, &walks);
    let frames: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    let at = |name: &str| frames.iter().position(|line| line.contains(name));
    let receives = at("waits::receives ").unwrap_or_else(|| panic!("{text}"));
    assert!(at("receives_deeper ").is_some_and(|deeper| deeper == receives + 1), "{text}");
    assert!(frames.iter().any(|line| line.contains("goroutine_root")), "{text}");
    assert!(!text.contains("??") && !text.contains("Backtrace stopped"), "{text}");
    // The thread is where it was, and the program goes on to its end.
    let after = text.split_once("then\n").expect("echoed").1;
    assert!(after.contains("stop_here (count=1)"), "{text}");
    assert!(after.contains("sum 9\n"), "{text}");
}

#[test]
fn goroutines_of_a_bare_program() {
    if has_gdb() {
        goroutines_are_listed_and_walked(&tests::bare::program_with_types("waits"));
    }
}

#[test]
fn goroutines_of_a_hosted_program() {
    if has_gdb() {
        goroutines_are_listed_and_walked(&tests::hosted::program_with_types("waits"));
    }
}

#[test]
fn all_goroutines_are_walked() {
    if !has_gdb() {
        return;
    }
    let text = at_the_stop(&tests::bare::program_with_types("waits"), &["goroutine all bt"]);
    let heads = text.lines().filter(|line| line.starts_with("goroutine ") && line.ends_with("]:"));
    let roots = text.lines().filter(|line| line.contains("goroutine_root"));
    assert_eq!((heads.count(), roots.count()), (6, 6), "{text}");
}

#[test]
fn what_cannot_be_done_is_said() {
    if !has_gdb() {
        return;
    }
    let program = tests::bare::program_with_types("waits");
    let text = at_the_stop(&program, &["goroutine 77 bt", "goroutine bt"]);
    assert!(text.contains("no goroutine 77\n") && text.contains("usage: goroutine N"), "{text}");
    let source = format!("source {}", script().display());
    let text = gdb_on(&program, &[&source, "starti", "info goroutines"]);
    assert!(text.contains("rt has not started\n"), "{text}");
    let Some(text) = gdb(&[&source, "break stop_here", "run", "info goroutines"]) else { return };
    assert!(text.contains("CARGO_PROFILE_RELEASE_DEBUG=full\n"), "{text}");
}

#[test]
fn the_script_knows_every_reason_to_wait() {
    let read = |path: PathBuf| std::fs::read_to_string(path).expect("a file of the tree");
    let (script, reasons) = (read(script()), read(root().join("rt-wait/src/reason.rs")));
    let list = script.split_once("REASONS = (").expect("the list").1;
    let list = list.split_once("\n)").expect("its end").0;
    // The first one is for no reason at all.
    let mut known = list.lines().filter_map(|line| line.split('"').nth(1)).skip(1);
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric());
    let texts = reasons.lines().filter_map(|line| line.trim().split_once(" = \""));
    let mut texts = texts.filter(|(name, _)| is_name(name)).peekable();
    assert!(texts.peek().is_some());
    for (name, text) in texts {
        assert_eq!(known.next(), text.strip_suffix("\","), "{name} in its place");
    }
    assert_eq!(known.next(), None);
}

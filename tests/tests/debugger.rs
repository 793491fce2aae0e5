//! What a debugger sees: the entry point, and goroutines' stacks that end at their root.

use std::process::Command;

use tests::run::Program;

/// What gdb says when it runs `deep` with these commands; `None` without a gdb.
fn gdb(commands: &[&str]) -> Option<String> {
    if let Err(error) = Command::new("gdb").arg("--version").output() {
        eprintln!("skipped: gdb: {error}");
        return None;
    }
    // Addresses of the system's own random layout: gdb may not be allowed to change it.
    let mut gdb = Program::at("gdb").args(["-batch", "-nx"]);
    for command in
        [&["set disable-randomization off", "set debuginfod enabled off"], commands].concat()
    {
        gdb = gdb.args(["-ex", command]);
    }
    let outcome = gdb.arg(tests::bare::program("deep")).run().expect_code(0);
    Some(outcome.stdout)
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

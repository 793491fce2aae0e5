//! What stands behind fatal texts. What it must look like was written down from what Go 1.27 prints
//! for the same programs.

use tests::dump::{Goroutine, goroutines};
use tests::run::Program;

/// The goroutines that `crash WAY` shows with GOTRACEBACK as given.
fn shown(way: &str, gotraceback: &str) -> Vec<Goroutine> {
    let program = Program::bare("crash").arg(way).procs(2).env("GOTRACEBACK", gotraceback);
    goroutines(&program.run().expect_code(2).stderr)
}

fn states(goroutines: &[Goroutine]) -> Vec<(u64, &str)> {
    goroutines.iter().map(|g| (g.goid, g.state.as_str())).collect()
}

/// Go: `TestSimpleDeadlock` and what its program prints.
#[test]
fn a_deadlock_shows_who_waits_for_what() {
    assert_eq!(states(&shown("simple", "")), [(1, "park")]);
    assert_eq!(states(&shown("join", "")), [(1, "semacquire"), (2, "park")]);
    let two = shown("locked2", "");
    assert_eq!(states(&two), [(1, "park"), (2, "park, locked to thread")]);
    assert!(two.iter().all(|g| g.addresses.is_empty()), "{two:#?}");
    assert_eq!(shown("goexit", ""), []);
}

/// Go: `TestMainGoroutineID`, `TestNoHelperGoroutines`, for a panic.
#[test]
fn a_panic_shows_its_own_goroutine_and_on_demand_all() {
    assert_eq!(states(&shown("panic", "")), [(1, "running")]);
    assert_eq!(states(&shown("panic", "all")), [(1, "running")]);
    let one = shown("panic-go", "single");
    assert!(one.len() == 1 && one[0].goid != 1, "{one:#?}");
    let all = shown("panic-go", "all");
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!((all[0].goid, &*all[0].state), (one[0].goid, "running"));
    assert_eq!(all[1].goid, 1);
}

/// Go: `gotraceback`.
#[test]
fn the_level_says_how_much() {
    for nothing in ["none", "0", "unheard-of"] {
        assert_eq!(shown("panic", nothing), []);
        assert_eq!(shown("simple", nothing), []);
    }
    for level in ["system", "2", "3"] {
        let all = shown("join", level);
        assert_eq!(states(&all), [(0, "runtime stack:"), (1, "semacquire"), (2, "park")]);
        let names: Vec<_> = all[1].addresses.keys().map(String::as_str).collect();
        assert!(names == ["gp", "m"] && all[1].addresses["m"] == "nil", "{all:#?}");
    }
}

/// Go: `throw` shows all, whatever the environment says.
#[test]
fn an_error_of_the_runtime_shows_all_in_detail() {
    for wish in ["", "none"] {
        let all = shown("ready", wish);
        assert_eq!(states(&all), [(1, "running")]);
        let addresses = &all[0].addresses;
        let is_address = |name: &str| addresses[name].starts_with("0x");
        assert!(is_address("gp") && is_address("mp") && addresses["m"].parse::<u64>().is_ok());
    }
    // Of ten threads one is the watcher's, one that to start others from; main may have its own.
    for (way, count) in [("threads", 7..=8), ("limit", 10..=10)] {
        let all = shown(way, "");
        let tied = all.iter().filter(|g| g.state == "park, locked to thread").count();
        assert!(count.contains(&tied), "{tied}: {all:#?}");
    }
}

/// Go: `TestStackOverflow`'s traceback.
#[test]
fn an_overflow_shows_the_goroutine_and_the_others() {
    for _ in 0..5 {
        let all = shown("overflow", "");
        assert_eq!(all.len(), 10, "{all:#?}");
        assert_eq!(all[0].state, "running");
        assert_eq!(all.iter().filter(|g| g.goid == 1 && g.state == "park").count(), 1);
        for other in all[1..].iter().filter(|g| g.state == "running") {
            let text = "\tgoroutine running on other thread; stack unavailable";
            assert_eq!(other.lines[0], text, "{all:#?}");
        }
    }
}

/// Go: `TestTracebackParentChildGoroutines`, and the frames of `TestPanicTraceback`.
#[test]
fn frames_and_who_started_it_are_named() {
    for (way, child) in [("join", true), ("locked2", true), ("simple", false)] {
        let all = shown(way, "");
        let main = format!("crash::{way}(...)");
        assert!(all[0].functions().contains(&&*main), "{all:#?}");
        assert_eq!(all[0].created_by(), None, "{all:#?}");
        if child {
            let wanted = format!("crash::{way} in goroutine 1");
            assert_eq!(all[1].created_by(), Some(&*wanted), "{all:#?}");
            assert!(all[1].place_of("{closure#0}(...)").contains("bin/crash.rs:"), "{all:#?}");
            let origin = all[1].lines.last().unwrap();
            assert!(origin.starts_with('\t') && origin.contains("bin/crash.rs:"), "{all:#?}");
            assert!(origin.contains(" +0x"), "{all:#?}");
        }
        let runtimes = |name: &&str| name.starts_with("rt_sched::") || name.starts_with("rt_asm::");
        assert!(!all.iter().any(|g| g.functions().iter().any(runtimes)), "{all:#?}");
    }
    let panic = &shown("panic", "")[0];
    assert_eq!(panic.functions()[..2], ["panic(...)", "crash::panic(...)"], "{panic:#?}");
    assert!(panic.place_of("crash::panic(...)").contains(panic.lines[1].trim()), "{panic:#?}");
}

/// Go: frames of the runtime from level 2 on, with addresses, down to the root.
#[test]
fn in_detail_the_runtimes_frames_are_shown_down_to_the_root() {
    for g in shown("join", "system").iter().filter(|g| g.goid != 0) {
        assert!(g.functions().last().unwrap().starts_with("rt_asm::switch::goroutine_root"));
        let root = &g.place_of("rt_asm::switch::goroutine_root(...)");
        assert!(["fp=0x", "sp=0x", "pc=0x"].iter().all(|what| root.contains(what)), "{g:#?}");
    }
}

/// Go: `traceback`'s elided frames.
#[test]
fn of_a_deep_stack_both_ends_are_shown() {
    for way in ["overflow", "overflow-main"] {
        let g = &shown(way, "")[0];
        let real = g.lines.iter().filter(|line| line.contains(" pc=0x")).count();
        assert_eq!(real, 100, "{g:#?}");
        let elided = g.lines.iter().find_map(|line| {
            line.strip_prefix("...")?.strip_suffix(" frames elided...")?.parse::<u32>().ok()
        });
        assert!(elided.is_some_and(|count| count > 100), "{g:#?}");
        assert!(g.functions()[..5].contains(&"crash::recurse(...)"), "{g:#?}");
        assert!(g.functions().last().unwrap().starts_with("rt_asm::switch::goroutine_root"));
    }
}

/// A stripped program has addresses to offer.
#[test]
fn a_stripped_program_shows_addresses() {
    let (folder, path) = tests::bare::public_copy(&tests::bare::program("crash"));
    let status = std::process::Command::new("strip").arg(&path).status();
    assert!(status.expect("binutils are there").success());
    let outcome = Program::at(&path).arg("join").procs(2).run().expect_code(2);
    let all = goroutines(&outcome.stderr);
    assert_eq!(states(&all), [(1, "semacquire"), (2, "park")]);
    for g in &all {
        assert!(g.lines.iter().any(|line| line.starts_with("\t?:0 pc=0x")), "{g:#?}");
    }
    assert_eq!(all[1].created_by(), Some("? in goroutine 1"));
    drop(folder);
}

#[test]
fn a_crash_ends_by_a_signal() {
    let program = Program::bare("crash").arg("panic").env("GOTRACEBACK", "crash");
    let outcome = program.run();
    assert_eq!(outcome.signal(), Some(libc::SIGABRT), "{}", outcome.show());
    assert_eq!(states(&goroutines(&outcome.stderr)), [(1, "running")]);
}

/// Go: the same for std programs, where std tells of panics.
#[test]
fn a_std_program_shows_them_too() {
    let outcome = Program::hosted("overflow").arg("goroutine").run();
    assert_eq!(outcome.signal(), Some(libc::SIGABRT), "{}", outcome.show());
    let all = goroutines(&outcome.stderr);
    assert_eq!(all[0].state, "running", "{}", outcome.show());
    assert!(all.iter().any(|g| g.state == "semacquire"), "{}", outcome.show());
}

/// Go: `TestNumGoroutine`: as many headers as goroutines.
#[test]
fn a_dump_shows_all_goroutines_of_a_program_that_goes_on() {
    for procs in [1, 2, 4] {
        for program in [Program::bare("dumped"), Program::hosted("dumped")] {
            let outcome = program.procs(procs).run().expect_ok();
            let all = goroutines(&outcome.stdout);
            let count: usize = outcome.value("count").and_then(|count| count.parse().ok()).unwrap();
            assert_eq!(all.len(), count, "{}", outcome.show());
            let with = |state: &str| all.iter().filter(|g| g.state == state).count();
            assert_eq!((with("sleep"), with("chan receive")), (1, 1), "{}", outcome.show());
            assert!(with("running") + with("runnable") >= 4, "{}", outcome.show());
            assert!(all[0].functions().iter().any(|name| name.contains("run(...)")), "{all:#?}");
            let sleeper = all.iter().find(|g| g.state == "sleep").unwrap();
            let origin = sleeper.created_by().unwrap_or_default();
            assert!(origin.contains("starts_one_that_sleeps in goroutine "), "{sleeper:#?}");
            assert!(sleeper.lines.last().unwrap().contains("bodies/dumped.rs:"), "{sleeper:#?}");
        }
    }
}

/// Go: `TestCrashDumpsAllThreads`; here the stacks stand in the one report, not behind it.
#[test]
fn a_crash_shows_where_each_thread_stands() {
    for procs in [4, 8] {
        let program = Program::bare("crash").arg("spinning").procs(procs);
        let outcome = program.env("GOTRACEBACK", "crash").run();
        assert_eq!(outcome.signal(), Some(libc::SIGABRT), "{}", outcome.show());
        let all = goroutines(&outcome.stderr);
        let spin = |g: &&Goroutine| g.functions().contains(&"crash::spins(...)");
        assert_eq!(all.iter().filter(spin).count(), 3, "{}", outcome.show());
        assert_eq!(all.len(), 4, "{}", outcome.show());
    }
    let all = shown("spinning", "all");
    let text = "\tgoroutine running on other thread; stack unavailable";
    assert!(all[1..].iter().any(|g| g.lines[0] == text), "{all:#?}");
}

#[test]
fn a_handler_shows_all_from_the_interrupted_one_on() {
    let outcome = Program::bare("crash").arg("from-signal").procs(2).run().expect_code(2);
    let (report, after) = outcome.stderr.split_once("panic: ").unwrap();
    let all = goroutines(report);
    assert_eq!(states(&all), [(1, "running"), (2, "park")], "{report}");
    assert!(all[0].functions().iter().any(|name| name.contains("from_signal")), "{all:#?}");
    assert!(all.iter().all(|g| g.addresses.contains_key("gp")), "{all:#?}");
    assert!(after.starts_with("it has returned\n"));
}

//! What Go says for a program, ours says: `tests/expected`.

use tests::expected::Expected;
use tests::run::Program;

/// Written down for what is not here yet.
const LATER: [&str; 1] = ["quit"];

fn bare(name: &str) {
    for procs in [1, 2, 4] {
        Expected::named(name).compare(Program::bare("same").arg(name).procs(procs).run());
    }
}

#[test]
fn deadlocks() {
    for name in ["deadlock", "nil-receive", "select-none", "mutex", "locked"] {
        bare(name);
    }
}

#[test]
fn main_goes_before_the_others() {
    ["goexit", "goexit-waits"].into_iter().for_each(bare);
}

#[test]
fn panics() {
    ["panic", "panic-go"].into_iter().for_each(bare);
}

#[test]
fn too_many_threads() {
    bare("threads");
    Expected::named("threads").compare(Program::hosted("same").arg("threads").run());
}

#[test]
fn lines_about_the_scheduler() {
    for program in [Program::bare("watched"), Program::hosted("watched")] {
        let outcome = program.env("GODEBUG", "schedtrace=50").procs(2).run();
        Expected::named("schedtrace").compare(outcome);
    }
}

#[test]
fn each_file_is_compared_with_something() {
    let files = std::fs::read_dir(tests::bare::root().join("tests/expected")).unwrap();
    let text = include_str!("same.rs");
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_named = text.contains(&format!("\"{name}\""));
        assert!(is_named || LATER.contains(&name), "nobody looks at {name}");
    }
}

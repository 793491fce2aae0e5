//! `rt-main tree N`: every goroutine that is started comes back.

use tests::run::Program;

#[test]
fn trees_of_all_sizes() {
    for procs in [1, 2, 8] {
        for count in [0, 1, 2, 3, 1000, 100_000] {
            let program = Program::bare("rt-main").args(["tree", &count.to_string()]);
            let outcome = program.procs(procs).run().expect_ok();
            let text = format!("{count} goroutines started and joined on {procs} Ps\n");
            assert_eq!(outcome.stdout, text);
        }
    }
}

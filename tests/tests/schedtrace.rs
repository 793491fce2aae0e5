//! `GODEBUG=schedtrace` prints lines in Go's form. What they must look like was written down from
//! what Go 1.27 prints for the same program (tests/bodies/watched.rs), number by number.

use tests::run::Program;

/// The lines that a program prints with `debug` in GODEBUG, on two Ps.
fn traced(program: Program, debug: &str) -> Vec<String> {
    let outcome = program.env("GODEBUG", debug).procs(2).run();
    assert_eq!(outcome.code(), Some(0), "{outcome:?}");
    outcome.stderr.lines().map(str::to_owned).collect()
}

fn both() -> [Program; 2] {
    [Program::bare("watched"), Program::hosted("watched")]
}

/// `line` with each number in the place of `N`, so that its form can be compared.
fn form(line: &str) -> String {
    let mut form = String::new();
    for c in line.chars() {
        match c {
            '0'..='9' if form.ends_with('N') => {}
            '0'..='9' => form.push('N'),
            c => form.push(c),
        }
    }
    form
}

#[test]
fn a_line_each_time() {
    for program in both() {
        let lines = traced(program, "schedtrace=50");
        assert!(lines.len() >= 3, "{lines:#?}");
        assert!(lines[0].contains(": gomaxprocs=2 "), "{lines:#?}");
        for line in &lines {
            assert_eq!(
                form(line),
                "SCHED Nms: gomaxprocs=N idleprocs=N threads=N spinningthreads=N needspinning=N \
                 idlethreads=N runqueue=N [ N N ] schedticks=[ N N ]"
            );
        }
    }
}

#[test]
fn every_p_m_and_goroutine() {
    for program in both() {
        let lines = traced(program, "schedtrace=100,scheddetail=1");
        let heads: Vec<_> = (0..lines.len()).filter(|&i| lines[i].starts_with("SCHED")).collect();
        assert!(heads.len() >= 2, "{lines:#?}");
        // The last but one round is whole, and the program was in the midst of it.
        let round = &lines[heads[heads.len() - 2]..heads[heads.len() - 1]];
        assert_eq!(
            form(&round[0]),
            "SCHED Nms: gomaxprocs=N idleprocs=N threads=N spinningthreads=N needspinning=N \
             idlethreads=N runqueue=N gcwaiting=false nmidlelocked=N stopwait=N sysmonwait=false"
        );
        let of = |start: &str| -> Vec<_> {
            let mine = |line: &&String| line.trim_start().starts_with(start);
            round[1..].iter().filter(mine).map(|line| form(line).replace("=nil", "=N")).collect()
        };
        let p = "  PN: status=N schedtick=N syscalltick=N m=N runqsize=N gfreecnt=N timerslen=N";
        assert_eq!(of("P"), [p, p]);
        let threads = of("M");
        assert!(threads.len() >= 3, "{round:#?}");
        for line in threads {
            let line = line.replace("=true", "=false");
            assert_eq!(
                line,
                "  MN: p=N curg=N mallocing=N throwing=N preemptoff= locks=N dying=N \
                 spinning=false blocked=false lockedg=N"
            );
        }
        let goroutines = of("G");
        for line in ["status=N(sleep)", "status=N(chan receive)", "status=N()"] {
            let line = format!("  GN: {line} m=N lockedm=N");
            assert!(goroutines.contains(&line), "{line} is not in {round:#?}");
        }
        let waits = "status=4(chan receive) m=nil lockedm=nil";
        assert!(round.iter().any(|line| line.ends_with(waits)), "{round:#?}");
    }
}

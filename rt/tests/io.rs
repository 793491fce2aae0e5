//! Standard streams and pipes: one text against std and rt, in processes of their own; and what
//! only goroutines have to say.

mod common;

use std::io::{PipeReader as StdReader, PipeWriter as StdWriter};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use common::{on_a_thread_with_procs, run, with_procs};
use rt::io::{self, PipeReader, PipeWriter, Read, Stderr, StderrLock, Stdin, StdinLock, Write};
use rt::io::{Stdout, StdoutLock};
use rt::os::fd::OwnedFd;

/// The same text against both libraries.
macro_rules! program {
    ($name:ident, $lib:ident) => {
        mod $name {
            #[allow(unused_imports, reason = "ours have its method without it")]
            use $lib::io::IsTerminal;
            use $lib::io::{self, BufRead, IoSlice, IoSliceMut, Read, Write};
            use $lib::os::fd::{AsFd, AsRawFd, OwnedFd};

            /// Reads lines and other things, and says what they were.
            pub(super) fn reads() {
                let stdin = io::stdin();
                assert_eq!((stdin.as_raw_fd(), stdin.as_fd().as_raw_fd()), (0, 0));
                assert!(!stdin.is_terminal() && !io::stdout().lock().is_terminal());
                let mut line = String::from("+");
                assert_eq!(stdin.read_line(&mut line).unwrap(), 6);
                assert_eq!(line, "+first\n");
                let mut lock = stdin.lock();
                assert!(lock.fill_buf().unwrap().starts_with(b"second"));
                lock.consume(2);
                drop(lock);
                let mut bytes = [0; 4];
                (&stdin).read_exact(&mut bytes).unwrap();
                assert_eq!(&bytes, b"cond");
                let (mut one, mut two) = ([0; 1], [0; 2]);
                let mut slices = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
                assert_eq!((&stdin).read_vectored(&mut slices).unwrap(), 3);
                assert_eq!((&one, &two), (b"\n", b"th"));
                let mut lines = stdin.lines();
                assert_eq!(lines.next().unwrap().unwrap(), "ird");
                assert_eq!(lines.next().unwrap().unwrap(), "");
                drop(lines);
                let rest = io::read_to_string(io::stdin()).unwrap();
                assert_eq!(rest, "x".repeat(100_000));
                assert_eq!(io::stdin().read(&mut bytes).unwrap(), 0);
                assert_eq!(io::stdin().lines().count(), 0);
            }

            /// Writes in all ways; what it says is compared.
            pub(super) fn writes() {
                let mut out = io::stdout();
                assert_eq!((out.as_raw_fd(), out.lock().as_fd().as_raw_fd()), (1, 1));
                write!(out, "{} and ", 1).unwrap();
                print!("{} and ", 2); // by std, which both share
                writeln!(out.lock(), "three").unwrap();
                let outer = out.lock();
                let mut inner = io::stdout().lock(); // once more
                drop(outer);
                inner.write_all(b"still ours\n").unwrap();
                let slices = [IoSlice::new(b"sli"), IoSlice::new(b"ces\n")];
                assert_eq!(inner.write_vectored(&slices).unwrap(), 7);
                drop(inner);
                out.write_all(b"in two").unwrap();
                out.flush().unwrap();
                assert_eq!((&out).write(b" pieces\n").unwrap(), 8);
                io::copy(&mut &b"copied\n"[..], &mut out).unwrap();
                let mut error = io::stderr();
                assert_eq!((error.as_raw_fd(), error.as_fd().as_raw_fd()), (2, 2));
                write!(error, "{}{}", "an ", "error").unwrap();
                error.lock().write_all(b" and another\n").unwrap();
                assert_eq!(format!("{:?}", (&out, &error)), "(Stdout { .. }, Stderr { .. })");
                let locks = format!("{:?}", (out.lock(), error.lock(), io::stdin().lock()));
                assert_eq!(locks, "(StdoutLock { .. }, StderrLock { .. }, StdinLock { .. })");
                write!(out, "kept until the end").unwrap();
            }

            /// Pipes within the program.
            pub(super) fn pipes() {
                let (mut reader, mut writer) = io::pipe().unwrap();
                let feeder = $lib::thread::spawn(move || {
                    let mut clone = writer.try_clone().unwrap();
                    writer.write_all(&[1; 300_000]).unwrap();
                    drop(writer);
                    (&clone).write_all(&[2; 300_000]).unwrap();
                    clone.flush().unwrap();
                });
                let mut bytes = vec![0; 300_000];
                reader.read_exact(&mut bytes).unwrap();
                assert!(bytes.iter().all(|byte| *byte == 1));
                let mut bytes = Vec::new();
                reader.try_clone().unwrap().read_to_end(&mut bytes).unwrap();
                assert!(bytes == [2; 300_000]);
                feeder.join().unwrap();
                let (reader, mut writer) = io::pipe().unwrap();
                $lib::thread::scope(|scope| {
                    let waits = scope.spawn(|| (&reader).read(&mut [0]).unwrap());
                    $lib::thread::sleep(std::time::Duration::from_millis(2));
                    // Nothing never waits, also beside one who does.
                    assert_eq!((&reader).read(&mut []).unwrap(), 0);
                    assert_eq!((&reader).read_vectored(&mut []).unwrap(), 0);
                    assert_eq!((&writer).write(&[]).unwrap(), 0);
                    assert_eq!((&writer).write(b"x").unwrap(), 1);
                    assert_eq!(waits.join().unwrap(), 1);
                });
                let reader = io::PipeReader::from(OwnedFd::from(reader));
                let reader_thread = $lib::thread::spawn(move || {
                    let mut text = [0; 4];
                    (&reader).read_exact(&mut text).unwrap();
                    text
                });
                let slices = [IoSlice::new(b"he"), IoSlice::new(b"re")];
                assert_eq!(writer.write_vectored(&slices).unwrap(), 4);
                assert_eq!(&reader_thread.join().unwrap(), b"here");
                // Another test's child may have the other end until its exec.
                let broken = (0..).find_map(|_| writer.write(b"x").err()).unwrap();
                assert_eq!(broken.kind(), io::ErrorKind::BrokenPipe);
            }
        }
    };
}

program!(of_std, std);
program!(of_rt, rt);

/// Is this the process that is to play `role`? Then it does, and ends without another word.
fn play(role: &str, part: impl FnOnce()) -> bool {
    let is_ours = std::env::var("RT_TEST_ROLE").is_ok_and(|given| given == role);
    if is_ours {
        part();
    }
    is_ours
}

/// Runs this program again, its test `test` in `role`, with this standard input.
fn process(test: &str, role: &str, input: &[u8]) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1", "-q"])
        .env("RT_TEST_ROLE", role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{role}: {output:?}");
    output
}

#[test]
fn standard_input_is_read() {
    if play("std", of_std::reads) || play("thread", of_rt::reads) {
        return;
    }
    if play("rt", || run(of_rt::reads)) {
        return;
    }
    let input = format!("first\nsecond\nthird\n\n{}", "x".repeat(100_000));
    for role in ["std", "thread", "rt"] {
        process("standard_input_is_read", role, input.as_bytes());
    }
}

#[test]
fn standard_output_is_written() {
    if play("std", of_std::writes) || play("thread", of_rt::writes) {
        return;
    }
    if play("rt", || run(of_rt::writes)) {
        return;
    }
    let said = |role| process("standard_output_is_written", role, b"");
    let wanted = said("std");
    assert!(String::from_utf8_lossy(&wanted.stdout).contains("1 and 2 and three\nstill ours\n"));
    assert_eq!(wanted.stderr, b"an error and another\n");
    for role in ["thread", "rt"] {
        let output = said(role);
        assert_eq!(output.stderr, wanted.stderr, "{role}");
        assert_eq!(without_time(&output.stdout), without_time(&wanted.stdout), "{role}");
    }
}

/// Without the harness's last line.
fn without_time(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.split("test result").next().unwrap().to_owned()
}

#[test]
fn pipes_are_as_stds() {
    of_std::pipes();
    on_a_thread_with_procs(of_rt::pipes);
    with_procs(of_rt::pipes);
}

#[test]
fn they_are_what_stds_are() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static>() {}
    all::<(Stdin, Stdout, Stderr, PipeReader, PipeWriter)>();
    all::<(std::io::Stdin, std::io::Stdout, std::io::Stderr, StdReader, StdWriter)>();
    fn locks<T: Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static>() {}
    locks::<(StdinLock<'static>, StdoutLock<'static>, StderrLock<'static>)>();
    fn writes<T: Write>() {}
    writes::<Stdout>();
    writes::<&Stdout>();
    writes::<StdoutLock<'_>>();
    writes::<Stderr>();
    writes::<&Stderr>();
    writes::<StderrLock<'_>>();
    fn pipes<T: Into<OwnedFd> + Into<Stdio> + From<OwnedFd> + std::os::fd::FromRawFd>() {}
    pipes::<PipeReader>();
    pipes::<PipeWriter>();
}

/// Goroutines, and plain threads, that wait between the words of a line: each line is whole. std's
/// lock could not be held there.
#[test]
fn a_lock_is_held_over_a_wait() {
    let say = |number: u32| {
        let mut out = io::stdout().lock();
        write!(out, "[{number}").unwrap();
        rt::thread::sleep(Duration::from_millis(1));
        rt::blocking(|| write!(io::stdout(), "-")).unwrap(); // the owner still
        writeln!(out, "{number}]").unwrap();
    };
    let part = || {
        run(|| rt::runtime::set_procs(2)).unwrap();
        let threads: Vec<_> = (0..4).map(|n| std::thread::spawn(move || say(n))).collect();
        run(|| {
            rt::thread::scope(|scope| {
                (4..8).for_each(|number| drop(scope.spawn(move || say(number))));
            });
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    };
    if play("locks", part) {
        return;
    }
    let output = process("a_lock_is_held_over_a_wait", "locks", b"");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(lines.len(), 8, "{text}");
    for number in 0..8 {
        assert!(lines.contains(&format!("[{number}-{number}]").as_str()), "{text}");
    }
}

/// What is displayed may park, and go on with another thread.
struct Parks;

impl std::fmt::Display for Parks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        rt::thread::sleep(Duration::from_micros(100));
        f.write_str("parked")
    }
}

#[test]
fn what_is_displayed_may_park() {
    let part = || {
        run(|| {
            rt::thread::scope(|scope| {
                for _ in 0..50 {
                    scope.spawn(|| writeln!(io::stdout(), "<{}|{}>", Parks, Parks).unwrap());
                }
            });
        });
    };
    if play("displays", part) {
        return;
    }
    let output = process("what_is_displayed_may_park", "displays", b"");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("<parked|parked>\n").count(), 50, "{text}");
}

/// One waits for standard input, others run, on one P.
#[test]
fn who_waits_for_input_keeps_nobody() {
    let part = || {
        run(|| rt::runtime::set_procs(1)).unwrap();
        run(|| {
            let reader = rt::thread::spawn(|| {
                let mut line = String::new();
                io::stdin().read_line(&mut line).unwrap();
                line
            });
            rt::thread::sleep(Duration::from_millis(5));
            writeln!(io::stdout(), "ready").unwrap();
            assert_eq!(reader.join().unwrap(), "go\n");
        });
    };
    if play("waits", part) {
        return;
    }
    let mut child = rt::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "who_waits_for_input_keeps_nobody", "--nocapture"])
        .env("RT_TEST_ROLE", "waits")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut text = String::new();
    while !text.contains("ready\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    stdout.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
}

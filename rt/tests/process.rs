//! Processes: one text against std and rt, on goroutines and on plain threads; and what only
//! goroutines have to say.
//!
//! # Safety
//! - **hook**: what runs in the child before its program makes one system call.
#![allow(unsafe_code, reason = "**hook**: std's `pre_exec`")]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use common::{in_a_child, on_a_thread_with_procs, run, wait_until, with_procs};
use rt::os::fd::OwnedFd;
use rt::os::unix::process::{CommandExt, ExitStatusExt};
use rt::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

/// The same text against both libraries.
macro_rules! program {
    ($name:ident, $lib:ident) => {
        mod $name {
            use std::ffi::OsStr;
            use std::path::Path;

            use $lib::io::{self, ErrorKind, Read, Write};
            use $lib::os::fd::{AsFd, AsRawFd, OwnedFd};
            use $lib::os::unix::process::{CommandExt, ExitStatusExt, parent_id};
            use $lib::process::{self, Child, ChildStdin, ChildStdout, Command, Output, Stdio};

            fn sh(script: &str) -> Command {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                command
            }

            fn text_of(output: Output) -> String {
                assert!(output.status.success(), "{output:?}");
                String::from_utf8(output.stdout).unwrap()
            }

            pub(super) fn main() {
                ends();
                collected();
                described();
                fed();
                large();
                ended_by_force();
                joined();
                of_unix();
                signals();
            }

            fn ends() {
                let code = |script| sh(script).status().unwrap().code();
                assert_eq!((code("exit 0"), code("exit 7")), (Some(0), Some(7)));
                let status = sh("kill -TERM $$").status().unwrap();
                assert_eq!((status.code(), status.signal()), (None, Some(libc::SIGTERM)));
                let none = Command::new("no-such-program-anywhere").spawn().unwrap_err();
                assert_eq!(none.kind(), ErrorKind::NotFound);
                let denied = Command::new("/").status().unwrap_err();
                assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
                let zero = Command::new("a\0b").output().unwrap_err();
                assert_eq!(zero.kind(), ErrorKind::InvalidInput);
                let mut child = sh("exit 3").spawn().unwrap();
                assert_ne!(child.id(), process::id());
                assert_eq!(child.wait().unwrap().code(), Some(3));
                assert_eq!(child.wait().unwrap().code(), Some(3)); // it is known
                assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(3));
                child.kill().unwrap(); // nothing is there
            }

            fn collected() {
                let output = sh("echo out; echo err >&2; cat; exit 2").output().unwrap();
                assert_eq!(output.status.code(), Some(2));
                assert_eq!(
                    (&output.stdout[..], &output.stderr[..]),
                    (&b"out\n"[..], &b"err\n"[..])
                );
                let mut command = sh("echo said; echo unheard >&2");
                command.stderr(Stdio::null());
                let output = command.output().unwrap();
                assert_eq!((&output.stdout[..], output.stderr.len()), (&b"said\n"[..], 0));
                // What `output` chose is chosen for it alone.
                let child = command.stdout(Stdio::null()).spawn().unwrap();
                assert!(child.stdin.is_none() && child.stdout.is_none() && child.stderr.is_none());
                assert!(child.wait_with_output().unwrap().stdout.is_empty());
            }

            fn described() {
                let mut command = sh("echo $ONE $TWO $HOME; pwd");
                command.env("ONE", "1").envs([("TWO", "2"), ("THREE", "3")]);
                command.env_remove("HOME").env_remove("THREE").current_dir("/");
                assert_eq!(command.get_program(), "sh");
                assert_eq!(command.get_args().count(), 2);
                let envs: Vec<_> = command.get_envs().collect();
                assert!(envs.contains(&(OsStr::new("HOME"), None)));
                assert!(envs.contains(&(OsStr::new("TWO"), Some(OsStr::new("2")))));
                assert_eq!(command.get_current_dir(), Some(Path::new("/")));
                assert!(format!("{command:?}").contains("\"sh\" \"-c\""));
                assert_eq!(text_of(command.output().unwrap()), "1 2\n/\n");
                let mut bare = Command::new("/usr/bin/env");
                assert_eq!(text_of(bare.env_clear().env("A", "b").output().unwrap()), "A=b\n");
            }

            fn fed() {
                let mut cat = Command::new("cat");
                cat.stdin(Stdio::piped()).stdout(Stdio::piped());
                let mut child: Child = cat.spawn().unwrap();
                assert!(child.try_wait().unwrap().is_none());
                let mut stdin: ChildStdin = child.stdin.take().unwrap();
                let mut stdout: ChildStdout = child.stdout.take().unwrap();
                for round in 0..100 {
                    let line = format!("{round}");
                    stdin.write_all(line.as_bytes()).unwrap();
                    let mut back = vec![0; line.len()];
                    stdout.read_exact(&mut back).unwrap();
                    assert_eq!(back, line.as_bytes());
                }
                drop(stdin);
                assert_eq!(stdout.read(&mut [0]).unwrap(), 0);
                assert!(child.wait().unwrap().success());
                // A wait closes its standard input.
                let mut child = cat.stdout(Stdio::null()).spawn().unwrap();
                assert!(child.wait().unwrap().success() && child.stdin.is_none());
            }

            fn large() {
                let both = "head -c 300000 /dev/zero >&2; head -c 200000 /dev/zero; \
                    head -c 300000 /dev/zero >&2";
                let output = sh(both).output().unwrap();
                assert_eq!((output.stdout.len(), output.stderr.len()), (200_000, 600_000));
                let mut command = Command::new("cat");
                command.stdin(Stdio::piped()).stdout(Stdio::piped());
                let mut child = command.spawn().unwrap();
                let mut stdin = child.stdin.take().unwrap();
                let feeder = $lib::thread::spawn(move || {
                    stdin.write_all(&[7; 1_000_000]).unwrap();
                });
                let output = child.wait_with_output().unwrap();
                feeder.join().unwrap();
                assert!(output.stdout == [7; 1_000_000]);
            }

            fn ended_by_force() {
                let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
                assert!(child.try_wait().unwrap().is_none());
                child.kill().unwrap();
                assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
                let mut sink = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
                let mut stdin = sink.stdin.take().unwrap();
                sink.wait().unwrap();
                // Another test's child may have the other end until its exec.
                let broken = (0..).find_map(|_| stdin.write(b"x").err()).unwrap();
                assert_eq!(broken.kind(), ErrorKind::BrokenPipe);
            }

            fn joined() {
                let mut one = sh("echo one; echo two").stdout(Stdio::piped()).spawn().unwrap();
                let two = Command::new("wc").arg("-l").stdin(one.stdout.take().unwrap()).output();
                assert_eq!(text_of(two.unwrap()).trim(), "2");
                one.wait().unwrap();
                let mut cat = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
                let stdin = cat.stdin.take().unwrap();
                assert_eq!(stdin.as_fd().as_raw_fd(), stdin.as_raw_fd());
                let mut stdin = ChildStdin::from(OwnedFd::from(stdin));
                stdin.flush().unwrap();
                (&stdin).write_all(b"").unwrap();
                let fd = OwnedFd::from(stdin);
                assert!(sh("true").stdout(fd).status().unwrap().success());
                assert!(cat.wait().unwrap().success());
                // Both of its outputs into one pipe of the program's own.
                let (mut reader, writer) = io::pipe().unwrap();
                let mut command = sh("echo a; echo b >&2");
                command.stdout(writer.try_clone().unwrap()).stderr(writer);
                let mut child = command.spawn().unwrap();
                drop(command); // it has the writers
                let mut text = String::new();
                reader.read_to_string(&mut text).unwrap();
                assert_eq!(text, "a\nb\n");
                assert!(child.wait().unwrap().success());
            }

            fn of_unix() {
                assert_ne!(parent_id(), 0);
                let mut named = sh("echo $0");
                assert_eq!(text_of(named.arg0("other").output().unwrap()), "other\n");
                let mut group = sh("cut -d' ' -f5 /proc/$$/stat");
                let child = group.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
                let id = child.id();
                let text = text_of(child.wait_with_output().unwrap());
                assert_eq!(text.trim(), id.to_string());
                let mut masked = sh("umask");
                // SAFETY: **hook**.
                unsafe {
                    masked.pre_exec(|| {
                        libc::umask(0o027);
                        Ok(())
                    });
                }
                assert_eq!(text_of(masked.output().unwrap()), "0027\n");
                // SAFETY: **hook**.
                let failing = unsafe {
                    sh("true").pre_exec(|| Err(io::Error::from_raw_os_error(libc::EDOM))).status()
                };
                assert_eq!(failing.unwrap_err().raw_os_error(), Some(libc::EDOM));
                let user = sh("id -u; id -g").uid(12345).gid(54321).output();
                match user {
                    Ok(output) => assert_eq!(text_of(output), "12345\n54321\n"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
                }
            }

            /// What a child finds of signals: blocked, ignored, caught.
            pub(super) fn signals() -> String {
                let mut grep = Command::new("grep");
                text_of(
                    grep.args(["-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"]).output().unwrap(),
                )
            }
        }
    };
}

program!(of_std, std);
program!(of_rt, rt);

#[test]
fn the_text_is_right_for_std() {
    of_std::main();
}

#[test]
fn goroutines_find_what_std_finds() {
    with_procs(of_rt::main);
}

#[test]
fn plain_threads_too() {
    on_a_thread_with_procs(of_rt::main);
}

#[test]
fn a_child_has_the_signals_that_stds_has() {
    let wanted = of_std::signals();
    assert_eq!(run(of_rt::signals), wanted);
}

#[test]
fn they_are_what_stds_are() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static>() {}
    all::<(Child, ChildStdin, ChildStdout, ChildStderr)>();
    fn command<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    command::<Command>();
    command::<std::process::Command>();
    fn reads<T: Read + Into<OwnedFd> + From<OwnedFd> + Into<Stdio>>() {}
    reads::<ChildStdout>();
    reads::<ChildStderr>();
    fn writes<T: Write + Into<OwnedFd> + From<OwnedFd> + Into<Stdio>>() {}
    writes::<ChildStdin>();
}

#[test]
fn they_show_themselves_as_stds_do() {
    run(|| {
        let mut cat = Command::new("cat");
        let mut child = cat.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let shown = format!("{child:?}");
        let wanted = "Child { stdin: Some(ChildStdin { .. }), stdout: None, stderr: None, .. }";
        assert_eq!(shown, wanted);
        let mut std = std::process::Child::from(child);
        assert_eq!(format!("{std:?}"), wanted);
        std.stdin.as_mut().unwrap().write_all(b"through std").unwrap();
        child = Child::from(std);
        assert!(child.wait().unwrap().success());
    });
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// A hundred children are waited for at once, by few threads.
#[test]
fn waits_for_children_keep_no_threads() {
    let Some(output) = in_a_child("waits_for_children_keep_no_threads") else {
        run(|| rt::runtime::set_procs(1)).unwrap();
        return run(|| {
            let mut sleep = Command::new("sleep");
            sleep.arg("0.5");
            let start = Instant::now();
            let children: Vec<Child> = (0..100).map(|_| sleep.spawn().unwrap()).collect();
            let before = threads();
            let ended = AtomicUsize::new(0);
            rt::thread::scope(|scope| {
                for mut child in children {
                    let ended = &ended;
                    scope.spawn(move || {
                        assert!(child.wait().unwrap().success());
                        ended.fetch_add(1, SeqCst);
                    });
                }
                while start.elapsed() < Duration::from_millis(400) {
                    rt::thread::sleep(Duration::from_millis(20));
                    assert!(threads() <= before + 3, "{before}, {}", threads());
                }
            });
            assert_eq!(ended.load(SeqCst), 100);
        });
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A child that another one ends wakes up who waits for it; others run meanwhile.
#[test]
fn a_death_wakes_who_waits() {
    with_procs(|| {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let id = child.id();
        let waiter = rt::thread::spawn(move || child.wait().unwrap());
        for _ in 0..100 {
            rt::thread::yield_now();
        }
        assert!(!waiter.is_finished());
        assert!(Command::new("kill").arg(id.to_string()).status().unwrap().success());
        let status = waiter.join().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGTERM));
    });
}

/// A pipe that is full, or empty, parks: one P serves both ends.
#[test]
fn pipes_park() {
    with_procs(|| {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let written = std::sync::Arc::new(AtomicUsize::new(0));
        let count = written.clone();
        let writer = rt::thread::spawn(move || {
            for _ in 0..100 {
                stdin.write_all(&[1; 10_000]).unwrap();
                count.fetch_add(1, SeqCst);
            }
        });
        wait_until(|| written.load(SeqCst) > 3); // and then stuck, or soon
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 1_000_000);
        writer.join().unwrap();
        assert!(child.wait().unwrap().success());
    });
}

/// The program in this process's place, from a goroutine. Where it is missing the process goes on,
/// with SIGPIPE as a child would have it.
#[test]
fn exec_replaces_the_process() {
    let Some(output) = in_a_child("exec_replaces_the_process") else {
        return run(|| {
            let missing = Command::new("no-such-program-anywhere").exec();
            assert_eq!(missing.kind(), ErrorKind::NotFound);
            panic!("{}", Command::new("sh").args(["-c", "echo replaced"]).exec());
        });
    };
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("replaced\n"));
}

//! `rt-main wc` against the system's own `wc`.

use std::fs;
use std::path::Path;

use tests::run::Program;
use tests::setup::Setup;

/// `wc` of the system, with the words of the C locale.
fn theirs() -> Program {
    Program::at("/usr/bin/wc").env("LC_ALL", "C")
}

fn ours() -> Program {
    Program::bare("rt-main").arg("wc")
}

/// Both print the same about these, and end the same way. The name of the program in messages
/// is ours to choose: theirs says how it was called.
#[track_caller]
fn same(folder: &Path, args: &[&str], stdin: &[u8]) {
    for procs in [1, 2, 8] {
        let [theirs, ours] = [theirs(), ours()]
            .map(|program| program.folder(folder).args(args).stdin(stdin).procs(procs).run());
        assert_eq!(ours.stdout, theirs.stdout, "{args:?}, {procs} Ps\n{}", ours.show());
        assert_eq!(ours.code(), theirs.code(), "{args:?}, {procs} Ps\n{}", ours.show());
        let errors = theirs.stderr.replace("/usr/bin/wc: ", "wc: ");
        assert_eq!(ours.stderr, errors, "{args:?}, {procs} Ps");
    }
}

/// Numbers that look random and are not. Knuth's linear congruential generator MMIX.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let step = |x: &u64| {
        Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(seed), step).skip(1).map(|x| x >> 33)
}

/// Words and white space of all kinds.
fn text(seed: u64, len: usize) -> Vec<u8> {
    let alphabet = b"abcdefgh  \n\t\x0b\x0c\r ijklmnop";
    numbers(seed).take(len).map(|x| alphabet[x as usize % alphabet.len()]).collect()
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(folder.join(name), bytes).expect("a file can be written");
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let at = folder.path();
    write(at, "empty", b"");
    write(at, "newline", b"\n");
    write(at, "open-end", b"one two\nthree");
    write(at, "long-line", vec![b'x'; 300_000]);
    write(at, "spaces", b" \t\n\x0b\x0c\r   \n");
    write(at, "zeroes", b"a\0b \0\0 c\n\0");
    write(at, "binary", (0..=255u8).cycle().take(5000).collect::<Vec<_>>());
    write(at, "text", text(1, 50_000));
    fs::create_dir(at.join("folder")).expect("a folder can be made");
    folder
}

const FLAGS: [&[&str]; 9] = [
    &[],
    &["-l"],
    &["-w"],
    &["-c"],
    &["-l", "-w"],
    &["-lc"],
    &["-c", "-w"],
    &["-lwc"],
    &["-c", "-l", "-w", "-l"],
];

#[test]
fn each_small_file_with_each_flag() {
    let folder = folder();
    let names = ["empty", "newline", "open-end", "long-line", "spaces", "text"];
    for flags in FLAGS {
        for name in names {
            same(folder.path(), &[flags, &[name]].concat(), b"");
        }
        same(folder.path(), &[flags, &names].concat(), b"");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let folder = folder();
    for name in ["binary", "zeroes"] {
        same(folder.path(), &["-lc", name], b"");
        // Versions of coreutils differ about words of bytes that cannot be printed. A word is what
        // white space parts, as POSIX has it.
        let bytes = fs::read(folder.path().join(name)).expect("it was written");
        let space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
        let words = bytes.split(space).filter(|word| !word.is_empty()).count();
        let outcome = ours().folder(folder.path()).args(["-w", name]).run().expect_ok();
        assert_eq!(outcome.stdout, format!("{words} {name}\n"));
    }
}

#[test]
fn words_that_cross_the_edges_of_chunks() {
    const CHUNK: usize = 1 << 20;
    let folder = folder();
    let at = folder.path();
    // A word, a space, a newline just before, on and after an edge.
    for (name, seed) in [("large0", 10), ("large1", 11), ("large2", 12)] {
        let mut bytes = text(seed, 4 * CHUNK + 12_345 * seed as usize);
        for (edge, around) in
            (1..4).zip(["wordwordword", "word  word  ", "\n\n\n\n\n\n\n\n\n\n\n\n"])
        {
            bytes[edge * CHUNK - 6..edge * CHUNK + 6].copy_from_slice(around.as_bytes());
        }
        write(at, name, bytes);
    }
    write(at, "one-word", vec![b'w'; 3 * CHUNK + 1]);
    write(at, "exact", text(20, 2 * CHUNK));
    write(at, "chunk", text(21, CHUNK));
    write(at, "chunk+1", text(22, CHUNK + 1));
    for flags in [&[][..], &["-w"], &["-lc"]] {
        let names = ["large0", "large1", "one-word", "large2", "exact", "chunk", "chunk+1"];
        same(at, &[flags, &names].concat(), b"");
    }
    same(at, &["one-word"], b"");
}

#[test]
fn many_files() {
    let folder = folder();
    let names: Vec<String> = (0..500).map(|i| format!("file{i}")).collect();
    for (seed, name) in (0u64..).zip(&names) {
        write(folder.path(), name, text(seed, (seed * seed % 7001) as usize));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    same(folder.path(), &names, b"");
}

#[test]
fn missing_files_and_folders() {
    let folder = folder();
    let at = folder.path();
    same(at, &["no-such-file"], b"");
    same(at, &["text", "no-such-file", "open-end"], b"");
    same(at, &["-l", "folder"], b"");
    same(at, &["folder", "text"], b"");
    same(at, &["text", "text/below"], b"");
}

#[test]
fn standard_input() {
    let folder = folder();
    let at = folder.path();
    let long = text(30, 3 << 20);
    for stdin in [&b""[..], b"one\n two", &long] {
        same(at, &[], stdin);
        same(at, &["-w"], stdin);
        same(at, &["-"], stdin);
        same(at, &["text", "-", "empty"], stdin);
    }
}

#[test]
fn words_that_make_no_sense() {
    let usage = "usage: rt-main [boot]";
    for args in [&["wc", "-x"][..], &["wc", "-lx", "f"], &["dance"], &["tree"], &["tree", "x"]] {
        let outcome = Program::bare("rt-main").args(args).run().expect_fatal(usage);
        assert_eq!(outcome.stdout, "");
    }
    for args in [&["tree", "1", "2"][..], &["tree", "-1"], &["boot", "now"]] {
        Program::bare("rt-main").args(args).run().expect_fatal(usage);
    }
}

#[test]
fn what_cannot_be_written_is_told() {
    let folder = folder();
    write(folder.path(), "text", b"a b c\n");
    for args in [&["wc", "text"][..], &["boot"], &["tree", "3"], &["sieve", "3"]] {
        let full = Program::bare("rt-main").setup(Setup::FullDisk(1));
        let outcome = full.folder(folder.path()).args(args).run();
        assert_eq!(outcome.status.code(), Some(1), "{args:?}");
        assert_eq!(outcome.stderr, "rt-main: standard output cannot be written\n");
    }
}

#[test]
fn a_name_that_looks_like_a_flag() {
    let folder = folder();
    write(folder.path(), "-l", b"a b c\n");
    same(folder.path(), &["-w", "--", "-l"], b"");
    same(folder.path(), &["--", "-l", "text"], b"");
}

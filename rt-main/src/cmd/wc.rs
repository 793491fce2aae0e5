//! `wc [-l] [-w] [-c] FILE…`: lines, words and bytes, laid out as coreutils does.
//!
//! A goroutine counts each file, and each large chunk of a file; a word that crosses a chunk's edge
//! is counted once. Words are what ASCII white space parts, as in the C locale.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::CStr;

use rt_main::fs::{self, Errno, Fd, Kind};
use rt_main::thread::{self, JoinHandle};
use rt_main::{env, eprintln, println};

use super::{Outcome, Usage};

/// A file larger than this is counted in pieces of this size, in bytes.
const CHUNK: u64 = 1 << 20;
/// What one read asks for, in bytes.
const BUFFER: usize = 64 << 10;
/// Columns of a number when a file's size is not known beforehand. coreutils: 7.
const WIDTH_UNKNOWN: usize = 7;

/// What is printed, in this order.
#[derive(Clone, Copy, Default)]
struct Columns {
    lines: bool,
    words: bool,
    bytes: bool,
}

/// Counts of a stretch of bytes, and how it begins and ends.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
    /// The first byte belongs to a word.
    begins_in_word: bool,
    /// The last byte belongs to a word.
    ends_in_word: bool,
}

impl Counts {
    fn of(bytes: &[u8]) -> Counts {
        let (mut lines, mut words, mut in_word) = (0, 0, false);
        for &byte in bytes {
            let space = matches!(byte, b' ' | b'\t'..=b'\r');
            lines += u64::from(byte == b'\n');
            words += u64::from(!space && !in_word);
            in_word = !space;
        }
        let begins = bytes.first().is_some_and(|byte| !matches!(byte, b' ' | b'\t'..=b'\r'));
        let bytes = bytes.len() as u64;
        Counts { lines, words, bytes, begins_in_word: begins, ends_in_word: in_word }
    }

    /// This stretch followed by `next`.
    fn then(self, next: Counts) -> Counts {
        if next.bytes == 0 {
            return self;
        }
        if self.bytes == 0 {
            return next;
        }
        let across = u64::from(self.ends_in_word && next.begins_in_word);
        Counts {
            lines: self.lines + next.lines,
            words: self.words + next.words - across,
            bytes: self.bytes + next.bytes,
            begins_in_word: self.begins_in_word,
            ends_in_word: next.ends_in_word,
        }
    }

    /// Both, apart from each other.
    fn plus(self, other: Counts) -> Counts {
        Counts {
            lines: self.lines + other.lines,
            words: self.words + other.words,
            bytes: self.bytes + other.bytes,
            ..Counts::default()
        }
    }
}

/// What became of one file. coreutils prints what it has counted of a file that fails half-way.
struct Counted {
    counts: Option<Counts>,
    error: Option<Errno>,
    /// Bytes, of a regular file.
    size: Option<u64>,
}

pub(crate) fn run(args: impl Iterator<Item = &'static [u8]>) -> Outcome {
    let (columns, files) = parse(args)?;
    let tasks: Vec<(Option<&'static CStr>, JoinHandle<Counted>)> = match files.is_empty() {
        true => vec![(None, thread::spawn(|| count_file(None)))],
        false => files.iter().map(|&name| (Some(name), start(name))).collect(),
    };
    let counted: Vec<_> = tasks.into_iter().map(|(name, task)| (name, joined(task))).collect();
    Ok(print(columns, &counted))
}

fn start(name: &'static CStr) -> JoinHandle<Counted> {
    thread::spawn(move || count_file((name != c"-").then_some(name)))
}

fn joined<T>(task: JoinHandle<T>) -> T {
    match task.join() {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

fn parse(
    args: impl Iterator<Item = &'static [u8]>,
) -> Result<(Columns, Vec<&'static CStr>), Usage> {
    let mut columns = Columns::default();
    let mut files = Vec::new();
    let mut flags = true;
    // The same words as `args`, with their ends.
    let words = env::args().skip(env::args().len() - args.count());
    for word in words {
        match word.to_bytes() {
            b"--" if flags => flags = false,
            [b'-', letters @ ..] if flags && !letters.is_empty() => {
                for letter in letters {
                    match letter {
                        b'l' => columns.lines = true,
                        b'w' => columns.words = true,
                        b'c' => columns.bytes = true,
                        _ => return Err(Usage),
                    }
                }
            }
            _ => files.push(word),
        }
    }
    if !(columns.lines || columns.words || columns.bytes) {
        columns = Columns { lines: true, words: true, bytes: true };
    }
    Ok((columns, files))
}

/// Counts a file, or standard input.
fn count_file(name: Option<&'static CStr>) -> Counted {
    let Some(name) = name else { return count_open(0) };
    match fs::open(name) {
        Ok(fd) => {
            let counted = count_open(fd);
            fs::close(fd);
            counted
        }
        Err(error) => Counted { counts: None, error: Some(error), size: None },
    }
}

fn count_open(fd: Fd) -> Counted {
    let stat = match fs::fstat(fd) {
        Ok(stat) => stat,
        Err(error) => return Counted { counts: None, error: Some(error), size: None },
    };
    let size = (stat.kind == Kind::Regular).then_some(stat.size_bytes);
    let (counts, error) = match size {
        Some(size) if size > CHUNK && fd != 0 => in_chunks(fd, size),
        _ => to_the_end(|bytes, _| fs::read(fd, bytes), u64::MAX),
    };
    Counted { counts: Some(counts), error, size }
}

/// Counts chunk by chunk, all at once; the last one goes on to the end, should the file have grown.
fn in_chunks(fd: Fd, size: u64) -> (Counts, Option<Errno>) {
    let chunks = size.div_ceil(CHUNK);
    let task = |chunk: u64| {
        let limit = if chunk + 1 == chunks { u64::MAX } else { CHUNK };
        thread::spawn(move || {
            to_the_end(|bytes, done| fs::pread(fd, bytes, chunk * CHUNK + done), limit)
        })
    };
    let tasks: Vec<_> = (0..chunks).map(task).collect();
    let parts = tasks.into_iter().map(joined);
    parts.fold((Counts::default(), None), |(counts, error), (next, failed)| {
        (counts.then(next), error.or(failed))
    })
}

/// Reads until the end, an error, or `limit` bytes.
fn to_the_end(
    mut read: impl FnMut(&mut [u8], u64) -> Result<usize, Errno>,
    limit: u64,
) -> (Counts, Option<Errno>) {
    let mut buffer = vec![0; BUFFER];
    let mut counts = Counts::default();
    while counts.bytes < limit {
        let want = (limit - counts.bytes).min(BUFFER as u64) as usize;
        match read(&mut buffer[..want], counts.bytes) {
            Ok(0) => break,
            Ok(len) => counts = counts.then(Counts::of(&buffer[..len])),
            Err(error) => return (counts, Some(error)),
        }
    }
    (counts, None)
}

fn print(columns: Columns, counted: &[(Option<&CStr>, Counted)]) -> i32 {
    let width = width(columns, counted);
    let mut total = Counts::default();
    let mut code = 0;
    for (name, file) in counted {
        let shown = name.map(|name| name.to_string_lossy());
        if let Some(counts) = file.counts {
            total = total.plus(counts);
            line(columns, width, counts, shown.as_deref());
        }
        if let Some(error) = file.error {
            eprintln!("wc: {}: {error}", shown.as_deref().unwrap_or("standard input"));
            code = 1;
        }
    }
    if counted.len() > 1 {
        line(columns, width, total, Some("total"));
    }
    code
}

fn line(columns: Columns, width: usize, counts: Counts, name: Option<&str>) {
    let wanted = [
        (columns.lines, counts.lines),
        (columns.words, counts.words),
        (columns.bytes, counts.bytes),
    ];
    let numbers = wanted.iter().filter(|(wanted, _)| *wanted);
    let mut text =
        numbers.map(|(_, number)| format!("{number:width$}")).collect::<Vec<_>>().join(" ");
    if let Some(name) = name {
        text.push(' ');
        text.push_str(name);
    }
    println!("{text}");
}

/// Columns of a number: the digits of all regular files' sizes together, at least 7 when some file
/// is not regular; 1 for a single number. coreutils: `compute_number_width`.
fn width(columns: Columns, counted: &[(Option<&CStr>, Counted)]) -> usize {
    let numbers = [columns.lines, columns.words, columns.bytes];
    if counted.len() == 1 && numbers.iter().filter(|wanted| **wanted).count() == 1 {
        return 1;
    }
    let sizes = counted.iter().filter(|(_, file)| file.counts.is_some()).map(|(_, file)| file.size);
    let (total, unknown) = sizes.fold((0, false), |(total, unknown), size| {
        (total + size.unwrap_or(0), unknown || size.is_none())
    });
    let digits = format!("{total}").len();
    if unknown { digits.max(WIDTH_UNKNOWN) } else { digits }
}

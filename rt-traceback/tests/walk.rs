//! The walk and the names, on stacks of threads, and on nonsense.

use std::hint::black_box;
use std::ops::{ControlFlow, Range};

use rt_asm::registers::Registers;
use rt_traceback::exe::Exe;
use rt_traceback::program::Program;
use rt_traceback::symbols::Symbols;
use rt_traceback::walk::{Frame, walk};

fn program() -> Program {
    let [headers, count] = [libc::AT_PHDR, libc::AT_PHNUM].map(|tag| {
        // SAFETY: takes no pointers.
        unsafe { libc::getauxval(tag) as usize }
    });
    // SAFETY: as the kernel has told.
    unsafe { Program::new(headers, count) }.expect("a test has frame descriptions")
}

/// The calling thread's stack.
fn stack() -> Range<usize> {
    // SAFETY: an attribute object is filled, read and given back.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        assert_eq!(libc::pthread_getattr_np(libc::pthread_self(), &mut attributes), 0);
        let (mut lo, mut size) = (std::ptr::null_mut(), 0);
        libc::pthread_attr_getstack(&attributes, &mut lo, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        lo as usize..lo as usize + size
    }
}

#[inline(never)]
fn frames() -> Vec<Frame> {
    let mut frames = Vec::new();
    // SAFETY: the thread's own stack.
    unsafe {
        walk(&program(), &Registers::here(), false, stack(), &mut |frame| {
            frames.push(frame);
            ControlFlow::Continue(())
        });
    }
    frames
}

#[inline(never)]
fn deep(depth: u32) -> Vec<Frame> {
    let frames = if depth == 0 { frames() } else { deep(depth - 1) };
    black_box(frames)
}

#[inline(never)]
fn calls() -> Vec<Frame> {
    black_box(deep(5))
}

/// (function, file, line, is it real?) of a frame.
fn named(symbols: &mut Symbols<'_>, frame: &Frame) -> Vec<(String, String, u32, bool)> {
    let mut all = Vec::new();
    symbols.look_up(frame.address(), &mut |symbol| {
        let (file, line) = symbol.place.unwrap_or_default();
        let name = symbol.name.map_or_else(String::new, |name| name.to_string());
        all.push((name, file.to_owned(), line, symbol.offset.is_some()));
    });
    all
}

#[test]
fn every_caller_is_found_and_named() {
    let exe = Exe::open().expect("there is a file");
    let mut symbols = Symbols::new(Some(&exe), program().bias());
    let frames = calls();
    let names: Vec<_> =
        frames.iter().flat_map(|frame| named(&mut symbols, frame)).filter(|f| f.3).collect();
    let deeps: Vec<_> = names.iter().filter(|(name, ..)| name == "walk::deep").collect();
    assert_eq!(deeps.len(), 6, "{names:#?}");
    let caller = names.iter().position(|(name, ..)| name == "walk::calls");
    assert!(caller.is_some_and(|at| at > 6), "{names:#?}");
    assert!(names.iter().all(|(name, ..)| !name.contains("17h")), "hashes: {names:#?}");
    for pair in frames.windows(2) {
        assert!(pair[0].fp == pair[1].sp && pair[0].sp < pair[0].fp, "{frames:#x?}");
    }
    if cfg!(feature = "lines") {
        for (_, file, line, _) in deeps {
            assert!(file.ends_with("tests/walk.rs") && *line > 40, "{file}:{line}");
        }
    }
}

#[test]
fn without_a_file_there_are_addresses() {
    let mut symbols = Symbols::new(None, 0);
    let frame = deep(0)[0];
    assert_eq!(named(&mut symbols, &frame), [(String::new(), String::new(), 0, false)]);
}

#[test]
fn it_stops_when_told_and_where_the_stack_ends() {
    let here = Registers::here();
    let count = |stack: Range<usize>, most: usize| {
        let mut count = 0;
        // SAFETY: no more than the thread's own stack.
        unsafe {
            walk(&program(), &here, false, stack, &mut |_| {
                count += 1;
                if count == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        count
    };
    let all = count(stack(), usize::MAX);
    assert!(all > 3, "{all}");
    assert_eq!(count(stack(), 2), 2);
    assert_eq!(count(0..0, usize::MAX), 1);
    assert_eq!(count(here.sp..here.sp, usize::MAX), 1);
    assert!(count(here.sp..here.sp + 256, usize::MAX) < all);
}

/// Random words with return addresses among them: no fault, and an end.
#[test]
fn nonsense_ends() {
    let real: Vec<usize> = deep(3).iter().map(|frame| frame.pc).collect();
    let program = program();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let mut longest = 0;
    for _ in 0..2000 {
        let mut words = vec![0usize; 512];
        let range = words.as_ptr_range().start as usize..words.as_ptr_range().end as usize;
        for word in &mut words {
            *word = match next() % 4 {
                0 => real[next() % real.len()],
                1 => range.start + next() % range.len(),
                2 => next(),
                _ => 0,
            };
        }
        let registers = Registers {
            pc: real[next() % real.len()],
            sp: range.start + next() % 64 * 8,
            bp: range.start + next() % range.len(),
            bx: next(),
            r12_to_15: [next(), next(), next(), next()],
        };
        let mut count = 0;
        // SAFETY: the words are ours.
        unsafe {
            walk(&program, &registers, next() % 2 == 0, range, &mut |_| {
                count += 1;
                ControlFlow::Continue(())
            });
        }
        assert!(count <= 513, "the stack is left upwards");
        longest = longest.max(count);
    }
    assert!(longest > 1, "some of it was walked");
}

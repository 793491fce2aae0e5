//! The memory functions against loops over bytes: all small sizes, all overlaps.
//!
//! # Safety
//! - **inside**: every range that is passed lies inside a buffer here; `check` compares all of it.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "**inside**: calls C's memory functions")]

use core::cmp::Ordering;
use core::hint::black_box;

use rt_main::println;

rt_main::entry!(main);

unsafe extern "C" {
    fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8;
    fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8;
    fn memset(to: *mut u8, byte: i32, bytes: usize) -> *mut u8;
    fn memcmp(a: *const u8, b: *const u8, bytes: usize) -> i32;
    fn bcmp(a: *const u8, b: *const u8, bytes: usize) -> i32;
    fn strlen(text: *const u8) -> usize;
}

/// The largest size that is tried.
const SIZE_MAX: usize = 600;
/// Bytes around a range, which must not change.
const MARGIN: usize = 32;
const ROOM: usize = 2 * SIZE_MAX + 3 * MARGIN;

type Room = [u8; ROOM];

/// Different bytes at each place.
fn filled(salt: usize) -> Room {
    let mut room = [0; ROOM];
    for (i, byte) in room.iter_mut().enumerate() {
        set(byte, (i * 31 + i / 256 * 7 + salt) as u8);
    }
    room
}

/// A store that the compiler does not make into one of the functions under test.
fn set(byte: &mut u8, value: u8) {
    // SAFETY: a reference.
    unsafe { core::ptr::from_mut(byte).write_volatile(value) };
}

/// Likewise a load.
fn get(byte: &u8) -> u8 {
    // SAFETY: a reference.
    unsafe { core::ptr::from_ref(byte).read_volatile() }
}

/// Both are the same, byte by byte.
fn check(name: &str, size: usize, shift: usize, got: &Room, want: &Room) {
    for i in 0..ROOM {
        let (got, want) = (get(&got[i]), get(&want[i]));
        assert!(got == want, "{name}({size}) by {shift}: byte {i} is {got}, not {want}");
    }
}

fn copies() {
    for size in 0..=SIZE_MAX {
        for shift in [0, 1, 7, 8, 15] {
            let (from, mut got, mut want) = (filled(1), filled(2), filled(2));
            let (to, at) = (MARGIN + shift, MARGIN + (shift * 3) % 16);
            // SAFETY: **inside**.
            let end = unsafe { memcpy(got.as_mut_ptr().add(to), from.as_ptr().add(at), size) };
            assert_eq!(end as usize, got.as_ptr() as usize + to);
            (0..size).for_each(|i| set(&mut want[to + i], get(&from[at + i])));
            check("memcpy", size, shift, &got, &want);

            let byte = 0x1234_5600 | (size as i32 + 1) & 0xff; // only the low byte counts
            // SAFETY: **inside**.
            let end = unsafe { memset(got.as_mut_ptr().add(at), byte, size) };
            assert_eq!(end as usize, got.as_ptr() as usize + at);
            (0..size).for_each(|i| set(&mut want[at + i], byte as u8));
            check("memset", size, shift, &got, &want);
        }
    }
}

/// `size` bytes move by `shift` within a buffer, both ways.
fn moves(size: usize, shift: usize) {
    for (from, to) in [(MARGIN, MARGIN + shift), (MARGIN + shift, MARGIN)] {
        let (source, mut got, mut want) = (filled(3), filled(3), filled(3));
        let start = got.as_mut_ptr();
        // SAFETY: **inside**: shift and size are at most SIZE_MAX each.
        let end = unsafe { memmove(start.add(to), start.add(from).cast_const(), size) };
        assert_eq!(end as usize, start as usize + to);
        (0..size).for_each(|i| set(&mut want[to + i], get(&source[from + i])));
        check("memmove", size, shift, &got, &want);
    }
}

fn overlaps() {
    for size in 0..=SIZE_MAX {
        let near = (0..=17).chain([24, 31, 32, 33, 64, 255, 256, 257]);
        let edges = [size / 2, size.saturating_sub(1), size, size + 1];
        near.chain(edges).filter(|shift| *shift <= SIZE_MAX).for_each(|shift| moves(size, shift));
    }
}

fn compares() {
    let a = filled(4);
    for size in 0..=SIZE_MAX {
        let mut b = filled(4);
        let start = b.as_mut_ptr();
        let compare = |at: usize| {
            // SAFETY: **inside**.
            unsafe {
                let (a, b) = (a.as_ptr().add(at), start.add(at).cast_const());
                (memcmp(a, b, size).cmp(&0), bcmp(a, b, size) != 0)
            }
        };
        assert_eq!(compare(MARGIN), (Ordering::Equal, false), "memcmp({size})");
        if size == 0 {
            continue;
        }
        // A difference in front of the range and one behind it do not count; one inside does, and
        // bytes are compared without a sign.
        for at in [0, size / 2, size - 1] {
            for change in [1, 0x80] {
                let old = get(&a[MARGIN + at]);
                let mut b = filled(4);
                set(&mut b[MARGIN - 1], !get(&a[MARGIN - 1]));
                set(&mut b[MARGIN + size], !get(&a[MARGIN + size]));
                set(&mut b[MARGIN + at], old ^ change);
                // SAFETY: **inside**.
                let got = unsafe {
                    let (a, b) = (a.as_ptr().add(MARGIN), b.as_ptr().add(MARGIN));
                    (memcmp(a, b, size).cmp(&0), bcmp(a, b, size) != 0)
                };
                let want = (old.cmp(&(old ^ change)), true);
                assert_eq!(got, want, "memcmp({size}), differing at {at}");
            }
        }
    }
}

fn lengths() {
    let mut text = [b'x'; SIZE_MAX + 2 * MARGIN];
    for size in 0..=SIZE_MAX {
        for shift in 0..16 {
            set(&mut text[shift + size], 0);
            // SAFETY: **inside**: the zero is.
            let len = unsafe { strlen(black_box(text.as_ptr()).add(shift)) };
            assert_eq!(len, size, "strlen at {shift}");
            set(&mut text[shift + size], 0xff);
        }
    }
}

fn main() {
    copies();
    overlaps();
    compares();
    lengths();
    println!("sizes 0..={SIZE_MAX}");
}

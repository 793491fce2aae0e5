//! What the hosted programs share.
#![deny(unsafe_code)]

pub mod os;

/// Runs `f` in a goroutine.
pub fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    unchecked::run(f)
}

/// Runs `f` in a goroutine, where none changes its thread. To be called first.
pub fn run_pinned<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    unchecked::start_pinned();
    unchecked::run(f)
}

mod unchecked {
    //! # Safety
    //! - **contract**: no program here keeps a thread-local over a call that parks.
    #![allow(unsafe_code, reason = "**contract**: starts the runtime")]

    pub(super) fn start_pinned() {
        let config = rt::Config { pinned: true, ..rt::Config::default() };
        // SAFETY: **contract**, which is void then.
        unsafe { rt::start(config) };
    }

    pub(super) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        // SAFETY: **contract**.
        unsafe { rt::run(f) }
    }
}

/// Runs, in a goroutine, what the program's first argument names.
///
/// # Panics
/// When it is not in the list.
pub fn select(programs: &[(&str, fn())]) {
    let name = first_argument();
    let program = programs.iter().find(|(known, _)| *known == name);
    run(program.unwrap_or_else(|| panic!("no program {name:?}")).1);
}

/// The program's first argument.
///
/// # Panics
/// Without one.
#[must_use]
pub fn first_argument() -> String {
    std::env::args().nth(1).expect("an argument says what to do")
}

/// Uses so many KiB of stack in frames of one KiB.
#[must_use]
pub fn use_stack_kib(kib: usize) -> usize {
    let frame = std::hint::black_box([kib as u8; 1024]);
    let below = if kib == 0 { 0 } else { use_stack_kib(kib - 1) };
    below + usize::from(std::hint::black_box(frame)[kib % 1024] == kib as u8)
}

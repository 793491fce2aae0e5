//! Ports of Go's tests on goroutines of a std program, at 1, 2 and 4 Ps. Bare programs run the same
//! bodies.

extern crate alloc;

use ::rt;

#[path = "../../tests/bodies/time.rs"]
mod time;

mod start {
    //! # Safety
    //! - **contract**: no body keeps a thread-local over a call that parks.
    #![allow(unsafe_code, reason = "**contract**: starts the runtime")]

    pub(crate) fn run<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        // SAFETY: **contract**.
        unsafe { rt::run(f) }
    }
}

/// Runs each body at each number of Ps.
fn run_all(bodies: &[(&str, fn())]) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for procs in [1, 2, 4] {
        start::run(|| rt::runtime::set_procs(procs)).expect("so many Ps");
        for (name, body) in bodies {
            println!("{name} on {procs} Ps");
            start::run(body);
        }
    }
}

#[test]
fn time_tests() {
    run_all(time::ALL);
}

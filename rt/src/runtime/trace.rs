//! The execution trace: what goroutines, Ps and threads did and when. Go: package `runtime/trace`.
//!
//! ```
//! use rt::runtime::trace;
//!
//! // SAFETY: nothing here keeps a `std::thread_local!` over a call that parks.
//! let json = unsafe {
//!     rt::run(|| {
//!         trace::start(trace::Options::default()).expect("none is on");
//!         let task = rt::thread::spawn(|| {
//!             let _region = trace::region("work");
//!             (1..=10u64).product::<u64>()
//!         });
//!         assert_eq!(task.join().unwrap(), 3_628_800);
//!         trace::stop().expect("it was on").perfetto().to_string()
//!     })
//! };
//! assert!(json.contains("\"work\"")); // std::fs::write("trace.json", json), for ui.perfetto.dev
//! ```

pub use rt_sched::trace::{Counts, Options, Region, Trace, TraceError, mark, region};

/// Begins to record what all goroutines do. Stops the world for a moment; callable from any thread.
/// Go: `trace.Start`.
///
/// # Errors
/// [`TraceError`]: one is on already, there is no memory, or the runtime was started pinned.
pub fn start(options: Options) -> Result<(), TraceError> {
    on_goroutine(move || rt_sched::trace::start(options))
}

/// Ends the recording, and returns what there is of it. Stops the world for a moment; callable from
/// any thread. Go: `trace.Stop`.
///
/// # Errors
/// [`TraceError`]: none is on, or there is no memory; then it goes on.
pub fn stop() -> Result<Trace, TraceError> {
    on_goroutine(rt_sched::trace::stop)
}

/// Is a trace on?
#[must_use]
pub fn is_on() -> bool {
    crate::boot::sched().is_traced()
}

/// Calls `f` on a goroutine, on a new one if none runs here.
fn on_goroutine<T: Send + 'static>(
    f: impl Fn() -> Result<T, TraceError> + Send + 'static,
) -> Result<T, TraceError> {
    match f() {
        Err(TraceError::NotAGoroutine) => {
            crate::thread::spawn(f).join().unwrap_or_else(|p| std::panic::resume_unwind(p))
        }
        result => result,
    }
}

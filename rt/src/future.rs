//! Futures of any executor's making, waited for in plain code.
//!
//! A goroutine is cheap enough to wait: `spawn` and `block_on` together are what other executors
//! call a task.

use std::future::IntoFuture;
use std::pin::{Pin, pin};
use std::ptr;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, RawWakerVTable, Wake, Waker};

use rt_sched::spawn::Options;
use rt_wait::parker::Parker;

use crate::go::try_go;

/// What a waker gives its token to. The wakers own it together, so that one may be called after the
/// end, by whoever kept it.
#[derive(Default)]
struct Signal(Parker);

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls `future` until it is ready, and returns what it gives. Between the polls a goroutine
/// parks; a thread that runs none blocks. Works without the runtime too.
///
/// The future's wakers may be called from anywhere, also while it is polled and after it is done;
/// they have nothing to do with [`park`](crate::thread::park), and calls may nest. The future stays
/// on the caller's stack and need not be `Send`: it moves between threads with the goroutine only,
/// under the contract of [`start`](crate::start).
///
/// # Panics
/// When the future does.
///
/// ```
/// // SAFETY: nothing here keeps a thread-local.
/// let answer = unsafe {
///     rt::run(|| {
///         let part = |i| rt::thread::spawn(move || rt::block_on(async move { i * 7 }));
///         let parts = [1, 2, 3].map(part);
///         parts.into_iter().map(|part| part.join().unwrap()).sum::<i32>()
///     })
/// };
/// assert_eq!(answer, 42);
/// ```
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let signal = Arc::new(Signal::default());
    let waker = Waker::from(Arc::clone(&signal));
    OURS.get_or_init(|| waker.vtable());
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut(), &mut context) {
            return output;
        }
        signal.0.park();
    }
}

/// Polls once. Not inlined: a compiler keeps the address of a thread-local within one function, and
/// the next poll may be on another thread.
#[inline(never)]
fn poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(context)
}

/// What the wakers of `block_on` are made of.
static OURS: OnceLock<&'static RawWakerVTable> = OnceLock::new();

/// A waker that was made elsewhere: it may do anything, so a goroutine calls it.
struct Elsewhere(Waker);

impl Wake for Elsewhere {
    fn wake(self: Arc<Self>) {
        // Called where a panic has nowhere to go.
        if let Err(error) = try_go(Options::default(), move || self.0.wake_by_ref()) {
            rt_os::throw::throw_with(
                format_args!("runtime: a waker's goroutine: {error}\n"),
                "no goroutine for a waker",
            );
        }
    }
}

/// The same, to be called where nothing of users' may run.
pub(crate) fn harmless(waker: &Waker) -> Waker {
    let waker = waker.clone();
    let is_ours = OURS.get().is_some_and(|ours| ptr::eq(*ours, waker.vtable()));
    if is_ours { waker } else { Arc::new(Elsewhere(waker)).into() }
}

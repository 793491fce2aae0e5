//! Futures of any executor's making, waited for in plain code.
//!
//! A goroutine is cheap enough to wait: `spawn` and `block_on` together are what other executors
//! call a task.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use rt_wait::parker::Parker;

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
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        signal.0.park();
    }
}

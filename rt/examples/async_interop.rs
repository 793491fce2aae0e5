//! A future on a goroutine: `block_on` parks the goroutine until whoever completes the future wakes
//! it. Here that is another goroutine, by way of a small oneshot.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use rt::time::Duration;

/// A value that comes later, and who waits for it.
type Shared = Arc<Mutex<(Option<String>, Option<Waker>)>>;

/// Waits for the value.
fn value(shared: Shared) -> impl Future<Output = String> {
    poll_fn(move |context| {
        let mut shared = shared.lock().unwrap();
        match shared.0.take() {
            Some(value) => Poll::Ready(value),
            None => {
                shared.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
}

fn main() {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let shared = Shared::default();
            let theirs = Arc::clone(&shared);
            rt::go(move || {
                rt::thread::sleep(Duration::from_millis(1));
                let waker = {
                    let mut shared = theirs.lock().unwrap();
                    shared.0 = Some("done".to_string());
                    shared.1.take()
                };
                waker.into_iter().for_each(Waker::wake);
            });
            println!("the future is {}", rt::block_on(value(shared)));
        });
    }
}

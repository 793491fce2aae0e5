//! Futures that use a thread-local in each poll, and go from thread to thread in between.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;

use rt::chan::bounded;

const TASKS: usize = 8;
/// So many polls at least, and until one has been on two threads; so many at most.
const POLLS: usize = 3000;
const POLLS_MAX: usize = 3_000_000;

/// One has been on two threads.
static HAS_MOVED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The thread. Made lazily and dropped, so its address is computed, and could be kept.
    static OWN: RefCell<Vec<i32>> = RefCell::new(vec![rt_os::sys::thread::gettid() as i32; 8]);
}

/// Polls often; whoever wakes it may be on another thread. Returns the threads that it was on.
async fn wander(wakers: rt::chan::Sender<std::task::Waker>) -> BTreeSet<i32> {
    let mut seen = BTreeSet::new();
    let mut polls = 0;
    poll_fn(|context| {
        let here = rt_os::sys::thread::gettid() as i32;
        OWN.with_borrow_mut(|own| {
            assert_eq!(*own, [here; 8], "a thread-local of another thread");
        });
        if seen.insert(here) && seen.len() == 2 {
            HAS_MOVED.store(true, Relaxed);
        }
        polls += 1;
        if polls >= POLLS && HAS_MOVED.load(Relaxed) || polls == POLLS_MAX {
            return Poll::Ready(());
        }
        wakers.send(context.waker().clone()).expect("somebody wakes");
        Poll::Pending
    })
    .await;
    seen
}

fn main() {
    let most = hosted::run(|| {
        let (sender, wakers) = bounded(TASKS);
        let waker = rt::thread::spawn(move || wakers.iter().for_each(std::task::Waker::wake));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let sender = sender.clone();
                rt::thread::spawn(move || rt::block_on(wander(sender)))
            })
            .collect();
        drop(sender);
        let seen = tasks.into_iter().map(|task| task.join().expect("it returns").len());
        let most = seen.max().unwrap_or(0);
        waker.join().expect("it returns");
        most
    });
    println!("threads {most}");
}

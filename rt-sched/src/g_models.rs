//! Models of a goroutine's words: its stack, its end, its slot. The words are the real ones; the
//! goroutine is a thread that does what a goroutine does to them, in the same order.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::g::hold::{Hold, Holder};
use crate::g::join::{JoinWord, Result};
use crate::g::on_stack::OnStack;

/// A value that loom watches: a stack, or a result on it.
struct Watched(UnsafeCell<u32>);

mod watched {
    //! # Safety
    //! - **watched**: loom fails the model when accesses overlap or are not ordered.
    #![allow(unsafe_code, reason = "**watched**: the cell is what is tested")]

    use super::{UnsafeCell, Watched};

    // SAFETY: **watched**.
    unsafe impl Sync for Watched {}
    // SAFETY: **watched**.
    unsafe impl Send for Watched {}

    impl Watched {
        pub(super) fn new() -> Watched {
            Watched(UnsafeCell::new(0))
        }

        pub(super) fn set(&self, to: u32) {
            // SAFETY: **watched**.
            self.0.with_mut(|value| unsafe { *value = to });
        }

        pub(super) fn get(&self) -> u32 {
            // SAFETY: **watched**.
            self.0.with(|value| unsafe { *value })
        }
    }
}

/// A goroutine, its result on its stack, and how often its slot was freed and its result dropped.
struct Goroutine {
    on_stack: OnStack,
    join: JoinWord,
    hold: Hold,
    stack: Watched,
    freed: AtomicUsize,
    dropped: AtomicUsize,
}

impl Goroutine {
    fn running() -> Arc<Goroutine> {
        let on_stack = OnStack::off();
        on_stack.mount();
        Arc::new(Goroutine {
            on_stack,
            join: JoinWord::new(),
            hold: Hold::new(true),
            stack: Watched::new(),
            freed: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        })
    }

    /// Stores the result, tells the handle, leaves the stack, is buried.
    fn end(&self) {
        self.stack.set(7);
        if self.join.finish() == Result::Goroutines {
            self.drop_result();
        }
        self.on_stack.leave();
        self.release(Holder::Stack);
    }

    fn drop_result(&self) {
        assert_eq!(self.stack.get(), 7, "a result that was not stored");
        assert_eq!(self.dropped.fetch_add(1, Ordering::SeqCst), 0, "the result is dropped twice");
    }

    fn release(&self, holder: Holder) {
        if self.hold.release(holder) {
            assert!(self.on_stack.is_off(), "freed while somebody is on the stack");
            self.stack.set(0); // the next user
            assert_eq!(self.freed.fetch_add(1, Ordering::SeqCst), 0, "freed twice");
        }
    }

    fn assert_gone(&self) {
        assert_eq!(self.freed.load(Ordering::SeqCst), 1, "the slot is lost");
        assert_eq!(self.dropped.load(Ordering::SeqCst), 1, "the result is lost");
    }
}

#[test]
fn loom_a_join_waits_for_the_result_and_frees_once() {
    loom::model(|| {
        let g = Goroutine::running();
        let theirs = Arc::clone(&g);
        let goroutine = thread::spawn(move || theirs.end());
        g.join.wait();
        g.drop_result();
        g.release(Holder::Handle);
        goroutine.join().unwrap();
        g.assert_gone();
    });
}

#[test]
fn loom_a_dropped_handle_leaves_nothing_behind() {
    loom::model(|| {
        let g = Goroutine::running();
        let theirs = Arc::clone(&g);
        let goroutine = thread::spawn(move || theirs.end());
        if g.join.detach() {
            g.drop_result();
        }
        g.release(Holder::Handle);
        goroutine.join().unwrap();
        g.assert_gone();
    });
}

/// A goroutine shows itself to a waker before it has left its stack: the one that takes it up must
/// not be on the stack with it.
#[test]
fn loom_a_readied_goroutine_is_met_off_its_stack() {
    loom::model(|| {
        let g = Goroutine::running();
        let theirs = Arc::clone(&g);
        let waker = thread::spawn(move || {
            // In a queue already: found by another M, which waits for the stack on its g0.
            theirs.on_stack.wait_off(thread::yield_now);
            theirs.on_stack.mount();
            theirs.stack.set(2);
            theirs.on_stack.leave();
        });
        g.stack.set(1); // its last steps on the stack
        g.on_stack.leave(); // by whoever runs next on that M
        waker.join().unwrap();
        assert!(g.on_stack.is_off());
        assert_eq!(g.stack.get(), 2);
    });
}

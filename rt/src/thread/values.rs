//! Where a goroutine's local values are: in a list that its one word leads to, newest first, each
//! in a box of its own.
//!
//! ```text
//!   word --> newest: key, value --> ... --> oldest --> null     null: no values
//!                                                               OVER: the goroutine has ended
//! ```
//!
//! A key is a static: a constant would be many, or one with others.
//!
//! ```compile_fail,E0716
//! std::thread_local!(static OF_THREADS: u32 = 1);
//! const KEY: rt::thread::LocalKey<u32> = rt::thread::LocalKey::new(OF_THREADS, || 1);
//! KEY.with(|_| ());
//! ```
//!
//! A look costs one step for each value that is newer: few keys are meant, as in most programs.
//!
//! # Safety
//! - **mine**: a word and its list are used by their goroutine alone. It may change threads
//!   meanwhile; the switch orders what it did.
//! - **typed**: a node whose key is the address of a `LocalKey<T>` is a `Node<T>`. No other key has
//!   that address: it is borrowed for ever, and a key that holds an atomic cannot be a promoted
//!   constant, which might be merged with others.
//! - **pinned**: a node is freed by [`end`] alone, when the goroutine has returned from all code
//!   that could be in a `with`. Its value is there while it is not `is_dropped`.
#![allow(unsafe_code, reason = "**typed**: values of many types in one list")]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use super::local::LocalKey;

/// In the word: the values are dropped, and there will be no others.
const OVER: *mut () = std::ptr::without_provenance_mut(1);

/// What is before a value.
#[repr(C)]
struct Node<T> {
    head: Head,
    value: T,
}

struct Head {
    next: *mut Head,
    /// The address of its `LocalKey`.
    key: *const (),
    is_dropped: Cell<bool>,
    /// None when dropping it does nothing: then it stays of use till the end.
    drop_value: Option<unsafe fn(*mut Head)>,
    free: unsafe fn(*mut Head),
}

/// A value that is there, for the running goroutine.
pub(super) struct Here<T>(NonNull<T>);

impl<T> Here<T> {
    /// Lends it. It stays there while `f` parks, since only the goroutine itself drops it, at its
    /// end, which is after `f`'s; and no other goroutine finds it, on whatever thread `f` goes on.
    pub(super) fn with<R>(self, f: impl FnOnce(&T) -> R) -> R {
        // SAFETY: **pinned**.
        f(unsafe { self.0.as_ref() })
    }
}

/// The value of `key` in the list of `word`, made by `init` if there is none. `None`: it is
/// dropped.
pub(super) fn get<T>(
    word: &Cell<*mut ()>,
    key: &'static LocalKey<T>,
    init: impl FnOnce() -> T,
) -> Option<Here<T>> {
    match find(word, key)? {
        Some(node) => Some(here(node)),
        None => make(word, key, init),
    }
}

/// `None`: too late. `Some(None)`: not there.
#[inline]
#[allow(clippy::option_option, reason = "three answers")]
fn find<T>(word: &Cell<*mut ()>, key: &'static LocalKey<T>) -> Option<Option<NonNull<Node<T>>>> {
    if word.get() == OVER {
        return None;
    }
    let mut at = word.get().cast::<Head>();
    while let Some(node) = NonNull::new(at) {
        // SAFETY: **mine**, **pinned**.
        let head = unsafe { node.as_ref() };
        if head.key == address(key) {
            return (!head.is_dropped.get()).then(|| Some(node.cast())); // **typed**
        }
        at = head.next;
    }
    Some(None)
}

#[cold]
fn make<T>(
    word: &Cell<*mut ()>,
    key: &'static LocalKey<T>,
    init: impl FnOnce() -> T,
) -> Option<Here<T>> {
    let value = init();
    if let Some(mut node) = find(word, key)? {
        // `init` has used the key itself. As std: the later value counts.
        // SAFETY: **mine**: whoever looked at it has returned.
        let first = std::mem::replace(unsafe { &mut node.as_mut().value }, value);
        drop(first);
        return Some(here(node));
    }
    let head = Head {
        next: word.get().cast(),
        key: address(key),
        is_dropped: Cell::new(false),
        drop_value: std::mem::needs_drop::<T>().then_some(drop_value::<T> as unsafe fn(_)),
        free: free::<T>,
    };
    let node = NonNull::from(Box::leak(Box::new(Node { head, value })));
    word.set(node.as_ptr().cast());
    Some(here(node))
}

fn address<T>(key: &'static LocalKey<T>) -> *const () {
    std::ptr::from_ref(key).cast()
}

fn here<T>(node: NonNull<Node<T>>) -> Here<T> {
    // SAFETY: **pinned**.
    Here(NonNull::from(unsafe { &(*node.as_ptr()).value }))
}

/// # Safety
/// **typed**; once.
unsafe fn drop_value<T>(head: *mut Head) {
    // SAFETY: the caller's.
    unsafe { (&raw mut (*head.cast::<Node<T>>()).value).drop_in_place() };
}

/// # Safety
/// **typed**; the value is dropped, or needs none.
unsafe fn free<T>(head: *mut Head) {
    // SAFETY: the caller's; a value that needs no drop, or had it, is not looked at.
    drop(unsafe { Box::from_raw(head.cast::<std::mem::ManuallyDrop<Node<T>>>()) });
}

/// A goroutine ends, on its own stack: drops its values, the newest first, and those that their
/// destructors make. They may park.
#[inline]
pub(crate) fn end(word: &Cell<*mut ()>) {
    if word.get().addr() > OVER.addr() {
        drop_all(word);
    }
    word.set(OVER);
}

#[cold]
fn drop_all(word: &Cell<*mut ()>) {
    let mut newest = word.get();
    let mut at = newest.cast::<Head>();
    while let Some(node) = NonNull::new(at) {
        // SAFETY: **mine**, **pinned**.
        let head = unsafe { node.as_ref() };
        at = head.next;
        let Some(drop_value) = head.drop_value.filter(|_| !head.is_dropped.get()) else { continue };
        head.is_dropped.set(true);
        // SAFETY: **typed**: made for it; once, by the mark.
        let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { drop_value(node.as_ptr()) }));
        if dropped.is_err() {
            rt_os::eprintln!("fatal runtime error: thread local panicked on drop, aborting");
            std::process::abort();
        }
        if word.get() != newest {
            // Its destructor has made values: they are the newest now.
            newest = word.get();
            at = newest.cast();
        }
    }
    let mut at = word.replace(OVER).cast::<Head>();
    while let Some(node) = NonNull::new(at) {
        // SAFETY: **mine**, **pinned**.
        let (next, free) = unsafe { (node.as_ref().next, node.as_ref().free) };
        // SAFETY: **typed**; dropped above if that does something.
        unsafe { free(node.as_ptr()) };
        at = next;
    }
}

//! Values of a goroutine's own. std: `thread_local!`, `LocalKey`, `AccessError`.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::sync::atomic::AtomicU8;

use rt_sched::current::with_locals;

use super::values::{self, Here};

/// A value that each goroutine has its own of. Made by [`rt::thread_local!`](crate::thread_local).
/// std: `LocalKey`.
///
/// On a goroutine the value is the goroutine's, whatever threads it runs on, and inside
/// [`rt::blocking`](crate::blocking) too; on a thread that runs none it is the thread's. It is made
/// at its first use.
///
/// The closure given to [`LocalKey::with`] may park: the value is found by the goroutine, not by
/// the thread, so the reference stays good when it goes on elsewhere.
///
/// The reference does not leave the closure, so it is gone before the value is.
///
/// A goroutine's values are dropped at its end, on the goroutine, before a join returns; newest
/// first, as std does. A destructor may use other keys, also for the first time. A panic in a
/// destructor ends the process, as in std.
pub struct LocalKey<T: 'static> {
    /// Where plain threads have it.
    of_threads: std::thread::LocalKey<T>,
    init: fn() -> T,
    /// Not used; makes a key a place of its own, see `values`.
    _place: AtomicU8,
}

/// The value of a [`LocalKey`] is dropped already, or is being dropped. std: `AccessError`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError;

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already destroyed")
    }
}

impl Error for AccessError {}

#[cold]
fn too_late(error: AccessError) -> ! {
    panic!("cannot access a goroutine-local value during or after destruction: {error:?}");
}

/// What the running goroutine has of a key.
enum Place<T> {
    Here(Here<T>),
    Over,
    /// No goroutine runs: the thread has it.
    OfThread,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(of_threads: std::thread::LocalKey<T>, init: fn() -> T) -> LocalKey<T> {
        LocalKey { of_threads, init, _place: AtomicU8::new(0) }
    }

    fn place(&'static self, init: impl FnOnce() -> T) -> Place<T> {
        match with_locals(|word| values::get(word, self, init)) {
            Some(Some(here)) => Place::Here(here),
            Some(None) => Place::Over,
            None => Place::OfThread,
        }
    }

    /// Calls `f` with the value, made now if there is none.
    ///
    /// # Panics
    /// When it is dropped already, or is being dropped.
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => too_late(error),
        }
    }

    /// Calls `f` with the value, made now if there is none.
    ///
    /// # Errors
    /// [`AccessError`] when it is dropped already, or is being dropped.
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        match self.place(self.init) {
            Place::Here(here) => Ok(here.with(f)),
            Place::Over => Err(AccessError),
            Place::OfThread => self.of_threads.try_with(f).map_err(|_| AccessError),
        }
    }

    /// Makes the value of `first`, if there is none yet.
    fn offer(&'static self, first: T) -> Offer<T> {
        let mut first = Some(first);
        let place = self.place(|| first.take().expect("it is called once"));
        match (place, first) {
            (Place::Over, _) => too_late(AccessError),
            (_, None) => Offer::Taken,
            (Place::Here(here), Some(first)) => Offer::There(here, first),
            (Place::OfThread, Some(first)) => Offer::OfThread(first),
        }
    }
}

/// What became of a first value; if it was not taken it comes back.
enum Offer<T> {
    Taken,
    There(Here<T>, T),
    OfThread(T),
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// # Panics
/// All of them as [`LocalKey::with`].
impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets the value. If it was not made yet, its initializer is not called.
    pub fn set(&'static self, value: T) {
        match self.offer(Cell::new(value)) {
            Offer::Taken => {}
            Offer::There(here, value) => here.with(|cell| cell.set(value.into_inner())),
            Offer::OfThread(value) => self.of_threads.set(value.into_inner()),
        }
    }

    /// A copy of the value.
    #[must_use]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes the value and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Sets the value; returns the old one.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

/// # Panics
/// All of them as [`LocalKey::with`], and as the `RefCell`'s own methods. A borrow that lasts while
/// the closure parks is the goroutine's own: others have other values.
impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `f` with the value, borrowed.
    pub fn with_borrow<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with the value, borrowed mutably.
    pub fn with_borrow_mut<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets the value. If it was not made yet, its initializer is not called.
    pub fn set(&'static self, value: T) {
        match self.offer(RefCell::new(value)) {
            Offer::Taken => {}
            Offer::There(here, value) => here.with(|cell| *cell.borrow_mut() = value.into_inner()),
            Offer::OfThread(value) => self.of_threads.set(value.into_inner()),
        }
    }

    /// Takes the value and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Sets the value; returns the old one.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

/// Declares values that each goroutine has its own of; on threads that run none, each thread. Any
/// number of statics, with attributes and visibility. std: `thread_local!`.
///
/// ```
/// use std::cell::{Cell, RefCell};
///
/// rt::thread_local! {
///     /// How deep it is.
///     pub static DEPTH: Cell<u32> = const { Cell::new(0) };
///     static NAMES: RefCell<Vec<String>> = RefCell::new(vec!["first".to_owned()]);
/// }
///
/// // SAFETY: nothing here keeps a thread-local of std.
/// unsafe {
///     rt::run(|| {
///         DEPTH.set(7);
///         NAMES.with_borrow_mut(|names| names.push("second".to_owned()));
///         rt::thread::yield_now(); // whatever thread it goes on with
///         assert_eq!(DEPTH.get(), 7);
///         let theirs = rt::thread::spawn(|| (DEPTH.get(), NAMES.with_borrow(Vec::len)));
///         assert_eq!(theirs.join().unwrap(), (0, 1));
///     })
/// };
/// ```
#[macro_export]
macro_rules! thread_local {
    () => {};
    (
        $(#[$attr:meta])* $vis:vis static $name:ident : $t:ty = const $init:block
        $(; $($rest:tt)*)?
    ) => {
        $(#[$attr])*
        $vis static $name: $crate::thread::LocalKey<$t> = {
            const __RT_INIT: $t = $init;
            fn __rt_init() -> $t {
                __RT_INIT
            }
            $crate::thread::__std_thread_local!(
                static __RT_OF_THREADS: $t = const { __RT_INIT }
            );
            $crate::thread::LocalKey::new(__RT_OF_THREADS, __rt_init)
        };
        $($crate::thread_local!($($rest)*);)?
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident : $t:ty = $init:expr $(; $($rest:tt)*)?) => {
        $(#[$attr])*
        $vis static $name: $crate::thread::LocalKey<$t> = {
            fn __rt_init() -> $t {
                $init
            }
            $crate::thread::__std_thread_local!(static __RT_OF_THREADS: $t = __rt_init());
            $crate::thread::LocalKey::new(__RT_OF_THREADS, __rt_init)
        };
        $($crate::thread_local!($($rest)*);)?
    };
}

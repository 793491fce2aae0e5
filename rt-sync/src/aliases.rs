//! The types of this crate for one host, under the names that programs use.

/// Defines the names of [`crate::sync`] for the host `$host`, where it is expanded: a module that
/// is the program's `sync`.
#[macro_export]
macro_rules! sync_names {
    ($host:ty) => {
        pub use $crate::sync::{
            Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Once, OnceLock, OnceState,
            PoisonError, TryLockError, TryLockResult, WaitGroup, WaitTimeoutResult, raw,
        };

        /// [`rt_sync::sync::Mutex`]($crate::sync::Mutex) of this kind of program.
        pub type Mutex<T> = $crate::sync::Mutex<T, $host>;
        /// A [`Mutex`], held.
        pub type MutexGuard<'a, T> = $crate::sync::MutexGuard<'a, T, $host>;
        /// [`rt_sync::sync::RwLock`]($crate::sync::RwLock) of this kind of program.
        pub type RwLock<T> = $crate::sync::RwLock<T, $host>;
        /// A [`RwLock`], held for reading.
        pub type RwLockReadGuard<'a, T> = $crate::sync::RwLockReadGuard<'a, T, $host>;
        /// A [`RwLock`], held for writing.
        pub type RwLockWriteGuard<'a, T> = $crate::sync::RwLockWriteGuard<'a, T, $host>;
        /// [`rt_sync::sync::Semaphore`]($crate::sync::Semaphore) of this kind of program.
        pub type Semaphore = $crate::sync::Semaphore<$host>;
        /// Permits of a [`Semaphore`], held.
        pub type SemaphorePermit<'a> = $crate::sync::SemaphorePermit<'a, $host>;
    };
}

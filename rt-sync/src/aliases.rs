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

        /// Channels with many senders and one receiver. std: `std::sync::mpsc`.
        pub mod mpsc {
            pub use $crate::sync::mpsc::{
                RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError,
            };

            /// The sending end of [`channel`].
            pub type Sender<T> = $crate::sync::mpsc::Sender<T, $host>;
            /// The sending end of [`sync_channel`].
            pub type SyncSender<T> = $crate::sync::mpsc::SyncSender<T, $host>;
            /// The receiving end.
            pub type Receiver<T> = $crate::sync::mpsc::Receiver<T, $host>;
            /// The messages; it waits for each.
            pub type Iter<'a, T> = $crate::sync::mpsc::Iter<'a, T, $host>;
            /// The messages that are there.
            pub type TryIter<'a, T> = $crate::sync::mpsc::TryIter<'a, T, $host>;
            /// The messages of a receiver that it owns.
            pub type IntoIter<T> = $crate::sync::mpsc::IntoIter<T, $host>;

            /// A channel that keeps any number of messages.
            #[must_use]
            pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
                $crate::sync::mpsc::channel()
            }

            /// A channel that keeps up to `bound` messages; with 0 a send waits for its receive.
            #[must_use]
            pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
                $crate::sync::mpsc::sync_channel(bound)
            }
        }
    };
}

/// Defines the names of [`crate::chan`] for the host `$host`, where it is expanded: a module that
/// is the program's `chan`.
#[macro_export]
macro_rules! chan_names {
    ($host:ty) => {
        pub use $crate::chan::{
            ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError,
            SendTimeoutError, TryReadyError, TryRecvError, TrySelectError, TrySendError,
        };
        pub use $crate::{select, select_biased};

        /// The sending end of a channel: [`rt_sync::chan::Sender`]($crate::chan::Sender).
        pub type Sender<T> = $crate::chan::Sender<T, $host>;
        /// The receiving end of a channel: [`rt_sync::chan::Receiver`]($crate::chan::Receiver).
        pub type Receiver<T> = $crate::chan::Receiver<T, $host>;
        /// See [`rt_sync::chan::Receiver::iter`]($crate::chan::Receiver::iter).
        pub type Iter<'a, T> = $crate::chan::Iter<'a, T, $host>;
        /// See [`rt_sync::chan::Receiver::try_iter`]($crate::chan::Receiver::try_iter).
        pub type TryIter<'a, T> = $crate::chan::TryIter<'a, T, $host>;
        /// The messages of a receiver that it owns.
        pub type IntoIter<T> = $crate::chan::IntoIter<T, $host>;
        /// Several operations, of which one shall be done:
        /// [`rt_sync::chan::Select`]($crate::chan::Select).
        pub type Select<'a> = $crate::chan::Select<'a, $host>;
        /// An operation that has been selected, and must be completed.
        pub type SelectedOperation<'a> = $crate::chan::SelectedOperation<'a, $host>;

        /// A channel that keeps up to `cap` messages; with 0 a send waits for its receive.
        #[must_use]
        pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
            $crate::chan::bounded(cap)
        }

        /// A channel that keeps any number of messages.
        #[must_use]
        pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
            $crate::chan::unbounded()
        }

        /// A channel that delivers one message, the instant, when `duration` has passed.
        #[must_use]
        pub fn after(
            duration: ::core::time::Duration,
        ) -> Receiver<<$host as $crate::host::Host>::Instant> {
            $crate::chan::after(duration)
        }

        /// A channel that delivers one message, the instant itself, when it has come.
        #[must_use]
        pub fn at(
            when: <$host as $crate::host::Host>::Instant,
        ) -> Receiver<<$host as $crate::host::Host>::Instant> {
            $crate::chan::at(when)
        }

        /// A channel that delivers nothing and is never disconnected.
        #[must_use]
        pub fn never<T>() -> Receiver<T> {
            $crate::chan::never()
        }

        /// A channel that delivers the instant again and again, `duration` apart; ticks that nobody
        /// has received in time are left out.
        #[must_use]
        pub fn tick(
            duration: ::core::time::Duration,
        ) -> Receiver<<$host as $crate::host::Host>::Instant> {
            $crate::chan::tick(duration)
        }
    };
}

/// Defines the names of [`crate::signal`] for the host `$host` on the ground `$ground`, where it is
/// expanded: a module that is the program's `signal`.
#[macro_export]
macro_rules! signal_names {
    ($host:ty, $ground:expr) => {
        pub use $crate::signal::{Signal, ignore, ignored, reset};

        use $crate::chan::Sender;

        /// Has these signals sent into the channel from now on, besides what it gets already;
        /// without any, all that can be. Go: `signal.Notify`.
        ///
        /// A channel that is full misses them: one place for each signal is enough for who must
        /// know that it came. Several channels may ask for the same signal; each gets it. They are
        /// sent until [`stop`], whether or not somebody receives them. Of signals that are not
        /// [notifiable](Signal::is_notifiable) nothing is heard.
        pub fn notify(sender: &Sender<Signal, $host>, signals: &[Signal]) {
            $crate::signal::notify(&$ground, sender, signals);
        }

        /// Sends no more signals into the channel: none after this returns. Those that came before
        /// were sent. What only this channel has asked for is done by default again. Go:
        /// `signal.Stop`.
        pub fn stop(sender: &Sender<Signal, $host>) {
            $crate::signal::stop(sender);
        }
    };
}

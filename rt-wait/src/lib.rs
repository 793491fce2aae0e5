#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

#[cfg(all(test, loom))]
extern crate std;

pub mod atomic;
pub mod claim;
pub mod futex;
#[cfg(all(test, loom, not(shuttle)))]
mod loom_models;
pub mod mutex;
pub mod note;
pub mod park;
pub mod parker;
pub mod rank;
mod reason;
pub mod sigqueue;
pub mod spin;
pub mod stats;

/// A constructor that is `const` but under loom, whose words are not made at compile time.
#[macro_export]
#[doc(hidden)]
macro_rules! const_unless_loom {
    ($(#[$attribute:meta])* $vis:vis fn $($rest:tt)*) => {
        #[cfg(not(loom))]
        $(#[$attribute])*
        $vis const fn $($rest)*
        #[cfg(loom)]
        $(#[$attribute])*
        $vis fn $($rest)*
    };
}

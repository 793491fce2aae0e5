//! Locks that park the goroutine. std: `std::sync`; more of Go's.

pub use alloc::sync::{Arc, Weak};
pub use core::sync::atomic;

rt_sync::sync_names!(rt_sync::host::NoStd);

//! Locks that park the goroutine, or put a plain thread to sleep. std: `std::sync`; more of Go's.

pub use std::sync::{Arc, Weak, atomic};

rt_sync::sync_names!(crate::host::StdHost);

//! What one system has and others have not. std: `std::os`.

pub mod unix;

pub use std::os::fd;

//! Files as Unix has them. std: `std::os::unix::fs`, whose traits [`File`](crate::fs::File) and
//! [`OpenOptions`](crate::fs::OpenOptions) have too.

pub use std::os::unix::fs::*;

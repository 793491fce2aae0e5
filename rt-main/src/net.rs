//! Sockets whose calls park the goroutine. std: `std::net`, with `Errno` for errors.

pub use rt_net::*;

//! What one system has and others have not. std: `std::os`.

pub mod unix {
    //! Unix. std: `std::os::unix`.

    /// Sockets on this machine. std: `std::os::unix::net`.
    pub use rt_net::unix as net;
}

//! Channels and select on goroutines and plain threads. crossbeam-channel, name for name.
//!
//! ```
//! use rt::chan::{bounded, select};
//! use rt::time::Duration;
//!
//! // SAFETY: nothing here keeps a thread-local.
//! unsafe {
//!     rt::run(|| {
//!         let (sender, receiver) = bounded(0);
//!         rt::go(move || sender.send(6 * 7).unwrap());
//!         select! {
//!             recv(receiver) -> answer => assert_eq!(answer, Ok(42)),
//!             default(Duration::from_secs(10)) => panic!("no answer"),
//!         }
//!     })
//! };
//! ```

rt_sync::chan_names!(crate::host::StdHost);

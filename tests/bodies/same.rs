//! Programs that Go has too, to see that they end alike: those of both worlds.
//!
//! One text for hosted and bare programs: `rt` is the crate `rt` or `rt_main`.

use crate::rt::chan::{bounded, select};
use crate::rt::{go, runtime};

/// More goroutines tied to their threads than there may be threads.
pub(crate) fn threads() {
    let (to_main, from_tied) = bounded(0);
    for _ in 0..100 {
        let to_main = to_main.clone();
        go(move || {
            runtime::lock_os_thread();
            let _told = to_main.send(());
            select! {}
        });
        let _tied = from_tied.recv();
    }
}

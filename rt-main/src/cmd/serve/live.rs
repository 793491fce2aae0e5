//! The connections that are open, so that they can be ended.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::ops::Deref;
use core::time::Duration;

use rt_main::net::TcpStream;
use rt_main::sync::atomic::{AtomicBool, Ordering};
use rt_main::sync::{Condvar, LockResult, Mutex};
use rt_main::time::Instant;

#[derive(Default)]
pub(super) struct Live {
    /// Set once, before the listener is closed and read deadlines come; who waits looks after it
    /// was woken, and a connection also after it has set a deadline.
    is_stopping: AtomicBool,
    table: Mutex<Table>,
    is_empty: Condvar,
}

#[derive(Default)]
struct Table {
    next: u64,
    streams: BTreeMap<u64, Arc<TcpStream>>,
}

/// A connection in the table; it leaves when it is dropped, and is closed.
pub(super) struct Guest {
    live: &'static Live,
    number: u64,
    stream: Arc<TcpStream>,
}

/// Nothing unwinds here, so nothing is poisoned.
pub(super) fn held<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Live {
    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst) // pairs with `begin_to_stop`
    }

    pub(super) fn enter(&'static self, stream: TcpStream) -> Guest {
        let stream = Arc::new(stream);
        let mut table = held(self.table.lock());
        let number = table.next;
        table.next += 1;
        table.streams.insert(number, Arc::clone(&stream));
        Guest { live: self, number, stream }
    }

    /// From now on connections end after their answers. What waits is to be woken.
    pub(super) fn begin_to_stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
    }

    /// After that: ends those that wait for a request, and waits for the others, until `grace` is
    /// over.
    pub(super) fn finish(&self, grace: Duration) {
        let table = held(self.table.lock());
        let now = Instant::now();
        for stream in table.streams.values() {
            stream.set_read_deadline(Some(now));
        }
        let busy = |table: &mut Table| !table.streams.is_empty();
        let _over = self.is_empty.wait_timeout_while(table, grace, busy);
    }
}

impl Deref for Guest {
    type Target = TcpStream;

    fn deref(&self) -> &TcpStream {
        &self.stream
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut table = held(self.live.table.lock());
        table.streams.remove(&self.number);
        if table.streams.is_empty() {
            self.live.is_empty.notify_all();
        }
    }
}

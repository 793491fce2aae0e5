//! What a test body needs from the world it runs in: plain threads, or goroutines.

/// Starts what runs beside the caller.
#[allow(dead_code, reason = "not every file of bodies needs all of it")]
pub(crate) trait Spawner: Copy + Send + Sync + 'static {
    /// Runs `f` beside the caller.
    fn spawn(self, f: impl FnOnce() + Send + 'static) -> impl Joins;
    /// Lets others run.
    fn yield_now(self);
    /// Waits so long at least.
    fn sleep_ms(self, ms: u64);
}

/// What was started.
pub(crate) trait Joins {
    /// Waits for its end. Panics if it panicked.
    fn join(self);
}

/// Joins all.
pub(crate) fn join_all(started: impl IntoIterator<Item = impl Joins>) {
    started.into_iter().for_each(Joins::join);
}

/// Lets others run until `done`.
#[allow(dead_code, reason = "as above")]
pub(crate) fn until(spawner: impl Spawner, done: impl Fn() -> bool) {
    while !done() {
        spawner.yield_now();
    }
}

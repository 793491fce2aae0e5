//! What a runtime is asked to do.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

/// A server goes on for ever, unless it cannot.
pub type Served = io::Result<Infallible>;

/// A queue that several tasks fill and several empty.
#[derive(Clone, Copy, Debug)]
pub struct Buffered {
    /// Messages in all, a multiple of `producers`.
    pub messages: usize,
    /// Tasks that send; each sends its share.
    pub producers: usize,
    /// Tasks that receive until the channel is closed.
    pub consumers: usize,
    /// How many messages the channel holds.
    pub capacity: usize,
}

/// A runtime under measurement. A "task" is whatever it has for a goroutine; "channel", "mutex" and
/// "select" are its own, or what its users reach for. A capacity of 0 asks for a rendezvous, or for
/// the smallest capacity there is.
///
/// Each method does the work once and says how long it took, or `None` where the runtime has
/// nothing for it. They are called from outside of any task; where it matters they do their work in
/// one.
pub trait Peer {
    /// `tasks` tasks yield `turns` times each.
    fn yields(&self, tasks: usize, turns: usize) -> Option<Duration>;

    /// `count` empty tasks, each joined before the next one is started.
    fn spawn_one(&self, count: usize) -> Option<Duration>;

    /// `rounds` times: `batch` empty tasks are started, then joined.
    fn spawn_batch(&self, rounds: usize, batch: usize) -> Option<Duration>;

    /// A tree of tasks with ten branches each, down to `leaves` tasks which send their number; all
    /// others send the sum of what they receive. Also returns the sum.
    fn skynet(&self, leaves: u64) -> Option<(Duration, u64)>;

    /// Two tasks and two channels of capacity 0: a message goes there and back `rounds` times.
    fn pingpong(&self, rounds: usize) -> Option<Duration>;

    /// Messages through one channel. Panics if one is lost.
    fn chanbuf(&self, shape: Buffered) -> Option<Duration>;

    /// One task receives `messages` messages from four channels at once, each of which has one
    /// sender.
    fn select(&self, messages: usize, capacity: usize) -> Option<Duration>;

    /// `tasks` tasks add 1 to a number under one mutex, `turns` times each. Panics if one is lost.
    fn mutex(&self, tasks: usize, turns: usize) -> Option<Duration>;

    /// A chain of filters, one task each, that finds the first `count` primes. Also returns the
    /// last one.
    fn sieve(&self, count: usize, capacity: usize) -> Option<(Duration, u64)>;

    /// Starts `tasks` tasks that wait for what never comes, and returns 20 ms after all have begun,
    /// with the time it took until then. They go on waiting.
    fn park(&self, tasks: usize) -> Option<Duration>;

    /// `tasks` tasks sleep `rounds` times, as long as their [`Delays`](crate::Delays) say.
    fn timers(&self, tasks: usize, rounds: usize) -> Option<Duration>;

    /// `count` tasks compute for `duration` and never give way; beside them one sleeps 1 ms again
    /// and again. Returns by how much each of its sleeps was too long.
    fn hogs(&self, count: usize, duration: Duration) -> Option<Vec<Duration>>;

    /// `count` tasks are blocked in the kernel for 50 ms each, and tell the runtime or not; beside
    /// them one sleeps as above. Nothing where there is no way to tell.
    fn blocked(&self, count: usize, announced: bool) -> Option<Blocks>;

    /// Sends back what comes in, with a task for each connection.
    fn serve_echo(&self, listener: TcpListener) -> Option<Served>;

    /// Answers HTTP/1.1 requests with a greeting, by what its users take for that.
    fn serve_http(&self, _listener: TcpListener) -> Option<Served> {
        None
    }
}

/// What came of [`Peer::blocked`].
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Until the last one was done.
    pub wall: Duration,
    /// By how much each sleep of the one beside them was too long.
    pub delays: Vec<Duration>,
}

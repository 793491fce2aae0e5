//! All bodies, for programs that run them one after the other. Such a program has modules `rt`, the
//! crate or `rt_main`, and `io`.

mod net;
mod order;
mod progress;
mod stops;
mod sync;
mod time;
mod turns;

type Body = (&'static str, fn());

/// Those with `words` in their names.
pub(crate) fn named(words: &str) -> impl Iterator<Item = Body> {
    ALL.iter().copied().flatten().copied().filter(move |(name, _)| name.contains(words))
}

/// Each file's.
const ALL: &[&[Body]] = &[
    sync::chan::ALL,
    sync::select::ALL,
    sync::mutex::ALL,
    sync::rwlock::ALL,
    sync::condvar::ALL,
    sync::once::ALL,
    sync::mpsc::ALL,
    sync::semaphore::ALL,
    sync::wait_group::ALL,
    sync::scope::ALL,
    order::ALL,
    progress::ALL,
    turns::ALL,
    stops::ALL,
    time::ALL,
    net::deadline::ALL,
    net::close::ALL,
    net::ready::ALL,
    net::tcp::ALL,
    net::udp::ALL,
    net::unix::ALL,
    net::stress::ALL,
];

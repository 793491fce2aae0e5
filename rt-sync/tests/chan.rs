//! Channels and select on plain threads.

#[path = "bodies/chan.rs"]
mod chan;
#[path = "bodies/spawn.rs"]
mod spawn;
#[path = "bodies/threads.rs"]
mod threads;

use threads::{Std, Threads};

macro_rules! on_threads {
    ($($name:ident: $body:expr;)*) => {
        $(#[test]
        fn $name() {
            $body;
        })*
    };
}

on_threads! {
    chan: chan::chan::<Std>(Threads);
    default_is_for_nothing_ready: chan::default_is_for_nothing_ready::<Std>(Threads, 300);
    select_stress: chan::select_stress::<Std>(Threads, 1000);
    select_is_fair: chan::select_is_fair::<Std>();
    self_select: chan::self_select::<Std>(Threads, 300);
    duplicate_channel: chan::duplicate_channel::<Std>(Threads);
    select_meets_select: chan::select_meets_select::<Std>(Threads, 1000);
    disconnects: chan::disconnects::<Std>(Threads);
    times: chan::times::<Std>(Threads);
    ready_and_abandon: chan::ready_and_abandon::<Std>(Threads);
}

//! rt-sync's bodies of channels on goroutines, at 1, 2 and 4 Ps. Plain threads run them in rt-sync.

#[path = "../../rt-sync/tests/bodies/chan.rs"]
mod chan;
mod goroutines;
#[path = "../../rt-sync/tests/bodies/mpsc.rs"]
mod mpsc;
#[path = "../../rt-sync/tests/bodies/spawn.rs"]
mod spawn;

use goroutines::{Goroutines as G, on_goroutines};
use rt::host::StdHost as Std;

on_goroutines! {
    chan: |_| chan::chan::<Std>(G);
    default_is_for_nothing_ready: |_| chan::default_is_for_nothing_ready::<Std>(G, 300);
    select_stress: |_| chan::select_stress::<Std>(G, 1000);
    select_is_fair: |_| chan::select_is_fair::<Std>();
    self_select: |_| chan::self_select::<Std>(G, 300);
    duplicate_channel: |_| chan::duplicate_channel::<Std>(G);
    select_meets_select: |_| chan::select_meets_select::<Std>(G, 1000);
    disconnects: |_| chan::disconnects::<Std>(G);
    times: |_| chan::times::<Std>(G);
    ready_and_abandon: |_| chan::ready_and_abandon::<Std>(G);
    mpsc_many_send: |_| for bound in [None, Some(0), Some(1), Some(100)] {
        mpsc::many_send::<Std>(G, bound);
    };
    mpsc_ends: |_| mpsc::ends::<Std>(G);
}

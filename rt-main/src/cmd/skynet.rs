//! `skynet N`: a tree of goroutines, ten to each, whose N leaves send their numbers up the channels
//! of the tree.

use rt_main::chan::{Sender, bounded};
use rt_main::{eprintln, go, println, runtime};

use super::{Outcome, number};

/// Children of a goroutine.
const FAN_OUT: u64 = 10;

pub(crate) fn run(args: impl Iterator<Item = &'static [u8]>) -> Outcome {
    let leaves = number(args)?;
    let wanted = u128::from(leaves) * u128::from(leaves.saturating_sub(1)) / 2;
    let Ok(wanted) = u64::try_from(wanted) else {
        eprintln!("skynet: the sum of {leaves} leaves is more than 64 bits");
        return Ok(1);
    };
    let (sender, receiver) = bounded(0);
    go(move || node(0, leaves, &sender));
    let Ok(sum) = receiver.recv() else { return Ok(1) };
    if sum != wanted {
        eprintln!("skynet: the sum is {sum}, not {wanted}");
        return Ok(1);
    }
    println!("{leaves} leaves on {} Ps, their sum is {sum}", runtime::procs());
    Ok(0)
}

/// Sends the sum of the numbers of `leaves` leaves from `first` on.
fn node(first: u64, leaves: u64, up: &Sender<u64>) {
    if leaves <= 1 {
        let _parent_waits = up.send(if leaves == 0 { 0 } else { first });
        return;
    }
    let (sender, receiver) = bounded(0);
    let mut at = first;
    for child in 0..FAN_OUT {
        // As even as it goes.
        let share = leaves / FAN_OUT + u64::from(child < leaves % FAN_OUT);
        let (sender, start) = (sender.clone(), at);
        at += share;
        if share > 0 {
            go(move || node(start, share, &sender));
        }
    }
    drop(sender);
    let _parent_waits = up.send(receiver.iter().sum());
}

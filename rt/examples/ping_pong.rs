//! Two goroutines hand a number to and fro over two channels.

use rt::chan::{Receiver, Sender, bounded};

const ROUNDS: u32 = 1000;

/// Sends on what it gets, plus one, until the other side is gone.
fn player(input: &Receiver<u32>, output: &Sender<u32>) {
    for number in input {
        if output.send(number + 1).is_err() {
            break;
        }
    }
}

fn main() {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let (ping, to_pong) = bounded(0);
            let (pong, to_ping) = bounded(0);
            rt::go(move || player(&to_pong, &pong));
            let mut number = 0;
            for _ in 0..ROUNDS {
                ping.send(number).unwrap();
                number = to_ping.recv().unwrap();
            }
            println!("after {ROUNDS} rounds the number is {number}");
        });
    }
}

//! A program written for `std::sync::mpsc`, with its `use` lines changed: the producer is at most
//! three items ahead.

use rt::sync::mpsc::sync_channel;
use rt::thread;

fn main() {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let (sender, receiver) = sync_channel(3);
            let producer = thread::spawn(move || {
                for item in 1..=10 {
                    sender.send(item).unwrap();
                }
            });
            let consumer = thread::spawn(move || receiver.iter().map(|item| item * item).sum());
            producer.join().unwrap();
            let sum: u32 = consumer.join().unwrap();
            println!("the squares add up to {sum}");
        });
    }
}

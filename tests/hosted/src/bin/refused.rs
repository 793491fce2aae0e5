//! Asks for what is not to be had.

use std::io::ErrorKind;
use std::time::Duration;

use hosted::os::{allow_more_kib, keep_room_in_the_heap};
use hosted::{first_argument, run};

fn main() {
    match first_argument().as_str() {
        // No runtime: each call says what to call first.
        "not-started" => rt::go(|| ()),
        // Address space ends: Builder::spawn says so, and all goes on.
        "stacks" => {
            keep_room_in_the_heap();
            // Whose thread is found blocked later needs another one, from among these.
            run(|| {
                let nap = || rt::blocking(|| std::thread::sleep(Duration::from_millis(20)));
                let blocked = [(); 4].map(|()| rt::thread::spawn(nap));
                blocked.into_iter().for_each(|one| one.join().unwrap());
            });
            allow_more_kib(1 << 20);
            run(spawn_until_refused);
        }
        // Threads end: Go's fatal text.
        "threads" => run(|| {
            let calls: Vec<_> = (0..10_000)
                .map(|_| {
                    rt::thread::spawn(|| {
                        rt::blocking(|| std::thread::sleep(Duration::from_secs(20)));
                    })
                })
                .collect();
            calls.into_iter().for_each(|call| call.join().unwrap());
        }),
        other => panic!("what is {other}?"),
    }
}

fn spawn_until_refused() {
    let mut handles = Vec::new();
    let error = loop {
        let builder = rt::thread::Builder::new();
        match builder.spawn(rt::thread::park) {
            Ok(handle) => handles.push(handle),
            Err(error) => break error,
        }
        assert!(handles.len() < 100_000, "a GiB is not enough for these");
    };
    println!("refused: {:?}", error.kind() == ErrorKind::OutOfMemory);
    std::panic::set_hook(Box::new(|_| {})); // the next panic is deliberate
    // A thread that ends meanwhile may leave room for another stack.
    let panicked = (0..1000).any(|_| {
        let spawned = std::panic::catch_unwind(|| rt::thread::spawn(rt::thread::park));
        spawned.map(|handle| handles.push(handle)).is_err()
    });
    println!("spawn panics: {panicked}");
    for handle in &handles {
        handle.thread().unpark();
    }
    let count = handles.len();
    let joined = handles.into_iter().filter_map(|handle| handle.join().ok()).count();
    println!("all joined: {}", joined == count && count > 1000);
    println!("goes on: {}", rt::thread::spawn(|| 7).join().unwrap() == 7);
}

//! Runs out of stack: on a goroutine, on one with a larger stack, or on a plain thread.

use hosted::{first_argument, run, use_stack_kib};

fn main() {
    let what = first_argument();
    let far = 1 << 20;
    run(|| match what.as_str() {
        "goroutine" => drop(rt::thread::spawn(move || use_stack_kib(far)).join()),
        "large" => {
            let builder = rt::thread::Builder::new().name("deep".into()).stack_size(1 << 20);
            drop(builder.spawn(move || use_stack_kib(far)).unwrap().join());
        }
        "enough" => {
            let builder = rt::thread::Builder::new().stack_size(8 << 20);
            let used = builder.spawn(move || use_stack_kib(4 << 10)).unwrap().join().unwrap();
            println!("used {used}");
        }
        "thread" => {
            let builder = std::thread::Builder::new().name("plain".into());
            let thread = builder.spawn(move || use_stack_kib(far)).unwrap();
            drop(rt::blocking(|| thread.join()));
        }
        other => panic!("what is {other}?"),
    });
}

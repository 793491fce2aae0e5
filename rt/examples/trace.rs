//! Takes an execution trace of a small program: `trace FILE`, then open the file in
//! <https://ui.perfetto.dev>, or draw it with `cargo xtask trace FILE`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Duration;

use rt::chan::{Receiver, Sender, bounded};
use rt::runtime::trace;

/// Numbers, a few at a time.
fn source(out: Sender<u64>) {
    for batch in 0..12 {
        rt::thread::sleep(Duration::from_micros(300));
        let _region = trace::region("batch");
        for number in 0..16 {
            out.send(batch * 16 + number).expect("somebody works");
        }
    }
    trace::mark("the last batch is out");
}

/// Each takes some time.
fn work(numbers: Receiver<u64>, out: Sender<u64>) {
    for number in numbers {
        let steps = (0..20_000 + number * 300).fold(number, |sum, i| std::hint::black_box(sum ^ i));
        out.send(steps).expect("somebody collects");
    }
}

fn program() {
    let (numbers, work_in) = bounded(4);
    let (results, sums) = bounded(0);
    let spawn = |name: &str| rt::thread::Builder::new().name(name.to_owned());
    spawn("source").spawn(|| source(numbers)).expect("a stack");
    for _ in 0..3 {
        let (work_in, results) = (work_in.clone(), results.clone());
        spawn("worker").spawn(|| work(work_in, results)).expect("a stack");
    }
    drop((work_in, results));
    let hog = spawn("hog").spawn(|| (0..30_000_000u64).fold(0, |a, b| std::hint::black_box(a ^ b)));
    println!("{} results", sums.iter().count());
    hog.expect("a stack").join().expect("it does not panic");
}

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "trace.json".to_owned());
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    let trace = unsafe {
        rt::run(|| {
            trace::start(trace::Options::default()).expect("none is on");
            program();
            trace::stop().expect("it is on")
        })
    };
    let mut file = BufWriter::new(File::create(&path)?);
    write!(file, "{}", trace.perfetto())?;
    file.flush()?;
    println!("{path}: {:.3} ms", trace.duration_ns() as f64 / 1e6);
    Ok(())
}

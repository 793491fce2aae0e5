//! Children side by side: each has a goroutine that feeds it, reads what it says and waits for it.
//! However many they are, few threads are needed.

use rt::io::{self, Write};
use rt::process::{Command, Stdio};

const NAPS: usize = 20;

/// What `wc -w` counts.
fn words(text: &str) -> io::Result<String> {
    let mut child =
        Command::new("wc").arg("-w").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().expect("it was asked for").write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn main() -> io::Result<()> {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let nap = || Command::new("sleep").arg("0.2").status();
            let naps: Vec<_> = (0..NAPS).map(|_| rt::thread::spawn(nap)).collect();
            let texts = ["one", "one two", "one two three"];
            let counts = texts.map(|text| rt::thread::spawn(move || words(text)));
            for (text, count) in texts.into_iter().zip(counts) {
                writeln!(io::stdout(), "{text:?} has {} words", count.join().unwrap()?)?;
            }
            let mut slept = 0;
            for nap in naps {
                slept += usize::from(nap.join().unwrap()?.success());
            }
            writeln!(io::stdout(), "{slept} of {NAPS} have slept")
        })
    }
}

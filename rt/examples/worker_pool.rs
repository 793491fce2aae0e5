//! A pool of workers with a time limit: whoever is ready takes the next job, and the collector
//! stops waiting when the time is over.

use rt::chan::{after, bounded, select, unbounded};
use rt::thread::sleep;
use rt::time::Duration;

const WORKERS: usize = 4;
const JOBS: u64 = 20;

/// What a job is worth; number 13 takes too long.
fn work(job: u64) -> u64 {
    sleep(if job == 13 { Duration::from_secs(3600) } else { Duration::from_millis(2) });
    job * job
}

fn main() {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let (submit, jobs) = unbounded();
            let (done, results) = bounded(WORKERS);
            for _ in 0..WORKERS {
                let (jobs, done) = (jobs.clone(), done.clone());
                rt::go(move || {
                    for job in jobs {
                        if done.send((job, work(job))).is_err() {
                            break;
                        }
                    }
                });
            }
            for job in 0..JOBS {
                submit.send(job).unwrap();
            }
            let limit = after(Duration::from_millis(500));
            let (mut count, mut sum) = (0, 0);
            loop {
                select! {
                    recv(results) -> result => {
                        let (_job, worth) = result.unwrap();
                        count += 1;
                        sum += worth;
                    }
                    recv(limit) -> _ => break,
                }
            }
            println!("{count} of {JOBS} jobs done in time, worth {sum}");
        });
    }
}

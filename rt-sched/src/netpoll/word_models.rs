//! What the word promises to readers and writers of a descriptor, in every order of steps.

use super::*;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool as Flag, AtomicUsize as Data};
use loom::thread;

/// A descriptor: bytes that are there, and the word.
struct File {
    bytes: Data,
    word: WaitWord,
    closing: Flag,
}

fn file() -> Arc<File> {
    Arc::new(File { bytes: Data::new(0), word: WaitWord::new(), closing: Flag::new(false) })
}

impl File {
    /// The kernel: bytes come, and are reported.
    fn arrive(&self) {
        self.bytes.fetch_add(1, Ordering::SeqCst);
        self.word.event().ready();
    }

    /// One system call: takes one byte. False: there is none.
    fn take(&self) -> bool {
        let take = |bytes: usize| bytes.checked_sub(1);
        self.bytes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
    }

    /// Reads one byte; there may be more. False: closed.
    fn read(&self) -> bool {
        let mut may_try = self.word.may_try();
        loop {
            if may_try && self.take() {
                self.word.event().ready();
                return true;
            }
            match self.word.wait(None, || self.closing.load(Ordering::SeqCst)) {
                Woken::Ready => may_try = true,
                Woken::Kicked if self.closing.load(Ordering::SeqCst) => return false,
                Woken::Kicked => may_try = false,
                Woken::TimedOut => unreachable!("there is no deadline"),
            }
        }
    }

    /// Takes one byte, as one who only looks at READY first: writers take room so.
    fn take_by_a_look(&self) {
        let (mut seen, mut taken) = (self.word.is_ready(), false);
        loop {
            if seen || taken {
                if self.take() {
                    if taken {
                        self.word.event().ready();
                    }
                    return;
                }
                if !taken && self.word.may_try() {
                    taken = true;
                    continue;
                }
            }
            (seen, taken) = (false, self.word.wait(None, || false) == Woken::Ready);
        }
    }

    /// Waits with a deadline that is there at once.
    fn wait_no_time(&self) -> Woken {
        self.word.wait_with(
            true,
            || false,
            |spot, claim| {
                if claim.is_some_and(Claim::expire) {
                    spot.cancel();
                    return false;
                }
                spot.commit();
                true
            },
        )
    }
}

#[test]
fn loom_each_byte_is_read() {
    loom::model(|| {
        let file = file();
        let theirs = Arc::clone(&file);
        let reader = thread::spawn(move || assert!(theirs.read() && theirs.read()));
        file.arrive();
        file.arrive();
        reader.join().unwrap();
    });
}

#[test]
fn loom_two_readers_get_two_bytes() {
    loom::model(|| {
        let file = file();
        let theirs = Arc::clone(&file);
        let reader = thread::spawn(move || assert!(theirs.read()));
        file.arrive();
        file.arrive();
        assert!(file.read());
        reader.join().unwrap();
    });
}

#[test]
fn loom_a_close_is_seen() {
    loom::model(|| {
        let file = file();
        let theirs = Arc::clone(&file);
        let reader = thread::spawn(move || theirs.read());
        file.closing.store(true, Ordering::SeqCst);
        file.word.kick().ready();
        assert!(!reader.join().unwrap());
    });
}

#[test]
fn loom_what_comes_too_late_is_there_for_the_next() {
    loom::model(|| {
        let file = file();
        let theirs = Arc::clone(&file);
        let kernel = thread::spawn(move || theirs.arrive());
        if file.wait_no_time() == Woken::Ready {
            file.word.event().ready(); // not used
        }
        assert!(file.read());
        kernel.join().unwrap();
    });
}

#[test]
fn loom_one_who_leaves_has_the_others_stay() {
    loom::model(|| {
        let file = file();
        let theirs = Arc::clone(&file);
        let reader = thread::spawn(move || assert!(theirs.read()));
        let woken = file.wait_no_time();
        if woken == Woken::Ready {
            file.word.event().ready(); // not used
        }
        file.arrive();
        reader.join().unwrap();
    });
}

#[test]
fn loom_two_who_only_look_get_two_bytes() {
    loom::model(|| {
        let file = file();
        file.word.event().ready(); // it was ready once
        let theirs = Arc::clone(&file);
        let writer = thread::spawn(move || theirs.take_by_a_look());
        file.arrive();
        file.arrive();
        file.take_by_a_look();
        writer.join().unwrap();
    });
}

#[test]
fn loom_who_looks_and_who_takes_get_a_byte_each() {
    loom::model(|| {
        let file = file();
        file.word.event().ready();
        let theirs = Arc::clone(&file);
        let other = thread::spawn(move || theirs.take_by_a_look());
        file.arrive();
        file.arrive();
        assert!(file.read());
        other.join().unwrap();
    });
}

/// A short read has come to the end of what there was, and does not give READY back.
#[test]
fn loom_after_a_short_read_the_rest_is_an_event() {
    loom::model(|| {
        let file = file();
        let theirs = Arc::clone(&file);
        let kernel = thread::spawn(move || {
            theirs.arrive();
            theirs.arrive();
        });
        let mut sum = 0;
        let mut may_try = file.word.may_try();
        while sum < 2 {
            let got = if may_try { file.bytes.swap(0, Ordering::SeqCst) } else { 0 };
            sum += got;
            may_try = if got > 0 {
                file.word.may_try()
            } else {
                file.word.wait(None, || false) == Woken::Ready
            };
        }
        kernel.join().unwrap();
    });
}

mod ends {
    //! Bytes and the end behind them, reported together.

    use super::*;

    struct Stream {
        bytes: Data,
        ended: Flag,
        tries_first: Flag,
        word: WaitWord,
    }

    impl Stream {
        /// The kernel: both come, then the one report of them.
        fn arrive(&self) {
            self.bytes.store(1, Ordering::SeqCst);
            self.ended.store(true, Ordering::SeqCst);
            self.tries_first.store(true, Ordering::SeqCst);
            self.word.event().ready();
        }

        /// One system call that asks for more than there is. `None`: nothing yet.
        fn take(&self) -> Option<usize> {
            let ended = self.ended.load(Ordering::SeqCst);
            Some(self.bytes.swap(0, Ordering::SeqCst)).filter(|got| *got != 0 || ended)
        }

        /// Reads, as `Pollable` does.
        fn read(&self) -> usize {
            let mut taken = self.word.may_try();
            let mut tries = taken || self.tries_first.load(Ordering::Acquire);
            loop {
                if tries && let Some(got) = self.take() {
                    let is_drained = got != 0 && !self.tries_first.load(Ordering::Acquire);
                    if taken && !is_drained {
                        self.word.event().ready();
                    }
                    return got;
                }
                taken = self.word.wait(None, || false) == Woken::Ready;
                tries = taken;
            }
        }

        fn read_all(&self) -> usize {
            let mut sum = 0;
            while let got @ 1.. = self.read() {
                sum += got;
            }
            sum
        }
    }

    /// Who reads the bytes and stops short takes nothing from the one who waits for the end.
    #[test]
    fn loom_two_readers_see_the_end() {
        loom::model(|| {
            let stream = Arc::new(Stream {
                bytes: Data::new(0),
                ended: Flag::new(false),
                tries_first: Flag::new(false),
                word: WaitWord::new(),
            });
            let theirs = Arc::clone(&stream);
            let other = thread::spawn(move || theirs.read_all());
            let theirs = Arc::clone(&stream);
            let kernel = thread::spawn(move || theirs.arrive());
            let sum = stream.read_all();
            assert_eq!(sum + other.join().unwrap(), 1);
            kernel.join().unwrap();
        });
    }
}

mod tasks {
    //! A task beside the word.

    use super::*;
    use core::task::Waker;
    use rt_wait::parker::Parker;

    struct Signal(Parker);

    impl std::task::Wake for Signal {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }

    /// Polls `step` until it is done; sleeps in between.
    fn block_on(mut step: impl FnMut(&Waker) -> bool) {
        let signal = std::sync::Arc::new(Signal(Parker::new()));
        let waker = Waker::from(std::sync::Arc::clone(&signal));
        while !step(&waker) {
            signal.0.park();
        }
    }

    impl File {
        /// One poll for one byte; there may be more. `None`: told later. False: closed.
        fn poll_read(&self, waker: &Waker) -> Option<bool> {
            let mut may_try = self.word.may_try();
            loop {
                if may_try && self.take() {
                    self.word.event().ready();
                    return Some(true);
                }
                may_try = !self.word.listen(waker.clone());
                if self.closing.load(Ordering::SeqCst) {
                    return Some(false);
                }
                if !may_try {
                    return None;
                }
            }
        }

        /// Reads so many bytes.
        fn task_reads(&self, mut count: usize) {
            block_on(|waker| {
                while count != 0 && self.poll_read(waker).is_some() {
                    count -= 1;
                }
                count == 0
            });
        }
    }

    #[test]
    fn loom_a_task_reads_each_byte() {
        loom::model(|| {
            let file = file();
            let theirs = Arc::clone(&file);
            let task = thread::spawn(move || theirs.task_reads(2));
            file.arrive();
            file.arrive();
            task.join().unwrap();
        });
    }

    #[test]
    fn loom_a_task_and_a_reader_get_a_byte_each() {
        loom::model(|| {
            let file = file();
            let theirs = Arc::clone(&file);
            let task = thread::spawn(move || theirs.task_reads(1));
            let kernel = Arc::clone(&file);
            let kernel = thread::spawn(move || {
                kernel.arrive();
                kernel.arrive();
            });
            assert!(file.read());
            task.join().unwrap();
            kernel.join().unwrap();
        });
    }

    #[test]
    fn loom_a_task_sees_a_close() {
        loom::model(|| {
            let file = file();
            let theirs = Arc::clone(&file);
            let task = thread::spawn(move || {
                block_on(|waker| theirs.poll_read(waker).inspect(|got| assert!(!got)).is_some());
            });
            file.closing.store(true, Ordering::SeqCst);
            file.word.kick().ready();
            task.join().unwrap();
        });
    }

    /// Another waker takes the place of the first, while the first is told.
    #[test]
    fn loom_the_last_waker_is_told() {
        loom::model(|| {
            let file = file();
            let theirs = Arc::clone(&file);
            let kernel = thread::spawn(move || theirs.arrive());
            if file.poll_read(Waker::noop()).is_none() {
                file.task_reads(1);
            }
            kernel.join().unwrap();
        });
    }
}

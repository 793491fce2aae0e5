//! The read-write lock: writers exclude, and nobody sleeps for ever.

use loom::sync::Arc;

use super::{SOME_TIME, Watched, clock, watched, with};
use crate::sync::raw::RawRwLock;

type Shared = (RawRwLock, Watched);

fn shared() -> Arc<Shared> {
    Arc::new((RawRwLock::new(), Watched::new()))
}

fn read((lock, value): &Shared) -> u32 {
    lock.read();
    let seen = value.get();
    watched::read_unlock(lock);
    seen
}

fn write((lock, value): &Shared) {
    lock.write();
    value.add();
    watched::write_unlock(lock);
}

#[test]
fn loom_rwlock_two_readers_one_writer() {
    loom::model(|| {
        let shared = shared();
        let writer = with(&shared, write);
        let reader = with(&shared, |shared| assert!(read(shared) <= 2));
        read(&shared);
        writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(read(&shared), 1);
    });
}

#[test]
fn loom_rwlock_two_writers_one_reader() {
    loom::model(|| {
        let shared = shared();
        let writer = with(&shared, write);
        let reader = with(&shared, |shared| assert!(read(shared) <= 2));
        write(&shared);
        writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(read(&shared), 2);
    });
}

#[test]
fn loom_rwlock_writers_starve_and_hand_over() {
    loom::model(|| {
        let shared = shared();
        let writer = with(&shared, write);
        let other = with(&shared, |shared| {
            write(shared);
            write(shared);
        });
        write(&shared);
        write(&shared);
        writer.join().unwrap();
        other.join().unwrap();
        assert_eq!(read(&shared), 5);
    });
}

#[test]
fn loom_rwlock_downgrade() {
    loom::model(|| {
        let shared = shared();
        shared.0.write();
        let writer = with(&shared, write);
        let reader = with(&shared, |shared| assert!(read(shared) <= 2));
        shared.1.add();
        watched::downgrade(&shared.0);
        assert_eq!(shared.1.get(), 1);
        watched::read_unlock(&shared.0);
        writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(read(&shared), 2);
    });
}

/// A writer that gives up lets in the readers that it kept out, while the first one still reads.
#[test]
fn loom_rwlock_writer_gives_up() {
    loom::model(|| {
        let shared = shared();
        shared.0.read();
        let clock = clock();
        let writer = with(&shared, |(lock, value)| {
            if lock.write_until(SOME_TIME) {
                value.add();
                watched::write_unlock(lock);
            }
        });
        let reader = with(&shared, |shared| assert!(read(shared) <= 2));
        shared.1.get();
        watched::read_unlock(&shared.0);
        clock.join().unwrap();
        writer.join().unwrap();
        reader.join().unwrap();
        write(&shared);
    });
}

#[test]
fn loom_rwlock_reader_gives_up() {
    loom::model(|| {
        let shared = shared();
        shared.0.write();
        let clock = clock();
        let reader = with(&shared, |(lock, value)| {
            if lock.read_until(SOME_TIME) {
                value.get();
                watched::read_unlock(lock);
            }
        });
        let writer = with(&shared, write);
        shared.1.add();
        watched::write_unlock(&shared.0);
        clock.join().unwrap();
        writer.join().unwrap();
        reader.join().unwrap();
        write(&shared);
        assert_eq!(read(&shared), 3);
    });
}

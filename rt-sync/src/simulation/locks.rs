//! All the locks at once: a store with bounded room, whose goods are counted under a mutex, looked
//! at under a read-write lock, moved with permits, and whose doors are opened once.

use std::sync::Arc;
use std::vec::Vec;

use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::thread;

use super::{all, below, simulate};
use crate::host::NoStd;
use crate::sync::{Condvar, Mutex, Once, RwLock, Semaphore, WaitGroup};

const WORKERS: usize = 4;
const TURNS: usize = 3;
const ROOM: usize = 2;
const PERMITS: usize = 2;

struct Store {
    goods: Mutex<usize, NoStd>,
    /// Somebody has put or taken something.
    changed: Condvar,
    ledger: RwLock<(usize, usize), NoStd>, // two numbers that are equal
    carts: Semaphore,
    carts_out: AtomicUsize,
    opened: Once,
    times_opened: AtomicUsize,
}

impl Store {
    fn put(&self) {
        let mut goods = self.goods.lock().unwrap();
        while *goods == ROOM {
            goods = self.changed.wait(goods).unwrap();
        }
        *goods += 1;
        drop(goods);
        self.changed.notify_all();
    }

    fn take(&self) {
        let goods = self.goods.lock().unwrap();
        let mut goods = self.changed.wait_while(goods, |goods| *goods == 0).unwrap();
        *goods -= 1;
        drop(goods);
        self.changed.notify_all();
    }

    fn book(&self) {
        if below(2) == 0 {
            let mut ledger = self.ledger.write().unwrap();
            ledger.0 += 1;
            thread::yield_now();
            ledger.1 += 1;
        } else {
            let ledger = self.ledger.read().unwrap();
            thread::yield_now();
            assert_eq!(ledger.0, ledger.1, "a reader beside a writer");
        }
    }

    fn drive(&self) {
        let cart = self.carts.acquire();
        assert!(self.carts_out.fetch_add(1, SeqCst) < PERMITS, "more carts than there are");
        thread::yield_now();
        self.carts_out.fetch_sub(1, SeqCst);
        drop(cart);
    }

    fn work(&self) {
        self.opened.call_once(|| {
            self.times_opened.fetch_add(1, SeqCst);
        });
        assert_eq!(self.times_opened.load(SeqCst), 1);
        for _ in 0..TURNS {
            match below(3) {
                0 => self.book(),
                1 => self.drive(),
                _ => {
                    if let Ok(goods) = self.goods.try_lock() {
                        assert!(*goods <= ROOM);
                    }
                }
            }
        }
    }
}

#[test]
fn simulate_a_store() {
    simulate(|| {
        let store = Arc::new(Store {
            goods: Mutex::new(0),
            changed: Condvar::new(),
            ledger: RwLock::new((0, 0)),
            carts: Semaphore::new(PERMITS),
            carts_out: AtomicUsize::new(0),
            opened: Once::new(),
            times_opened: AtomicUsize::new(0),
        });
        let group = Arc::new(WaitGroup::new());
        group.add(WORKERS as isize);
        let mut threads = Vec::new();
        for worker in 0..WORKERS {
            let (store, group) = (Arc::clone(&store), Arc::clone(&group));
            threads.push(thread::spawn(move || {
                for _ in 0..TURNS {
                    store.work();
                    if worker % 2 == 0 { store.put() } else { store.take() }
                }
                group.done();
            }));
        }
        threads.push(thread::spawn(move || group.wait()));
        all(threads);
        assert_eq!(*store.goods.lock().unwrap(), 0);
    });
}

//! What std's documents say of the locks beyond waiting: names, traits, forms, and what they print.

mod threads;

use std::cell::Cell;
use std::error::Error;
use std::fmt::Debug;
use std::mem;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use rt_sync::sync::{
    Barrier, Condvar, LazyLock, Once, OnceLock, OnceState, PoisonError, TryLockError, WaitGroup,
};
use threads::Std;

type Mutex<T> = rt_sync::sync::Mutex<T, Std>;
type MutexGuard<'a, T> = rt_sync::sync::MutexGuard<'a, T, Std>;
type RwLock<T> = rt_sync::sync::RwLock<T, Std>;
type RwLockReadGuard<'a, T> = rt_sync::sync::RwLockReadGuard<'a, T, Std>;
type RwLockWriteGuard<'a, T> = rt_sync::sync::RwLockWriteGuard<'a, T, Std>;
type Semaphore = rt_sync::sync::Semaphore<Std>;

static COUNT: Mutex<u32> = Mutex::new(1);
static TABLE: RwLock<[u32; 2]> = RwLock::new([1, 2]);
static LAZY: LazyLock<Vec<u32>> = LazyLock::new(|| vec![1, 2, 3]);
static NAME: OnceLock<String> = OnceLock::new();
static ALL: (Condvar, Once, Barrier, Semaphore, WaitGroup) =
    (Condvar::new(), Once::new(), Barrier::new(0), Semaphore::new(1), WaitGroup::new());

#[test]
fn statics_need_no_start() {
    *COUNT.lock().unwrap() += 1;
    assert!(*COUNT.lock().unwrap() >= 2);
    TABLE.write().unwrap()[0] = 5;
    assert_eq!(*TABLE.read().unwrap(), [5, 2]);
    assert_eq!(LAZY.iter().sum::<u32>(), 6);
    assert_eq!(NAME.get_or_init(|| "once".into()), "once");
    ALL.0.notify_one();
    ALL.0.notify_all();
    ALL.1.call_once(|| {});
    assert!(ALL.2.wait().is_leader());
    drop(ALL.3.acquire());
    ALL.4.wait();
}

/// Does a type have a trait? Asks of both answers, which a bound cannot.
macro_rules! has {
    ($trait:path: $type:ty) => {{
        #[allow(dead_code, reason = "not when the type has the trait")]
        trait Lacks {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Lacks for T {}
        #[allow(dead_code, reason = "a name to ask")]
        struct Asked<T: ?Sized>(std::marker::PhantomData<T>);
        impl<T: ?Sized + $trait> Asked<T> {
            #[allow(dead_code, reason = "not when the trait is lacking")]
            const HAS: bool = true;
        }
        <Asked<$type>>::HAS
    }};
}

#[test]
fn send_and_sync_are_stds() {
    macro_rules! same {
        ($($name:ident[$($arg:tt),*];)*) => {$(
            let ours = (
                has!(Send: $name<$($arg),*>), has!(Sync: $name<$($arg),*>),
                has!(UnwindSafe: $name<$($arg),*>), has!(RefUnwindSafe: $name<$($arg),*>),
                has!(Unpin: $name<$($arg),*>),
            );
            let stds = (
                has!(Send: std::sync::$name<$($arg),*>), has!(Sync: std::sync::$name<$($arg),*>),
                has!(UnwindSafe: std::sync::$name<$($arg),*>),
                has!(RefUnwindSafe: std::sync::$name<$($arg),*>),
                has!(Unpin: std::sync::$name<$($arg),*>),
            );
            assert_eq!(ours, stds, "{}<{}>", stringify!($name), stringify!($($arg),*));
        )*};
    }
    type Unshared = Cell<u32>;
    type Local = Rc<u32>;
    same! {
        Mutex[u32]; Mutex[Unshared]; Mutex[Local];
        MutexGuard['static, u32]; MutexGuard['static, Unshared];
        RwLock[u32]; RwLock[Unshared]; RwLock[Local];
        RwLockReadGuard['static, u32]; RwLockReadGuard['static, Unshared];
        RwLockWriteGuard['static, u32]; RwLockWriteGuard['static, Unshared];
        OnceLock[u32]; OnceLock[Unshared]; OnceLock[Local];
        LazyLock[u32]; LazyLock[Unshared]; LazyLock[Local];
        PoisonError[u32]; TryLockError[u32]; Condvar[]; Once[]; OnceState[]; Barrier[];
    }
    assert!(has!(Error: PoisonError<Unshared>) && has!(Error: TryLockError<Unshared>));
}

#[test]
fn they_print_as_std_does() {
    let lock = Mutex::new(3);
    assert_eq!(format!("{lock:?}"), "Mutex { data: 3, poisoned: false, .. }");
    let held = lock.lock().unwrap();
    assert_eq!(format!("{held} {held:?}"), "3 3");
    assert_eq!(format!("{lock:?}"), "Mutex { data: <locked>, poisoned: false, .. }");
    assert_eq!(format!("{:?}", lock.try_lock()), "Err(\"WouldBlock\")");
    let would_block = "try_lock failed because the operation would block";
    assert_eq!(lock.try_lock().unwrap_err().to_string(), would_block);
    drop(held);
    drop(catch_unwind(|| {
        let _held = lock.lock().unwrap();
        panic!("as the test wants");
    }));
    assert_eq!(format!("{lock:?}"), "Mutex { data: 3, poisoned: true, .. }");
    assert_eq!(format!("{:?}", lock.lock()), "Err(PoisonError { .. })");
    assert_eq!(format!("{:?}", lock.try_lock()), "Err(\"Poisoned(..)\")");
    assert_eq!(lock.lock().unwrap_err().to_string(), "poisoned lock: another task failed inside");

    let lock = RwLock::new(3);
    assert_eq!(format!("{lock:?}"), "RwLock { data: 3, poisoned: false, .. }");
    let held = lock.write().unwrap();
    assert_eq!(format!("{lock:?} {held}"), "RwLock { data: <locked>, poisoned: false, .. } 3");
    drop(held);
    assert_eq!(format!("{:?}", lock.read().unwrap()), "3");

    let once = OnceLock::new();
    assert_eq!(format!("{once:?}"), "OnceLock(<uninit>)");
    once.set(3).unwrap();
    assert_eq!(format!("{once:?}"), "OnceLock(3)");
    let lazy: LazyLock<i32> = LazyLock::new(|| 3);
    assert_eq!(format!("{lazy:?}"), "LazyLock(<uninit>)");
    assert_eq!((*lazy, format!("{lazy:?}").as_str()), (3, "LazyLock(3)"));
    let leader = Barrier::new(1).wait();
    assert_eq!(format!("{leader:?}"), "BarrierWaitResult { is_leader: true }");
    let others: [&dyn Debug; 3] = [&Condvar::new(), &Once::new(), &Barrier::new(1)];
    assert_eq!(
        others.map(|o| format!("{o:?}")),
        ["Condvar { .. }", "Once { .. }", "Barrier { .. }"]
    );
}

#[test]
fn they_may_hold_what_has_no_size() {
    let lock: Arc<Mutex<dyn Debug + Send>> = Arc::new(Mutex::new(5));
    assert_eq!(format!("{:?}", &*lock.lock().unwrap()), "5");
    let lock: Box<RwLock<[u32]>> = Box::new(RwLock::new([1, 2, 3]));
    lock.write().unwrap()[1] = 7;
    assert_eq!(lock.read().unwrap().iter().sum::<u32>(), 11);
}

#[test]
fn values_come_out() {
    let mut lock = Mutex::from(vec![1]);
    lock.get_mut().unwrap().push(2);
    assert_eq!(lock.into_inner().unwrap(), [1, 2]);
    let mut lock = RwLock::<Vec<u32>>::default();
    lock.get_mut().unwrap().push(2);
    assert_eq!(lock.into_inner().unwrap(), [2]);
    let mut lock = Mutex::<u32>::default();
    drop(catch_unwind(AssertUnwindSafe(|| {
        let _held = lock.lock().unwrap();
        panic!("as the test wants");
    })));
    *lock.get_mut().unwrap_err().into_inner() = 4;
    assert_eq!(lock.into_inner().unwrap_err().into_inner(), 4);
    let error = PoisonError::new(5);
    assert_eq!((*error.get_ref(), TryLockError::from(error).to_string().is_empty()), (5, false));
}

#[test]
fn values_are_dropped_once() {
    let value = Arc::new(());
    drop((Mutex::new(Arc::clone(&value)), RwLock::new(Arc::clone(&value))));
    let once = OnceLock::from(Arc::clone(&value));
    let same = once.clone();
    assert_eq!((Arc::strong_count(&value), once == same), (3, true));
    assert!(once.set(Arc::clone(&value)).is_err());
    drop(once);
    drop(same.into_inner());
    let (unused, used) = (Arc::clone(&value), Arc::clone(&value));
    drop(LazyLock::new(move || unused));
    let lazy = LazyLock::new(move || used);
    assert_eq!(Arc::strong_count(&lazy), 2);
    drop(lazy);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn once_values_by_the_owner() {
    let mut once = OnceLock::new();
    assert_eq!((once.take(), once.get_mut()), (None, None));
    assert_eq!((once.set(3), once.set(4)), (Ok(()), Err(4)));
    *once.get_mut().unwrap() += 1;
    assert_eq!((once.take(), once.get(), once.set(9), once.wait()), (Some(4), None, Ok(()), &9));
    let mut lazy = LazyLock::new(|| 3);
    assert!(LazyLock::get(&lazy).is_none() && LazyLock::get_mut(&mut lazy).is_none());
    *LazyLock::force_mut(&mut lazy) += 1;
    *lazy += 1;
    assert_eq!((LazyLock::get(&lazy), *LazyLock::force(&lazy)), (Some(&5), 5));
    assert_eq!(*LazyLock::<u32>::default(), 0);
}

#[test]
fn leaked_guards_leave_it_locked() {
    let lock = Mutex::new(1);
    mem::forget(lock.lock());
    assert!(lock.try_lock().is_err());
    let lock = RwLock::new(1);
    mem::forget(lock.read());
    assert!(lock.try_write().is_err() && lock.try_read().is_ok());
    let semaphore = Semaphore::new(2);
    semaphore.acquire().forget();
    mem::forget(semaphore.acquire());
    assert!(semaphore.try_acquire().is_none());
}

#[test]
fn permits_have_bounds() {
    let most = Semaphore::new(Semaphore::MAX_PERMITS);
    assert!(catch_unwind(|| most.add_permits(1)).is_err());
    assert_eq!(most.available_permits(), Semaphore::MAX_PERMITS);
    drop(most.acquire_many(Semaphore::MAX_PERMITS));
    drop(most.acquire_many(0));
    assert!(catch_unwind(|| Semaphore::new(Semaphore::MAX_PERMITS + 1)).is_err());
    let permit = most.try_acquire_many(5).unwrap();
    assert_eq!((permit.num_permits(), most.available_permits()), (5, Semaphore::MAX_PERMITS - 5));
}

/// A guard of long references is one of short ones, as std's.
#[test]
fn read_guards_are_covariant() {
    fn len<'short>(guard: RwLockReadGuard<'_, &'short str>, other: &'short str) -> usize {
        guard.len() + other.len()
    }
    let long = String::from("long");
    let lock: RwLock<&str> = RwLock::new(&long);
    {
        let short = String::from("short");
        assert_eq!(len(lock.read().unwrap(), &short), 9);
    }
    assert_eq!(lock.into_inner().unwrap(), "long");
}

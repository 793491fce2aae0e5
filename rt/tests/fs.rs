//! Files: one text against std and rt, on goroutines and on plain threads; and what only goroutines
//! have to say.

mod common;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::{on_a_thread_with_procs, run, with_procs};
use rt::fs::{self, File, OpenOptions};
use rt::os::fd::OwnedFd;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rt-fs-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// The same text against both libraries.
macro_rules! program {
    ($name:ident, $lib:ident) => {
        mod $name {
            use std::ffi::OsString;
            use std::path::Path;
            use std::time::{Duration, SystemTime};

            use $lib::fs::{self, DirBuilder, File, FileTimes, OpenOptions, TryLockError};
            use $lib::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
            use $lib::os::fd::{AsFd, AsRawFd, OwnedFd};
            use $lib::os::unix::fs::{
                DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink,
            };

            fn kind<T>(result: io::Result<T>) -> ErrorKind {
                result.map(drop).unwrap_err().kind()
            }

            pub(super) fn main(folder: &Path) {
                for body in [whole, opened, used, shared, known, locked, named, folders, refused] {
                    fs::create_dir(folder.join("now")).unwrap();
                    body(&folder.join("now"));
                    fs::remove_dir_all(folder.join("now")).unwrap();
                }
            }

            fn whole(folder: &Path) {
                let (a, b) = (folder.join("a"), folder.join("b"));
                let bytes: Vec<u8> = (0..300_000).map(|n| n as u8).collect();
                fs::write(&a, &bytes).unwrap();
                assert!(fs::read(&a).unwrap() == bytes);
                assert_eq!(kind(fs::read_to_string(&a)), ErrorKind::InvalidData);
                assert_eq!(fs::copy(&a, &b).unwrap(), 300_000);
                assert!(fs::read(&b).unwrap() == bytes);
                fs::write(&a, "short").unwrap();
                assert_eq!(fs::read_to_string(&a).unwrap(), "short");
                assert_eq!(kind(fs::copy(folder, &b)), ErrorKind::InvalidInput);
            }

            fn opened(folder: &Path) {
                let path = folder.join("file");
                assert_eq!(kind(File::open(&path)), ErrorKind::NotFound);
                File::create_new(&path).unwrap().write_all(b"old text").unwrap();
                assert_eq!(kind(File::create_new(&path)), ErrorKind::AlreadyExists);
                assert_eq!(kind(OpenOptions::new().open(&path)), ErrorKind::InvalidInput);
                let mut options = OpenOptions::new();
                options.append(true);
                options.clone().open(&path).unwrap().write_all(b"!").unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), "old text!");
                options.read(true);
                let mut file = options.open(&path).unwrap();
                file.seek(SeekFrom::Start(4)).unwrap();
                assert_eq!(io::read_to_string(&file).unwrap(), "text!");
                drop(File::create(&path).unwrap());
                assert_eq!(fs::metadata(&path).unwrap().len(), 0);
                let mut write = File::options();
                write.write(true).truncate(true).create(true).mode(0o600);
                let file = write.open(folder.join("mine")).unwrap();
                assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
                let error = (&file).read(&mut [0]).unwrap_err();
                assert_eq!(error.raw_os_error(), Some(libc::EBADF));
            }

            fn used(folder: &Path) {
                let mut file = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .custom_flags(libc::O_NOFOLLOW)
                    .open(folder.join("file"))
                    .unwrap();
                let written = file.write_vectored(&[IoSlice::new(b"on"), IoSlice::new(b"e two")]);
                assert_eq!(written.unwrap(), 7);
                assert_eq!(file.stream_position().unwrap(), 7);
                file.rewind().unwrap();
                let (mut one, mut two) = ([0; 3], [0; 9]);
                let mut slices = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
                assert_eq!(file.read_vectored(&mut slices).unwrap(), 7);
                assert_eq!((&one, &two[..4]), (b"one", &b" two"[..]));
                assert_eq!(file.read(&mut one).unwrap(), 0);
                file.write_all_at(b"O", 0).unwrap();
                assert_eq!(file.write_at(b"T", 4).unwrap(), 1);
                file.read_exact_at(&mut one, 4).unwrap();
                assert_eq!(&one, b"Two");
                assert_eq!(file.read_at(&mut two, 2).unwrap(), 5);
                let beyond = file.read_exact_at(&mut two, 0).unwrap_err();
                assert_eq!(beyond.kind(), ErrorKind::UnexpectedEof);
                assert_eq!(file.seek(SeekFrom::End(-3)).unwrap(), 4);
                assert_eq!(file.seek(SeekFrom::Current(-1)).unwrap(), 3);
                assert_eq!(kind(file.seek(SeekFrom::Current(-9))), ErrorKind::InvalidInput);
                let mut text = String::from("said: ");
                assert_eq!(file.read_to_string(&mut text).unwrap(), 4);
                assert_eq!(text, "said:  Two");
                file.set_len(2).unwrap();
                file.rewind().unwrap();
                let mut bytes = vec![b'_'];
                assert_eq!((&file).read_to_end(&mut bytes).unwrap(), 2);
                assert_eq!(bytes, b"_On");
                file.flush().unwrap();
                file.sync_data().unwrap();
                file.sync_all().unwrap();
            }

            fn shared(folder: &Path) {
                let path = folder.join("file");
                let mut file = File::create(&path).unwrap();
                let mut clone = file.try_clone().unwrap();
                file.write_all(b"to").unwrap();
                clone.write_all(b"gether").unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), "together");
                let fd = file.as_raw_fd();
                assert_eq!(file.as_fd().as_raw_fd(), fd);
                let shown = format!("{file:?}");
                assert!(shown.starts_with(&format!("File {{ fd: {fd}, path: ")), "{shown}");
                assert!(shown.ends_with("read: false, write: true }"), "{shown}");
                let mut file = File::from(OwnedFd::from(file));
                file.write_all(b"!").unwrap();
                assert_eq!(fs::read(&path).unwrap().len(), 9);
            }

            fn known(folder: &Path) {
                let path = folder.join("file");
                let file = File::create(&path).unwrap();
                let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
                file.set_modified(long_ago).unwrap();
                let metadata = fs::metadata(&path).unwrap();
                assert!(metadata.is_file() && !metadata.is_dir() && !metadata.is_symlink());
                assert_eq!(metadata.modified().unwrap(), long_ago);
                let later = long_ago + Duration::from_secs(60);
                let times = FileTimes::new().set_accessed(later).set_modified(later);
                file.set_times(times).unwrap();
                assert_eq!(file.metadata().unwrap().accessed().unwrap(), later);
                assert_eq!(metadata.ino(), file.metadata().unwrap().ino());
                let mut permissions = metadata.permissions();
                permissions.set_mode(0o640);
                file.set_permissions(permissions.clone()).unwrap();
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
                permissions.set_readonly(true);
                fs::set_permissions(&path, permissions).unwrap();
                assert!(fs::metadata(&path).unwrap().permissions().readonly());
            }

            fn locked(folder: &Path) {
                let one = File::create(folder.join("lock")).unwrap();
                let other = File::open(folder.join("lock")).unwrap();
                one.lock().unwrap();
                assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
                assert!(matches!(other.try_lock_shared(), Err(TryLockError::WouldBlock)));
                one.unlock().unwrap();
                one.lock_shared().unwrap();
                other.try_lock_shared().unwrap();
                assert!(matches!(one.try_lock(), Err(TryLockError::WouldBlock)));
                drop(other); // its lock goes with it, if not with a child on its way to exec
                one.lock().unwrap();
            }

            fn named(folder: &Path) {
                let (a, b, link) = (folder.join("a"), folder.join("b"), folder.join("link"));
                fs::write(&a, "a").unwrap();
                assert_eq!(fs::exists(&b).unwrap(), false);
                fs::rename(&a, &b).unwrap();
                assert_eq!((fs::exists(&a).unwrap(), fs::exists(&b).unwrap()), (false, true));
                fs::hard_link(&b, &a).unwrap();
                assert_eq!(fs::metadata(&a).unwrap().nlink(), 2);
                assert_eq!(kind(fs::hard_link(&b, &a)), ErrorKind::AlreadyExists);
                symlink("b", &link).unwrap();
                assert_eq!(fs::read_link(&link).unwrap().as_os_str(), "b");
                assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
                assert!(fs::metadata(&link).unwrap().is_file());
                assert_eq!(fs::canonicalize(&link).unwrap(), fs::canonicalize(&b).unwrap());
                fs::remove_file(&link).unwrap();
                fs::remove_file(&b).unwrap();
                assert_eq!(kind(fs::remove_file(&b)), ErrorKind::NotFound);
                assert_eq!(kind(fs::rename(&b, &a)), ErrorKind::NotFound);
            }

            fn folders(folder: &Path) {
                let deep = folder.join("x/y/z");
                assert_eq!(kind(fs::create_dir(&deep)), ErrorKind::NotFound);
                fs::create_dir_all(&deep).unwrap();
                assert_eq!(kind(fs::create_dir(&deep)), ErrorKind::AlreadyExists);
                DirBuilder::new().recursive(true).mode(0o700).create(folder.join("p/q")).unwrap();
                assert_eq!(fs::metadata(folder.join("p")).unwrap().mode() & 0o777, 0o700);
                fs::write(folder.join("file"), "").unwrap();
                let mut names: Vec<(OsString, bool)> = fs::read_dir(folder)
                    .unwrap()
                    .map(|entry| entry.unwrap())
                    .map(|entry| (entry.file_name(), entry.file_type().unwrap().is_dir()))
                    .collect();
                names.sort();
                let wanted = [("file", false), ("p", true), ("x", true)];
                assert_eq!(names, wanted.map(|(name, is_dir)| (OsString::from(name), is_dir)));
                let x = folder.join("x");
                assert_eq!(kind(fs::remove_dir(&x)), ErrorKind::DirectoryNotEmpty);
                fs::remove_dir(&deep).unwrap();
                fs::remove_dir_all(&x).unwrap();
                assert_eq!(kind(fs::remove_dir_all(&x)), ErrorKind::NotFound);
                assert_eq!(kind(fs::read_dir(&x)), ErrorKind::NotFound);
            }

            fn refused(folder: &Path) {
                let file = folder.join("file");
                fs::write(&file, "").unwrap();
                assert_eq!(kind(fs::write(folder, "")), ErrorKind::IsADirectory);
                assert_eq!(kind(fs::read(folder)), ErrorKind::IsADirectory);
                assert_eq!(kind(File::open(file.join("x"))), ErrorKind::NotADirectory);
                assert_eq!(kind(fs::read("a\0b")), ErrorKind::InvalidInput);
                assert_eq!(kind(File::open("")), ErrorKind::NotFound);
                let long = folder.join("x".repeat(300));
                assert_eq!(kind(File::create(long)), ErrorKind::InvalidFilename);
                let unwritable = File::open(&file).unwrap();
                let error = (&unwritable).write(b"x").unwrap_err();
                assert_eq!(error.raw_os_error(), Some(libc::EBADF));
                assert_eq!(kind(unwritable.set_len(1)), ErrorKind::InvalidInput);
            }
        }
    };
}

program!(of_std, std);
program!(of_rt, rt);

#[test]
fn the_text_is_right_for_std() {
    of_std::main(&Folder::new().0);
}

#[test]
fn goroutines_find_what_std_finds() {
    let folder = Folder::new();
    with_procs(|| of_rt::main(&folder.0));
}

#[test]
fn plain_threads_too() {
    let folder = Folder::new();
    on_a_thread_with_procs(|| of_rt::main(&folder.0));
}

#[test]
fn files_are_what_stds_are() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug + 'static>() {}
    all::<(File, OpenOptions)>();
    fn streams<T: std::io::Read + std::io::Write + std::io::Seek>() {}
    streams::<File>();
    streams::<&File>();
    fn converts<T: Into<OwnedFd> + Into<std::fs::File> + Into<std::process::Stdio>>() {}
    converts::<File>();
    fn made<T: From<OwnedFd> + From<std::fs::File> + std::os::fd::FromRawFd>() {}
    made::<File>();
}

/// Who waits for a lock of a file, or opens a FIFO, keeps nobody from running.
#[test]
fn waits_do_not_keep_the_p() {
    let folder = Folder::new();
    with_procs(|| {
        let (lock, fifo) = (folder.at("lock"), folder.at("fifo"));
        let holder = File::create(&lock).unwrap();
        holder.lock().unwrap();
        make_fifo(&fifo);
        let waiters: Vec<_> = (0..4)
            .map(|_| {
                let lock = lock.clone();
                rt::thread::spawn(move || File::open(lock).unwrap().lock().unwrap())
            })
            .collect();
        let opened = fifo.clone();
        let reader = rt::thread::spawn(move || fs::read_to_string(opened).unwrap());
        for _ in 0..100 {
            rt::thread::yield_now();
        }
        assert!(waiters.iter().all(|waiter| !waiter.is_finished()) && !reader.is_finished());
        holder.unlock().unwrap();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        fs::write(&fifo, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        fs::remove_file(&fifo).unwrap();
    });
}

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A plain read that blocks, of a FIFO that was opened before, loses its P too.
#[test]
fn a_read_that_blocks_keeps_nobody_waiting() {
    let folder = Folder::new();
    let fifo = folder.at("fifo");
    make_fifo(&fifo);
    with_procs(|| {
        let both = || OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
        let (mut reader, mut writer) = (both(), both());
        let reader = rt::thread::spawn(move || {
            let mut byte = [0];
            std::io::Read::read_exact(&mut reader, &mut byte).unwrap();
            byte[0]
        });
        rt::thread::sleep(Duration::from_millis(5));
        std::io::Write::write_all(&mut writer, b"x").unwrap();
        assert_eq!(reader.join().unwrap(), b'x');
    });
}

/// Files are read and written beside a goroutine that computes, each by its own.
#[test]
fn a_hog_stands_in_nobodys_way() {
    let folder = Folder::new();
    with_procs(|| {
        let stop = AtomicU32::new(0);
        rt::thread::scope(|scope| {
            scope.spawn(|| {
                while stop.load(Ordering::Relaxed) == 0 {
                    std::hint::spin_loop();
                }
            });
            let work = |n: usize| {
                let path = folder.at(&format!("file {n}"));
                for round in 0..20 {
                    let text = format!("{n} {round}").repeat(1000);
                    fs::write(&path, &text).unwrap();
                    assert!(fs::read_to_string(&path).unwrap() == text);
                }
            };
            let workers: Vec<_> = (0..4).map(|n| scope.spawn(move || work(n))).collect();
            workers.into_iter().for_each(|worker| worker.join().unwrap());
            stop.store(1, Ordering::Relaxed);
        });
    });
}

#[test]
fn a_file_becomes_stds_and_comes_back() {
    let folder = Folder::new();
    run(|| {
        let file = File::create(folder.at("file")).unwrap();
        let mut std = std::fs::File::from(file);
        std::io::Write::write_all(&mut std, b"there").unwrap();
        let mut file = File::from(std);
        std::io::Write::write_all(&mut file, b" and back").unwrap();
        assert_eq!(fs::read(folder.at("file")).unwrap(), b"there and back");
    });
}

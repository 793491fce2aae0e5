//! A source of pages that keeps books, and can be told to have no more.

use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rt_mem::source::{Kernel, Source};

/// Checks that what is given back was given out, and unmaps the rest when dropped.
#[derive(Debug, Default)]
pub(crate) struct Books {
    empty: AtomicBool,
    purged_bytes: AtomicUsize,
    mapped: Mutex<BTreeMap<usize, usize>>, // start -> length
}

impl Books {
    /// From now on there is no more memory, or there is.
    pub(crate) fn set_empty(&self, empty: bool) {
        self.empty.store(empty, Ordering::Relaxed);
    }

    /// Bytes mapped.
    pub(crate) fn mapped_bytes(&self) -> usize {
        self.mapped.lock().unwrap().values().sum()
    }

    /// Bytes ever purged.
    pub(crate) fn purged_bytes(&self) -> usize {
        self.purged_bytes.load(Ordering::Relaxed)
    }

    /// Takes a range out of the books.
    fn strike(&self, at: usize, len: usize) {
        let mut mapped = self.mapped.lock().unwrap();
        let (&start, &whole) = mapped.range(..=at).next_back().expect("not mapped");
        assert!(at + len <= start + whole, "not mapped to its end");
        mapped.remove(&start);
        if start < at {
            mapped.insert(start, at - start);
        }
        if at + len < start + whole {
            mapped.insert(at + len, start + whole - at - len);
        }
    }

    fn enter(&self, at: NonNull<u8>, len: usize) -> NonNull<u8> {
        assert!(self.mapped.lock().unwrap().insert(at.addr().get(), len).is_none());
        at
    }
}

// SAFETY: the kernel's, with books.
unsafe impl Source for Books {
    fn map(&self, len_bytes: usize) -> Option<NonNull<u8>> {
        if self.empty.load(Ordering::Relaxed) {
            return None;
        }
        Some(self.enter(Kernel.map(len_bytes)?, len_bytes))
    }

    unsafe fn unmap(&self, at: NonNull<u8>, len_bytes: usize) {
        self.strike(at.addr().get(), len_bytes);
        // SAFETY: the caller's.
        unsafe { Kernel.unmap(at, len_bytes) };
    }

    unsafe fn purge(&self, at: NonNull<u8>, len_bytes: usize) -> bool {
        self.purged_bytes.fetch_add(len_bytes, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { Kernel.purge(at, len_bytes) }
    }

    unsafe fn remap(&self, at: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
        if self.empty.load(Ordering::Relaxed) && new > old {
            return None;
        }
        // SAFETY: the caller's.
        let moved = unsafe { Kernel.remap(at, old, new) }?;
        self.strike(at.addr().get(), old);
        Some(self.enter(moved, new))
    }

    fn huge_pages(&self, at: NonNull<u8>, len_bytes: usize) {
        Kernel.huge_pages(at, len_bytes);
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        for (&at, &len) in &*self.mapped.lock().unwrap() {
            let at = NonNull::new(std::ptr::with_exposed_provenance_mut(at)).unwrap();
            // SAFETY: the heap that used it is gone.
            unsafe { Kernel.unmap(at, len) };
        }
    }
}

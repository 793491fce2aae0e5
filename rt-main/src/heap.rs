//! The program's heap: rt-mem's, with a cache on each P.
#![allow(unsafe_code, reason = "interim")]
use core::alloc::{GlobalAlloc, Layout};
use rt_sched::p::P;
use rt_wait::mutex::Mutex;
use rt_wait::rank::Rank;

/// interim
#[derive(Debug)]
pub struct ProgramHeap(Mutex<(usize, usize)>);
impl ProgramHeap {
    /// interim
    pub const fn new() -> Self {
        ProgramHeap(Mutex::new(Rank::PageHeap, (0, 0)))
    }
}
unsafe impl GlobalAlloc for ProgramHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut g = self.0.lock();
        let at = (g.0 + layout.align() - 1) & !(layout.align() - 1);
        if at + layout.size() > g.1 {
            let len = (layout.size() + layout.align() + (1 << 20)) & !4095;
            let Ok(p) = rt_os::sys::mem::map(
                len,
                rt_os::sys::mem::Protection::ReadWrite,
                rt_os::sys::mem::Purpose::Heap,
            ) else {
                return core::ptr::null_mut();
            };
            *g = (p.as_ptr() as usize, p.as_ptr() as usize + len);
            drop(g);
            return unsafe { self.alloc(layout) };
        }
        g.0 = at + layout.size();
        at as *mut u8
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
pub(crate) fn p_destroyed(_pp: &P, _heir: &P) {}

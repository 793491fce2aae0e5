//! The light half of an asymmetric barrier: for the side that comes often. The heavy half is
//! membarrier(2).

#[cfg(not(loom))]
pub(super) use real::Light;

#[cfg(loom)]
pub(super) use model::Light;

#[cfg(not(loom))]
mod real {
    use core::sync::atomic::{Ordering, compiler_fence};

    /// Keeps the compiler from moving a look before a store. The processor is the other side's
    /// affair.
    #[derive(Debug)]
    pub(crate) struct Light;

    impl Light {
        pub(crate) const fn new() -> Light {
            Light
        }

        #[inline(always)]
        pub(crate) fn barrier(&self) {
            compiler_fence(Ordering::SeqCst);
        }

        /// There is no membarrier.
        pub(crate) fn forbid(&self) {}
    }
}

#[cfg(loom)]
mod model {
    use rt_wait::atomic::{Ordering, fence};
    use std::sync::atomic::AtomicBool;

    /// What membarrier makes of it: a full fence; nothing where that is forbidden.
    #[derive(Debug)]
    pub(crate) struct Light(AtomicBool);

    impl Light {
        pub(crate) fn new() -> Light {
            Light(AtomicBool::new(false))
        }

        pub(crate) fn barrier(&self) {
            if !self.0.load(Ordering::Relaxed) {
                fence(Ordering::SeqCst);
            }
        }

        pub(crate) fn forbid(&self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

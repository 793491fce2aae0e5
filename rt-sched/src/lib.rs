#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(all(test, loom))]
extern crate std;

#[cfg(all(test, loom))]
mod g_models;
pub mod handoff;
pub mod idle;
#[cfg(all(test, loom))]
mod idle_models;
mod inbox;
pub mod poller;
pub mod runq;
pub mod steal_order;

// Under loom only the parts above exist: the models drive them without the rest.
#[cfg(not(loom))]
pub mod after;
#[cfg(not(loom))]
pub mod allp;
#[cfg(not(loom))]
mod attention;
#[cfg(not(loom))]
pub mod blocking;
#[cfg(not(loom))]
pub mod current;
#[cfg(not(loom))]
pub mod dead;
#[cfg(not(loom))]
pub mod detached;
#[cfg(not(loom))]
mod fiber;
#[cfg(not(loom))]
pub mod find;
#[cfg(not(loom))]
mod follow;
#[cfg(not(loom))]
pub mod g;
#[cfg(all(test, loom))]
#[path = "g"]
pub mod g {
    //! The words of a goroutine, without the goroutine.
    pub mod hold;
    pub mod join;
    pub mod on_stack;
}
#[cfg(not(loom))]
pub mod gfree;
#[cfg(not(loom))]
pub mod gosched;
#[cfg(not(loom))]
pub mod handle;
#[cfg(not(loom))]
pub mod info;
#[cfg(not(loom))]
pub mod init;
#[cfg(not(loom))]
mod inside;
#[cfg(not(loom))]
mod judge;
#[cfg(not(loom))]
pub mod locked;
#[cfg(not(loom))]
pub mod m;
#[cfg(not(loom))]
pub mod metrics;
#[cfg(not(loom))]
pub mod netpoll;
#[cfg(all(test, loom))]
#[path = "netpoll"]
pub mod netpoll {
    //! The words of a descriptor's waiters, without the poller.
    mod slot;
    pub mod word;
}
#[cfg(not(loom))]
mod newm;
#[cfg(not(loom))]
pub mod p;
#[cfg(not(loom))]
pub mod park;
#[cfg(not(loom))]
pub mod pidle;
#[cfg(not(loom))]
pub mod pinned;
#[cfg(not(loom))]
pub mod port;
#[cfg(not(loom))]
pub mod procresize;
#[cfg(not(loom))]
pub mod retake;
#[cfg(all(test, not(loom)))]
mod retake_race;
#[cfg(not(loom))]
pub mod sched;
#[cfg(not(loom))]
mod schedtrace;
#[cfg(not(loom))]
pub mod schedule;
#[cfg(not(loom))]
pub mod scope;
#[cfg(not(loom))]
mod shown;
#[cfg(not(loom))]
pub mod shrink;
#[cfg(not(loom))]
pub mod sleep;
#[cfg(not(loom))]
pub mod spawn;
#[cfg(not(loom))]
pub mod stacks;
#[cfg(not(loom))]
mod stall;
#[cfg(not(loom))]
pub mod sysmon;
#[cfg(not(loom))]
mod template;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod testing;
#[cfg(not(loom))]
pub mod thread;
#[cfg(not(loom))]
pub mod timer;
#[cfg(not(loom))]
pub mod trace;
#[cfg(not(loom))]
pub mod traceback;
#[cfg(not(loom))]
mod victim;
#[cfg(not(loom))]
mod waiting;
#[cfg(not(loom))]
mod wake;
pub mod watch;
#[cfg(not(loom))]
pub mod world;

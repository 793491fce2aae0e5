//! Options of sockets: getsockopt(2), setsockopt(2).
//!
//! # Safety
//! - **layout**: each option has the type that its man page names.
#![allow(unsafe_code, reason = "**layout**: options are bytes to the kernel")]

use core::net::{Ipv4Addr, Ipv6Addr};

use rt_asm::syscall::syscall5;

use crate::errno::Errno;
use crate::sys::file::Fd;

/// What close(2) does with bytes that were not sent yet. SO_LINGER.
pub type Linger = Option<u32>;

/// A group of receivers, and the interface.
#[derive(Clone, Copy, Debug)]
pub struct Membership(Group);

#[derive(Clone, Copy, Debug)]
enum Group {
    V4(Group4),
    V6(Group6),
}

/// `struct ip_mreq`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Group4 {
    group: [u8; 4],
    interface: [u8; 4],
}

/// `struct ipv6_mreq`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Group6 {
    group: [u8; 16],
    interface: u32,
}

impl Membership {
    /// The group on the interface with an address.
    #[must_use]
    pub fn v4(group: &Ipv4Addr, interface: &Ipv4Addr) -> Membership {
        let (group, interface) = (group.octets(), interface.octets());
        Membership(Group::V4(Group4 { group, interface }))
    }

    /// The group on the interface with a number; 0 is any.
    #[must_use]
    pub fn v6(group: &Ipv6Addr, interface: u32) -> Membership {
        Membership(Group::V6(Group6 { group: group.octets(), interface }))
    }
}

mod sealed {
    /// A value whose bytes the kernel takes as they are.
    pub(super) trait Plain: Copy {}
    impl Plain for i32 {}
    impl Plain for libc::linger {}
    impl Plain for libc::timeval {}
    impl Plain for super::Group4 {}
    impl Plain for super::Group6 {}
}
use sealed::Plain;

fn set<T: Plain>(fd: Fd, level: i32, name: i32, value: &T) -> Result<(), Errno> {
    let (at, len) = (core::ptr::from_ref(value) as usize, size_of::<T>());
    let number = libc::SYS_setsockopt as usize;
    // SAFETY: **layout**: only read.
    let ret = unsafe { syscall5(number, fd as usize, level as usize, name as usize, at, len) };
    Errno::check(ret).map(drop)
}

fn get<T: Plain>(fd: Fd, level: i32, name: i32) -> Result<T, Errno> {
    let mut value = core::mem::MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as libc::socklen_t;
    let (at, len_at) = (value.as_mut_ptr() as usize, &raw mut len as usize);
    let number = libc::SYS_getsockopt as usize;
    // SAFETY: **layout**: at most as many bytes as there are.
    let ret = unsafe { syscall5(number, fd as usize, level as usize, name as usize, at, len_at) };
    Errno::check(ret)?;
    // SAFETY: zero is valid for each, and so is what the kernel has written.
    Ok(unsafe { value.assume_init() })
}

/// Sets an option that is a number, or 0 or 1.
///
/// # Errors
/// setsockopt(2): ENOPROTOOPT, EINVAL.
pub fn set_int(fd: Fd, level: i32, name: i32, value: i32) -> Result<(), Errno> {
    set(fd, level, name, &value)
}

/// An option that is a number.
///
/// # Errors
/// getsockopt(2).
pub fn get_int(fd: Fd, level: i32, name: i32) -> Result<i32, Errno> {
    get(fd, level, name)
}

/// Sets how many seconds close(2) waits for what was not sent yet; `None`: it goes on behind it.
///
/// # Errors
/// setsockopt(2).
pub fn set_linger(fd: Fd, seconds: Linger) -> Result<(), Errno> {
    let value = libc::linger {
        l_onoff: i32::from(seconds.is_some()),
        l_linger: seconds.map_or(0, |seconds| seconds.min(i32::MAX as u32) as i32),
    };
    set(fd, libc::SOL_SOCKET, libc::SO_LINGER, &value)
}

/// What [`set_linger`] has set.
///
/// # Errors
/// getsockopt(2).
pub fn get_linger(fd: Fd) -> Result<Linger, Errno> {
    let value: libc::linger = get(fd, libc::SOL_SOCKET, libc::SO_LINGER)?;
    Ok((value.l_onoff != 0).then_some(value.l_linger as u32))
}

/// The timeout that a socket from elsewhere brings along, in ns: SO_RCVTIMEO, or SO_SNDTIMEO.
///
/// # Errors
/// getsockopt(2).
pub fn get_timeout_ns(fd: Fd, name: i32) -> Result<Option<u64>, Errno> {
    let time: libc::timeval = get(fd, libc::SOL_SOCKET, name)?;
    let ns = (time.tv_sec as u64).saturating_mul(1_000_000_000);
    let ns = ns.saturating_add(time.tv_usec as u64 * 1_000);
    Ok((ns != 0).then_some(ns))
}

/// Sets what [`get_timeout_ns`] reads, rounded up to whole µs: for whoever gets the socket later.
///
/// # Errors
/// setsockopt(2): EDOM for more seconds than there are.
pub fn set_timeout_ns(fd: Fd, name: i32, ns: Option<u64>) -> Result<(), Errno> {
    let us = ns.unwrap_or(0).div_ceil(1_000);
    let time = libc::timeval {
        tv_sec: (us / 1_000_000) as libc::time_t,
        tv_usec: (us % 1_000_000) as libc::suseconds_t,
    };
    set(fd, libc::SOL_SOCKET, name, &time)
}

/// Joins a group.
///
/// # Errors
/// setsockopt(2): ENODEV, EADDRINUSE.
pub fn join(fd: Fd, membership: Membership) -> Result<(), Errno> {
    match membership.0 {
        Group::V4(group) => set(fd, libc::IPPROTO_IP, libc::IP_ADD_MEMBERSHIP, &group),
        Group::V6(group) => set(fd, libc::IPPROTO_IPV6, libc::IPV6_ADD_MEMBERSHIP, &group),
    }
}

/// Leaves a group.
///
/// # Errors
/// setsockopt(2): EADDRNOTAVAIL.
pub fn leave(fd: Fd, membership: Membership) -> Result<(), Errno> {
    match membership.0 {
        Group::V4(group) => set(fd, libc::IPPROTO_IP, libc::IP_DROP_MEMBERSHIP, &group),
        Group::V6(group) => set(fd, libc::IPPROTO_IPV6, libc::IPV6_DROP_MEMBERSHIP, &group),
    }
}

/// The error that has come since the last look. SO_ERROR.
///
/// # Errors
/// getsockopt(2).
pub fn error(fd: Fd) -> Result<Option<Errno>, Errno> {
    let number: i32 = get(fd, libc::SOL_SOCKET, libc::SO_ERROR)?;
    Ok((number > 0).then(|| Errno::from_raw(number)))
}

//! System calls that the kernel denies: filters of a few BPF instructions.
//!
//! seccomp(2), `struct seccomp_data`: the number at 0, the arguments from 16 on, 8 bytes each.

use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};

const NUMBER_AT: u32 = 0;
const ARGS_AT: u32 = 16;

/// A filter that lets one system call fail.
#[derive(Clone, Debug)]
pub struct Filter {
    pub(crate) code: Vec<sock_filter>,
}

fn op(code: u32, jump_else: u8, value: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: jump_else, k: value }
}

fn load(at: u32) -> sock_filter {
    op(BPF_LD | BPF_W | BPF_ABS, 0, at)
}

fn or_skip(value: u32, skip: u8) -> sock_filter {
    op(BPF_JMP | BPF_JEQ | BPF_K, skip, value)
}

fn give(value: u32) -> sock_filter {
    op(BPF_RET | BPF_K, 0, value)
}

fn fail(errno: i32) -> sock_filter {
    give(libc::SECCOMP_RET_ERRNO | errno as u32)
}

impl Filter {
    /// System call `number` fails with `errno`.
    #[must_use]
    pub fn deny(number: i64, errno: i32) -> Filter {
        let allow = give(libc::SECCOMP_RET_ALLOW);
        Filter { code: vec![load(NUMBER_AT), or_skip(number as u32, 1), fail(errno), allow] }
    }

    /// System call `number` fails with `errno` when its argument `index` is `value`.
    #[must_use]
    pub fn deny_argument(number: i64, index: u32, value: u32, errno: i32) -> Filter {
        Filter::deny_if(number, index, or_skip(value, 1), errno)
    }

    /// System call `number` fails with `errno` when its argument `index`, an `int`, is negative.
    #[must_use]
    pub fn deny_negative(number: i64, index: u32, errno: i32) -> Filter {
        Filter::deny_if(number, index, op(BPF_JMP | BPF_JSET | BPF_K, 1, 1 << 31), errno)
    }

    fn deny_if(number: i64, index: u32, or_skip_one: sock_filter, errno: i32) -> Filter {
        let code = vec![
            load(NUMBER_AT),
            or_skip(number as u32, 3),
            load(ARGS_AT + 8 * index), // the low half: the machine is little-endian
            or_skip_one,
            fail(errno),
            give(libc::SECCOMP_RET_ALLOW),
        ];
        Filter { code }
    }
}

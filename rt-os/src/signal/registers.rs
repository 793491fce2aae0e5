//! The registers at an interrupted place, in Go's form. Go: `dumpregs`.

use core::fmt::{self, Display, Formatter};

use crate::sys::signal::UContext;

/// In Go's order.
static NAMES: [(&str, i32); 18] = [
    ("rax", libc::REG_RAX),
    ("rbx", libc::REG_RBX),
    ("rcx", libc::REG_RCX),
    ("rdx", libc::REG_RDX),
    ("rdi", libc::REG_RDI),
    ("rsi", libc::REG_RSI),
    ("rbp", libc::REG_RBP),
    ("rsp", libc::REG_RSP),
    ("r8", libc::REG_R8),
    ("r9", libc::REG_R9),
    ("r10", libc::REG_R10),
    ("r11", libc::REG_R11),
    ("r12", libc::REG_R12),
    ("r13", libc::REG_R13),
    ("r14", libc::REG_R14),
    ("r15", libc::REG_R15),
    ("rip", libc::REG_RIP),
    ("rflags", libc::REG_EFL),
];

impl Display for UContext {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for &(name, number) in &NAMES {
            writeln!(f, "{name:<6} {:#x}", self.greg(number))?;
        }
        let selectors = self.greg(libc::REG_CSGSFS); // cs, gs, fs; 16 bits each
        let part = |shift: u32| (selectors >> shift) & 0xffff;
        let (cs, fs, gs) = (part(0), part(32), part(16));
        writeln!(f, "cs     {cs:#x}\nfs     {fs:#x}\ngs     {gs:#x}")
    }
}

//! Why there is no stack.

use core::fmt;

use rt_os::errno::Errno;

/// Why there is no stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackError {
    /// What is exhausted.
    pub kind: StackErrorKind,
    /// What the kernel said.
    pub errno: Errno,
}

/// What is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackErrorKind {
    /// Address space: RLIMIT_AS, or the pool's largest size.
    AddressSpace,
    /// Mappings, which guards by mprotect cost: vm.max_map_count.
    Mappings,
    /// Memory for the guard's page table.
    Memory,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            StackErrorKind::AddressSpace => "no address space (RLIMIT_AS)",
            StackErrorKind::Mappings => "too many mappings (vm.max_map_count)",
            StackErrorKind::Memory => "no memory for its guard",
        };
        write!(f, "{what}: {}", self.errno)
    }
}

impl core::error::Error for StackError {}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_text_names_what_is_exhausted() {
        for (kind, name) in [
            (StackErrorKind::AddressSpace, "RLIMIT_AS"),
            (StackErrorKind::Mappings, "vm.max_map_count"),
            (StackErrorKind::Memory, "memory"),
        ] {
            let text = std::format!("{}", StackError { kind, errno: Errno::ENOMEM });
            assert!(text.contains(name) && text.ends_with("Cannot allocate memory"), "{text}");
        }
    }
}

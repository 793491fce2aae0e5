//! The CPU time that a container leaves this process: control groups, old and new. Go:
//! `internal/runtime/cgroup`.
//!
//! These are the parts that decide; nothing here opens a file.

mod limit;
mod place;

pub use limit::{Limit, Malformed, default_procs, parse_v1, parse_v2};
pub use place::{Group, Mount, Unescaped, Version, below, better, group_in, mount_in};

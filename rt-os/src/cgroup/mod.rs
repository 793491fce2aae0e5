//! The CPU time that a container leaves this process: control groups, old and new. Go:
//! `internal/runtime/cgroup`.
//!
//! `place` and `limit` decide, `source` reads files.

mod limit;
mod place;
mod source;

pub use limit::{Limit, Malformed, default_procs, parse_v1, parse_v2};
pub use place::{Group, Mount, Unescaped, Version, below, better, group_in, mount_in};
pub use source::Source;

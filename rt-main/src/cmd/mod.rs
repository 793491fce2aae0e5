//! The program's subcommands.

pub(crate) mod boot;
pub(crate) mod tree;
pub(crate) mod wc;

/// The words on the command line make no sense.
#[derive(Debug)]
pub(crate) struct Usage;

/// An exit code, or [`Usage`].
pub(crate) type Outcome = Result<i32, Usage>;

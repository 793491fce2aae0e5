//! The program's subcommands.

pub(crate) mod boot;
pub(crate) mod serve;
pub(crate) mod sieve;
pub(crate) mod skynet;
pub(crate) mod tree;
pub(crate) mod wc;

/// The words on the command line make no sense.
#[derive(Debug)]
pub(crate) struct Usage;

/// An exit code, or [`Usage`].
pub(crate) type Outcome = Result<i32, Usage>;

/// The one argument, a number.
pub(crate) fn number(mut args: impl Iterator<Item = &'static [u8]>) -> Result<u64, Usage> {
    let (Some(text), None) = (args.next(), args.next()) else { return Err(Usage) };
    let number = core::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.ok_or(Usage)
}

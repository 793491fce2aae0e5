//! One door for every chore.
fn main() {}

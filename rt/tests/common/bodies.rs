//! How tests run bodies that bare programs run too.

/// A test for each file of bodies: each body at each number of Ps.
macro_rules! tests {
    ($($name:ident: $bodies:expr;)*) => {
        $(#[test]
        fn $name() {
            for (name, body) in $bodies {
                println!("{name}");
                $crate::common::with_procs(body);
            }
        })*
    };
}

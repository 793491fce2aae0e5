//! All that std's `thread_local!` takes.

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use common::with_procs;
use rt::thread::LocalKey;

rt::thread_local! {}
rt::thread_local!(static ONE: Cell<u8> = Cell::new(1));
rt::thread_local! {
    /// The second.
    pub static TWO: Cell<u8> = const { Cell::new(2) }
}
rt::thread_local! {
    /// With a doc comment,
    #[allow(dead_code, reason = "and attributes.")]
    pub(crate) static THREE: RefCell<Vec<u8>> = RefCell::new(vec![3]);
    static FOUR: u8 = const {
        let two = 2;
        two * 2
    };
    pub(crate) static FIVE: Option<Rc<str>> = Some("five".into())
}

#[test]
fn the_macro_takes_what_stds_takes() {
    // Names that the macro's own must not hide.
    fn init() -> u8 {
        6
    }
    rt::thread_local!(
        static SIX: u8 = init();
    );
    let check = || {
        assert_eq!((ONE.get(), TWO.get(), THREE.with_borrow(|v| v[0])), (1, 2, 3));
        assert_eq!((FOUR.with(|four| *four), SIX.with(|six| *six)), (4, 6));
        assert_eq!(FIVE.with(|five| five.clone()).as_deref(), Some("five"));
    };
    with_procs(check);
    check();
    let keys: &'static LocalKey<Cell<u8>> = &ONE;
    assert_eq!((keys.get(), format!("{keys:?}").as_str()), (1, "LocalKey { .. }"));
}

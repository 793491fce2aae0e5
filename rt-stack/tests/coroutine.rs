//! rt-asm and rt-stack alone: a generator, which is a function on a stack of its own that hands out
//! values one at a time.

use std::cell::Cell;
use std::marker::PhantomData;

use rt_asm::switch::{Context, switch};
use rt_stack::bounds::Stack;
use rt_stack::pool::Pool;

static STACKS: Pool = Pool::new(64 << 10);

/// What the two sides share. It lives in the generator's box and does not move.
struct Shared<T> {
    caller: Cell<Context>,
    inside: Cell<Context>,
    value: Cell<Option<T>>,
    body: Cell<Option<Body<T>>>,
    done: Cell<bool>,
}

type Body<T> = Box<dyn FnOnce(&Yielder<T>)>;

/// The generator's own side: how its body hands out values.
struct Yielder<T>(*const Shared<T>);

impl<T> Yielder<T> {
    /// Hands `value` to the caller, and waits until it asks for the next.
    fn give(&self, value: T) {
        // SAFETY: the generator outlives its body; the caller sleeps in `next`.
        unsafe {
            let shared = &*self.0;
            shared.value.set(Some(value));
            switch(shared.inside.as_ptr(), shared.caller.as_ptr(), 0);
        }
    }
}

/// An iterator over what `body` gives. Dropped early, the body is never resumed, and what it owns
/// leaks.
struct Generator<T> {
    shared: Box<Shared<T>>,
    stack: Stack,
    _not_send: PhantomData<*mut ()>,
}

impl<T: 'static> Generator<T> {
    fn new(body: impl FnOnce(&Yielder<T>) + 'static) -> Generator<T> {
        let stack = STACKS.take().expect("a stack");
        let shared = Box::new(Shared {
            caller: Cell::default(),
            inside: Cell::new(Context::new(STACKS.colour(stack), root::<T>)),
            value: Cell::new(None),
            body: Cell::new(Some(Box::new(body))),
            done: Cell::new(false),
        });
        Generator { shared, stack, _not_send: PhantomData }
    }
}

/// The first frame of the new stack.
unsafe extern "C" fn root<T: 'static>(word: usize) -> ! {
    // SAFETY: the first switch hands over the shared part, which outlives this stack's use.
    let shared = unsafe { &*(word as *const Shared<T>) };
    shared.body.take().expect("started once")(&Yielder(shared));
    shared.done.set(true);
    // SAFETY: the caller sleeps in `next`, which never comes back here.
    unsafe { switch(shared.inside.as_ptr(), shared.caller.as_ptr(), 0) };
    unreachable!("resumed after its end")
}

impl<T: 'static> Iterator for Generator<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.shared.done.get() {
            return None;
        }
        let shared = &raw const *self.shared;
        // SAFETY: the body sleeps: at its start or in `give`.
        unsafe { switch((*shared).caller.as_ptr(), (*shared).inside.as_ptr(), shared as usize) };
        self.shared.value.take()
    }
}

impl<T> Drop for Generator<T> {
    fn drop(&mut self) {
        STACKS.put(self.stack);
    }
}

#[test]
fn values_come_in_order_and_then_none() {
    let mut squares = Generator::new(|out| (0..1000u64).for_each(|n| out.give(n * n)));
    let sum: u64 = squares.by_ref().sum();
    assert_eq!(sum, 332_833_500);
    assert_eq!(squares.next(), None);
}

#[test]
fn generators_nest_and_give_owned_values() {
    fn walk(depth: u32, out: &Yielder<String>) {
        let inner = Generator::new(move |out: &Yielder<u32>| (0..depth).for_each(|n| out.give(n)));
        inner.for_each(|n| out.give(format!("{depth}.{n}")));
        if depth > 0 {
            walk(depth - 1, out);
        }
    }
    let all: Vec<_> = Generator::new(|out| walk(3, out)).collect();
    assert_eq!(all, ["3.0", "3.1", "3.2", "2.0", "2.1", "1.0"]);
}

#[test]
fn a_body_runs_inside_its_stack_and_the_stack_is_used_again() {
    // A pool hands out the hottest stack first; other tests may have taken it meanwhile.
    let address_in_body = || {
        let generator = Generator::new(|out| out.give(rt_asm::cpu::stack_pointer()));
        let stack = generator.stack;
        for sp in generator {
            assert!(stack.contains(sp) && stack.room_below(sp) > 32 << 10);
        }
        stack
    };
    let used: std::collections::HashSet<_> = (0..100).map(|_| address_in_body().lo).collect();
    assert!(used.len() < 20, "{} stacks for one generator at a time", used.len());
}

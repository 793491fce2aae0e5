//! A short address space: slabs get smaller, down to one stack, before it is an error. A process of
//! its own: the limit is the process's.

mod support;

use rt_stack::pool::{Pool, StackErrorKind};
use support::status_bytes;

const RLIMIT_AS: usize = 9;
const STACK_BYTES: usize = 1 << 20;

fn set_limit(bytes: usize) {
    let limit = [bytes, usize::MAX];
    // SAFETY: prlimit64 (302) of this process reads two words.
    let word = unsafe { rt_asm::syscall::syscall4(302, 0, RLIMIT_AS, limit.as_ptr() as usize, 0) };
    assert_eq!(word, 0);
}

#[test]
fn slabs_get_smaller_before_it_is_an_error() {
    static POOL: Pool = Pool::new(STACK_BYTES);
    let mut stacks = Vec::with_capacity(1000);
    let room = 45 * STACK_BYTES; // less than the first slab would have
    set_limit(status_bytes("VmSize") + room);
    let error = loop {
        match POOL.take() {
            Ok(stack) => stacks.push(stack),
            Err(error) => break error,
        }
    };
    set_limit(usize::MAX);
    // The side tables of all slabs but the first cost a page each.
    assert!((43..=45).contains(&stacks.len()), "{} stacks", stacks.len());
    assert_eq!(error.kind, StackErrorKind::AddressSpace);
    assert!(format!("{error}").contains("RLIMIT_AS"), "{error}");
    assert_eq!(POOL.stats().in_use, stacks.len());
    for stack in &stacks {
        // SAFETY: ours.
        unsafe { *((stack.hi - 8) as *mut usize) = stack.hi };
    }
    // With room again the pool goes on.
    stacks.push(POOL.take().unwrap());
    POOL.put_batch(stacks);
}

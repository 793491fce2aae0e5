//! Guards by mprotect cost two mappings each, and the kernel has a limit. A process of its own:
//! nothing else can map memory while this test runs.

use rt_stack::pool::{Pool, StackErrorKind};

#[test]
fn too_many_guards_by_mprotect_are_an_error_that_names_the_limit() {
    static POOL: Pool = Pool::with_mprotect_guards(16 << 10);
    let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    let mut stacks = Vec::with_capacity(200_001); // it could not grow at the end
    let error = loop {
        match POOL.take() {
            Ok(stack) => stacks.push(stack),
            Err(error) => break error,
        }
        // With a limit this large there is nothing to see.
        if stacks.len() > 200_000 {
            return;
        }
    };
    POOL.put_batch(stacks.drain(stacks.len() / 2..));
    assert_eq!(error.kind, StackErrorKind::Mappings);
    assert!(format!("{error}").contains("vm.max_map_count"), "{error}");
    assert!(stacks.len() * 4 > limit - 2000, "{} stacks, {limit} mappings", stacks.len());
    let stats = POOL.stats();
    assert_eq!(
        (stats.in_use, stats.retained),
        (stacks.len(), POOL.iter_used().count() - stacks.len())
    );
    // Nothing is lost: what was given back is there to take.
    assert!(POOL.take().is_ok());
}

//! `boot`: says what booted.

use rt_main::runtime::{self, Report};
use rt_main::{println, thread};

use super::{Outcome, Usage};

pub(crate) fn run(mut args: impl Iterator<Item = &'static [u8]>) -> Outcome {
    if args.next().is_some() {
        return Err(Usage);
    }
    let boot_us = runtime::ns_since_entry() / 1000;
    let report = runtime::report();
    let Report { argc, variables, ncpu, page_size, huge_page_size, .. } = report;
    println!("rt {} on Linux x86-64, booted in {boot_us} us", env!("CARGO_PKG_VERSION"));
    println!("  arguments     {argc}, environment {variables}");
    println!("  cpus          {ncpu}");
    println!("  pages         {page_size} bytes, huge {huge_page_size} bytes");
    println!("  Ps            {} ({} idle)", report.procs, report.idle_procs);
    println!("  Ms            {} ({} idle)", report.threads, report.idle_threads);
    println!("  g0            {:#x}-{:#x}, guard {:#x}", report.g0.lo, report.g0.hi, report.guard);
    println!("  main's stack  {:#x}-{:#x}", report.main_stack.lo, report.main_stack.hi);
    println!("checks");
    let mut failed = 0;
    for (name, passed) in checks(&report) {
        println!("  {} {name}", if passed { "ok    " } else { "FAILED" });
        failed += i32::from(!passed);
    }
    Ok(i32::from(failed > 0))
}

/// What must be true of a booted scheduler.
fn checks(report: &Report) -> [(&'static str, bool); 6] {
    let local = 0u8;
    let here = &raw const local as usize;
    let child = thread::spawn(|| (runtime::current_goid(), 6 * 7)).join();
    [
        ("the g slot leads to goroutine 1", runtime::current_goid() == 1),
        ("main runs on its own stack", report.main_stack.contains(here)),
        ("m0 has the process's thread", report.m0_is_main_thread),
        ("every P but one idles or runs", report.idle_procs < report.procs),
        ("a goroutine runs and gives its result", matches!(child, Ok((goid, 42)) if goid > 1)),
        ("the clock moves", runtime::nanotime() <= runtime::nanotime()),
    ]
}

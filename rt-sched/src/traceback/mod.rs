//! What is printed behind a fatal text: goroutines, in Go's form. Go: `dopanic_m`, `traceback`,
//! `tracebackothers`.
//!
//! It runs in a dying process, on the thread that failed, maybe in a signal handler, while other
//! threads go on: it takes no lock, and what it reads of others' goroutines is a glimpse.
//!
//! # Safety
//! - **for ever**: the scheduler, Ms and the tops of stacks in use stay; what is read of them are
//!   words that anyone may look at.
//! - **mapped**: so stay the stacks: they are read only between the ends that their G or M names.
//! - **work**: the address of a closure of a caller that waits.
//! - **headers**: unset, or what the kernel has told.
#![allow(unsafe_code, reason = "**for ever**: raw pointers to Gs and Ms")]

mod answer;
mod dump;
mod frames;
pub(crate) mod halt;
mod halted;
mod header;
mod origin;
mod plan;
mod relay;
mod signal;
mod stack;

pub use dump::dump;
pub(crate) use halted::print_halted;
pub use signal::die_of_signal;

use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};
use core::ops::ControlFlow;
use core::panic::Location;
use core::ptr::without_provenance_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use rt_asm::registers::Registers;
use rt_asm::switch::call_on;
use rt_os::args::Auxv;
use rt_os::parse::Traceback;
use rt_os::print::Printer;
use rt_os::sys::mem::{Protection, Purpose, map, unmap};
use rt_os::throw::{Blame, Ending, Failure, set_on_throw};
use rt_stack::bounds::Stack;
use rt_traceback::exe::Exe;
use rt_traceback::program::Program;
use rt_traceback::symbols::Symbols;
use rt_traceback::walk::Frame;

use crate::current::running;
use crate::g::{G, Status};
use crate::m::M;
use crate::sched::Sched;
use crate::schedule::current_g;

use frames::Frames;
use header::Header;
use origin::Origin;
use plan::{Own, Plan};
use relay::Relay;

/// The scheduler whose goroutines are shown; `NOBODY`: none. Stored with Release by [`install`].
static SCHED: AtomicPtr<Sched> = AtomicPtr::new(NOBODY);
/// Not null, so that the word lies with what else the boot writes.
const NOBODY: *mut Sched = without_provenance_mut(align_of::<Sched>());
/// What GOTRACEBACK asks for: the level, then two bits. Written at boot.
static WISH: AtomicU32 = AtomicU32::new(Traceback::SINGLE.level << LEVEL_SHIFT);

/// The program headers: their address, and how many. Written at boot.
static HEADERS: [AtomicUsize; 2] = [const { AtomicUsize::new(UNSET) }; 2];
/// Not 0, as above.
const UNSET: usize = usize::MAX;

/// Bytes of the stack on which all is told: those of signal handlers and of g0 may be too small.
const STACK_BYTES: usize = 512 << 10;
/// A process that dies longer is killed by SIGALRM: whatever has failed, it may have been the heap,
/// which the debug information is read with.
const DYING_MAX_S: u32 = 60;

const ALL: u32 = 1;
const CRASH: u32 = 2;
const LEVEL_SHIFT: u32 = 2;

/// Has every fatal text from now on followed by the goroutines of `sched`: for the program's one
/// scheduler, when it is ready. Does nothing when that was done before.
pub fn install(sched: &'static Sched) {
    let sched = core::ptr::from_ref(sched).cast_mut();
    let order = Ordering::Release; // pairs with the look in `sched`
    if SCHED.compare_exchange(NOBODY, sched, order, Ordering::Relaxed).is_ok() {
        let _first = set_on_throw(on_failure);
    }
}

/// Notes what GOTRACEBACK asks for, and where the program is. At boot.
pub(crate) fn configure(wish: Traceback, auxv: &Auxv) {
    HEADERS[0].store(auxv.phdr, Ordering::Relaxed);
    HEADERS[1].store(auxv.phnum, Ordering::Relaxed);
    let level = wish.level.min(u32::MAX >> LEVEL_SHIFT);
    let bits = (u32::from(wish.all) * ALL) | (u32::from(wish.crash) * CRASH);
    WISH.store((level << LEVEL_SHIFT) | bits, Ordering::Relaxed);
}

fn wish() -> Traceback {
    let word = WISH.load(Ordering::Relaxed);
    let (all, crash) = (word & ALL != 0, word & CRASH != 0);
    Traceback { level: word >> LEVEL_SHIFT, all, crash }
}

fn sched() -> Option<&'static Sched> {
    let sched = SCHED.load(Ordering::Acquire); // pairs with the store in `install`
    // SAFETY: **for ever**: what `install` was given.
    (sched != NOBODY).then(|| unsafe { &*sched })
}

fn program() -> Option<Program> {
    let [at, count] = HEADERS.each_ref().map(|word| word.load(Ordering::Relaxed));
    // SAFETY: **headers**.
    if at == UNSET { None } else { unsafe { Program::new(at, count) } }
}

/// Calls `f` with a way to name the user's function that has started a goroutine, by where it did:
/// the innermost whose name has a path, else file and line; empty where neither is known.
pub(crate) fn with_starters<R>(f: impl FnOnce(&mut dyn FnMut(usize) -> String) -> R) -> R {
    let (program, exe) = (program(), Exe::open());
    let mut symbols = Symbols::new(exe.as_ref(), program.as_ref().map_or(0, Program::bias));
    f(&mut |gopc| {
        let (mut name, mut place) = (String::new(), String::new());
        symbols.look_up(gopc - 1, &mut |symbol| {
            if !name.is_empty() || rt_traceback::hidden::is_way_in(&symbol) {
                return;
            }
            let full = symbol.name.map(|name| format!("{name}")).unwrap_or_default();
            let path = full.split_once('<').map_or(&*full, |(path, _types)| path);
            name = if path.contains("::") { path.into() } else { String::new() };
            if let Some((file, line)) = symbol.place.filter(|_| place.is_empty()) {
                place = format!("{}:{line}", file.rsplit('/').next().unwrap_or(file));
            }
        });
        if name.is_empty() { place } else { name }
    })
}

/// Walks a stack as far as it makes sense.
fn walk(
    program: &Program,
    registers: &Registers,
    is_exact: bool,
    stack: Stack,
    visit: &mut dyn FnMut(Frame) -> ControlFlow<()>,
) {
    // SAFETY: **mapped**.
    unsafe { rt_traceback::walk::walk(program, registers, is_exact, stack.lo..stack.hi, visit) }
}

/// What a report is made of.
struct Work<'a> {
    plan: Plan,
    me: Option<&'a G>,
    registers: Registers,
    /// The registers are those of an interruption.
    is_exact: bool,
    location: Option<&'a Location<'a>>,
}

/// What follows a fatal text.
#[inline(never)]
fn on_failure(failure: &Failure<'_>) -> Ending {
    let me = running();
    let plan = Plan::new(wish(), failure.blame, me.is_some());
    let here = Registers::here();
    let (registers, is_exact) =
        failure.registers.map_or((here, false), |interrupted| (interrupted, true));
    tell(&Work { plan, me, registers, is_exact, location: failure.location })
}

/// Shows all goroutines, that of the interrupted thread first, as it stood: for a handler of a
/// signal that ends the program, after its own lines. Says how to end it. Go: `sighandler`.
pub fn report_from_signal(registers: &Registers) -> Ending {
    let me = running().filter(|g| g.stack.get().contains(registers.sp));
    let plan = Plan::new(wish(), Blame::Runtime, me.is_some());
    tell(&Work { plan, me, registers: *registers, is_exact: true, location: None })
}

/// Tells all on a stack of its own.
fn tell(work: &Work<'_>) -> Ending {
    rt_os::throw::limit_dying(DYING_MAX_S);
    on_large_stack(&mut || report(work));
    if work.plan.crash { Ending::Abort } else { Ending::Exit }
}

/// Calls `f` on a stack of its own, if there is one to be had. `f` must not unwind.
fn on_large_stack(mut f: &mut dyn FnMut()) {
    unsafe extern "C" fn call(f: usize) {
        // SAFETY: **work**.
        unsafe { (*(f as *mut &mut dyn FnMut()))() }
    }
    let address = &raw mut f as usize;
    match map(STACK_BYTES, Protection::ReadWrite, Purpose::Stacks) {
        Ok(stack) => {
            let lo = stack.as_ptr() as usize;
            // SAFETY: **work**; a new stack, which nobody else has.
            unsafe { call_on(lo + STACK_BYTES, call, address) };
            // SAFETY: nobody is on it any more.
            let _unmapped = unsafe { unmap(lo, STACK_BYTES) };
        }
        Err(_) => f(),
    }
}

fn report(work: &Work<'_>) {
    let (program, exe) = (program(), Exe::open());
    let bias = program.as_ref().map_or(0, Program::bias);
    let symbols = Symbols::new(exe.as_ref(), bias);
    let in_detail = work.plan.in_detail;
    let frames = Frames { program: program.as_ref(), symbols, in_detail };
    let relay = work.plan.crash.then(Relay::begin);
    let mut report = Report { out: &mut Printer::new(2), frames, in_detail, relay };
    let _infallible = report.write(work);
}

/// The M of the calling thread; none where there is none.
pub(crate) fn current_m<'a>() -> Option<&'a M> {
    // SAFETY: **for ever**; a G in the slot has its M once the boot has tied them.
    unsafe { current_g().as_ref()?.m.get().as_ref() }
}

/// Goroutines on their way to a reader.
struct Report<'a> {
    out: &'a mut dyn Write,
    frames: Frames<'a>,
    in_detail: bool,
    /// Other threads are asked where they stand.
    relay: Option<Relay>,
}

impl Report<'_> {
    /// Writes what the plan says.
    fn write(&mut self, work: &Work<'_>) -> fmt::Result {
        let Work { plan, me, registers, is_exact, location } = *work;
        match (plan.own, me) {
            (Own::Goroutine, Some(g)) => {
                write!(self.out, "\n{}", Header::of(g, current_m(), plan.in_detail))?;
                if let Some(at) = location {
                    writeln!(self.out, "panic(...)\n\t{}:{}", at.file(), at.line())?;
                }
                self.frames.write(self.out, &registers, is_exact, g.stack.get())?;
                self.frames.origin(self.out, Origin::of(g))?;
            }
            (Own::RuntimeStack, _) => {
                self.out.write_str("\nruntime stack:\n")?;
                let stack = current_m().map_or_else(Stack::default, M::g0_stack);
                self.frames.write(self.out, &registers, is_exact, stack)?;
            }
            _ => {}
        }
        match sched().filter(|_| plan.others) {
            Some(sched) => self.others(sched, me),
            None => Ok(()),
        }
    }

    /// Writes all goroutines but `me`. Go: `tracebackothers`.
    fn others(&mut self, sched: &Sched, me: Option<&G>) -> fmt::Result {
        let mut result = Ok(());
        sched.for_each_g(&mut |g| {
            let is_me = me.is_some_and(|me| core::ptr::eq(me, g));
            if !is_me && is_shown(g, self.in_detail) && result.is_ok() {
                result = self.other(g);
            }
        });
        result
    }

    fn other(&mut self, g: &G) -> fmt::Result {
        let mp = runs_on(g);
        let header = Header::of(g, mp, self.in_detail);
        write!(self.out, "\n{header}")?;
        let stack = g.stack.get();
        if !is_unavailable(g, &header) {
            self.frames.write(self.out, &context_of(g), false, stack)?;
        } else {
            let mut ask = |mp: &M| self.relay.as_mut()?.ask(mp.procid());
            match mp.and_then(&mut ask).filter(|answer| stack.contains(answer.sp)) {
                Some(answer) => self.frames.write(self.out, &answer, true, stack)?,
                None => self.out.write_str(UNAVAILABLE)?,
            }
        }
        self.frames.origin(self.out, Origin::of(g))
    }
}

/// What is said of a goroutine whose registers are not known.
const UNAVAILABLE: &str = "\tgoroutine running on other thread; stack unavailable\n";

/// Does a reader of goroutines ask for this one?
fn is_shown(g: &G, in_detail: bool) -> bool {
    let is_free = matches!(g.status(), Status::Idle | Status::Dead);
    !is_free && (in_detail || !g.is_system.get())
}

/// The goroutine that an M runs.
fn running_on(mp: &M) -> Option<&G> {
    // SAFETY: **for ever**; null or a G.
    unsafe { mp.curg.get().as_ref() }
}

/// The M of a goroutine that runs.
fn runs_on(g: &G) -> Option<&M> {
    // SAFETY: **for ever**; null or an M.
    unsafe { g.m.get().as_ref() }.filter(|_| g.status() == Status::Running)
}

/// Did it run when its header was made, or stands on its stack still?
fn is_unavailable(g: &G, header: &Header) -> bool {
    header.status == Status::Running || !g.on_stack.is_off()
}

/// Where it goes on.
fn context_of(g: &G) -> Registers {
    // SAFETY: **for ever**: words; if it runs meanwhile they are wrong, and the walk checks them.
    Registers::from(unsafe { g.sched.get().read_volatile() })
}

"""Goroutines in gdb, of bare and of hosted programs.

    gdb -x rt-sched/rt-gdb.py PROGRAM        or, in gdb:  source rt-sched/rt-gdb.py

    info goroutines          number, status or what it waits for, where
    goroutine 7 bt           a gdb command on the stack of goroutine 7
    goroutine all bt         on all of them, one after the other

The program needs types in its debug information: a build with CARGO_PROFILE_RELEASE_DEBUG=full,
the dev profile, or `debug = "full"` in the profile. `line-tables-only` is not enough.

A command on a goroutine that waits sets four registers of the selected thread for as long as it
takes. So the process must be alive and stopped; a core file has goroutines to list only.
"""

import gdb

# What rt_sched::g::Status is, without those that are no goroutine.
RUNNABLE, RUNNING, WAITING = 1, 2, 4
STATUS = {RUNNABLE: "runnable", RUNNING: "running", WAITING: "waiting"}

# Go's texts of rt_wait::park::WaitReason, by number.
REASONS = (
    "waiting",  # no reason
    "IO wait",
    "chan receive (nil chan)",
    "chan send (nil chan)",
    "select (no cases)",
    "select",
    "chan receive",
    "chan send",
    "semacquire",
    "sleep",
    "sync.Cond.Wait",
    "sync.Mutex.Lock",
    "sync.RWMutex.RLock",
    "sync.RWMutex.Lock",
    "sync.WaitGroup.Wait",
    "panicwait",
    "stopping the world",
    "park",
)

WORD = (1 << 64) - 1

# Where the scheduler is: a static of the bare runtime, or of the hosted one.
BARE = "rt_main::rt0::SCHED"
HOSTED = "rt::boot::SCHED"

# Functions that a goroutine waits in, rather than where it is.
INNER = (
    "rt_asm::", "rt_os::", "rt_wait::", "rt_sched::", "rt_sync::", "rt_main::", "rt::",
    "core::", "alloc::", "std::",
)
# So many frames are tried for a function of the program's own.
FRAMES = 40

# Slots in use: rt_stack::slab::State.
TAKEN, RETAINED = 1, 2
# rt_stack::pool::Pool::colour.
COLOURS, STEP, LINE = 32, 7, 64


def plain(value):
    """The value in cells, atomics and newtypes: what has one field with a size is that field."""
    while value.type.strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        fields = [f for f in value.type.fields() if f.type.sizeof > 0]
        if len(fields) != 1:
            break
        value = value[fields[0]]
    return value


def sched():
    """The scheduler of the program."""
    kind = type_of("rt_sched::sched::Sched")
    bare = static(BARE)
    at = bare.address if bare is not None else None
    if at is None:
        hosted = static(HOSTED)
        if hosted is None:
            raise gdb.GdbError("no rt in this program, or no debug information of it")
        at = int(plain(hosted))
    if int(at) == 0:
        raise gdb.GdbError("rt has not started")
    return gdb.Value(int(at)).cast(kind.pointer()).dereference()


def type_of(name):
    try:
        return gdb.lookup_type(name)
    except gdb.error:
        raise gdb.GdbError("no type %s: build with CARGO_PROFILE_RELEASE_DEBUG=full" % name)


def static(name):
    """A static, whatever language gdb is in just now."""
    symbol = gdb.lookup_static_symbol(name) or gdb.lookup_global_symbol(name)
    return symbol.value() if symbol is not None else None


def pools(stacks):
    """The pools of stacks."""
    if int(stacks["usual"]) == 0:
        raise gdb.GdbError("rt has not started")
    yield stacks["usual"].dereference()
    for slot in elements(stacks["others"]):
        pool = plain(slot)
        if int(pool) != 0:
            yield pool.dereference()


def elements(array):
    low, high = array.type.range()
    return (array[index] for index in range(low, high + 1))


def stacks_in_use(pool):
    """The upper ends of the slots that have a goroutine, or had one."""
    table = pool["table"]
    size = int(table["slot_bytes"])
    note_type = type_of("rt_stack::slab::Note")
    for slab in elements(table["slabs"]):
        base = int(plain(slab["base"]))
        if base == 0:
            return
        notes = gdb.Value(int(plain(slab["notes"]))).cast(note_type.pointer())
        for index in range(int(plain(slab["slots"]))):
            if int(plain(notes[index]["state"])) in (TAKEN, RETAINED):
                yield base + (index + 1) * size, size


class Goroutine:
    """A goroutine that has started and not ended."""

    def __init__(self, g):
        self.g = g
        self.goid = int(plain(g["goid"]))
        self.status = int(plain(g["status"]))

    def state(self):
        """What it does, or waits for, in Go's words."""
        if self.status != WAITING:
            return STATUS[self.status]
        reason = int(plain(self.g["wait_reason"]))
        return REASONS[reason] if reason < len(REASONS) else "reason %d" % reason

    def thread(self):
        """The thread that is on its stack, if one is."""
        if int(plain(self.g["on_stack"])) == 0:
            return None
        mp = plain(self.g["m"])
        if int(mp) == 0:
            return None
        tid = int(plain(mp.dereference()["procid"]))
        threads = gdb.selected_inferior().threads()
        return next((t for t in threads if t.ptid[1] == tid), None)


def goroutines():
    """All goroutines that are not the runtime's own, in the order of their numbers."""
    g_type = type_of("rt_sched::g::G")
    found = []
    for pool in pools(sched()["stacks"]):
        for high, size in stacks_in_use(pool):
            top = high - (high // size % COLOURS * STEP % COLOURS) * LINE
            at = (top - g_type.sizeof) & ~(LINE - 1)
            g = gdb.Value(at).cast(g_type.pointer()).dereference()
            one = Goroutine(g)
            if one.status in STATUS and int(plain(g["is_system"])) == 0:
                found.append(one)
    return sorted(found, key=lambda one: one.goid)


class On:
    """The selected frame is the goroutine's innermost one: `with On(goroutine):`."""

    REGISTERS = (("rsp", "sp"), ("rbp", "bp"), ("rbx", "bx"), ("rip", "pc"))

    def __init__(self, goroutine):
        self.thread = goroutine.thread()
        self.context = None if self.thread else plain(goroutine.g["sched"])
        self.before = None
        self.saved = []

    def __enter__(self):
        self.before = gdb.selected_thread()
        if self.before is None:
            raise gdb.GdbError("the program does not run")
        self.level = gdb.selected_frame().level()
        if self.thread:
            self.thread.switch()
            select(0)
            return
        frame = gdb.newest_frame()
        self.saved = [(r, int(frame.read_register(r)) & WORD) for r, _ in self.REGISTERS]
        new = [(r, int(self.context[name])) for r, name in self.REGISTERS]
        try:
            self.set(new)
        except gdb.error:
            self.saved = []
            raise gdb.GdbError("no registers can be set: the process is not alive")

    @staticmethod
    def set(values):
        for register, value in values:
            gdb.execute("set var $%s = %#x" % (register, value), to_string=True)
        gdb.invalidate_cached_frames()
        select(0)

    def __exit__(self, *_):
        if self.saved:
            self.set(self.saved)
        self.before.switch()
        select(self.level)


def select(level):
    """Selects a frame, and prints nothing, as the command `frame` would."""
    frame = gdb.newest_frame()
    for _ in range(level):
        frame = frame.older()
    frame.select()


def where(goroutine):
    """The innermost function of the program's own, or the innermost of all."""
    with On(goroutine):
        frame = gdb.newest_frame()
        first = None
        for _ in range(FRAMES):
            if frame is None:
                break
            name = frame.name()
            first = first or name
            if name and not name.lstrip("<&").startswith(INNER) and "goroutine_root" not in name:
                return name
            frame = frame.older()
        return first or "??"


def innermost(goroutine):
    """The function that it sleeps in, without a look at its stack: always the scheduler's."""
    block = gdb.block_for_pc(int(plain(goroutine.g["sched"])["pc"]))
    while block is not None and block.function is None:
        block = block.superblock
    return block.function if block is not None else "??"


class InfoGoroutines(gdb.Command):
    """Lists the goroutines: those that a thread runs with a star."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK)

    def invoke(self, _arg, _from_tty):
        for one in goroutines():
            star = "*" if one.status == RUNNING else " "
            try:
                place = where(one)
            except gdb.GdbError:
                place = innermost(one)
            print("%s %d %s %s" % (star, one.goid, one.state(), place))


class OnGoroutine(gdb.Command):
    """Runs a command on a goroutine's stack: goroutine N COMMAND, goroutine all COMMAND."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, arg, _from_tty):
        number, _, command = arg.strip().partition(" ")
        if not number or not command:
            raise gdb.GdbError("usage: goroutine N COMMAND, or goroutine all COMMAND")
        for one in self.chosen(number):
            if number == "all":
                print("goroutine %d [%s]:" % (one.goid, one.state()))
            with On(one):
                print(gdb.execute(command, to_string=True), end="")

    @staticmethod
    def chosen(number):
        found = goroutines()
        if number == "all":
            return found
        try:
            goid = int(gdb.parse_and_eval(number))
        except gdb.error:
            raise gdb.GdbError("not a goroutine's number: %s" % number)
        chosen = [one for one in found if one.goid == goid]
        if not chosen:
            raise gdb.GdbError("no goroutine %d" % goid)
        return chosen


InfoGoroutines()
OnGoroutine()

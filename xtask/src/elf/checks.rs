//! The checks. Each takes the file and finds one thing.

use object::elf;

use super::image::Image;
use crate::report::Finding;

/// The entry point's name. Go: `_rt0_amd64`.
const ENTRY: &str = "_rt0_amd64";
/// The symbol that keeps the build's version in the binary. Go: `runtime.buildVersion`.
const BUILD_VERSION: &str = "RT_BUILD_VERSION";
/// The most bytes of thread-local storage: the g slot.
const TLS_MAX: u64 = 8;

/// Names that only a libc defines. `memcpy` and its kin are not among them: rt-asm has its own.
const LIBC_NAMES: &[&str] = &[
    "malloc",
    "calloc",
    "realloc",
    "free",
    "printf",
    "fprintf",
    "vfprintf",
    "puts",
    "fwrite",
    "write",
    "read",
    "open",
    "close",
    "mmap",
    "munmap",
    "mprotect",
    "syscall",
    "sigaction",
    "getenv",
    "exit",
    "_exit",
    "atexit",
    "strerror_r",
    "dl_iterate_phdr",
    "environ",
    "errno",
    "gnu_get_libc_version",
];
/// Beginnings of such names.
const LIBC_PREFIXES: &[&str] =
    &["__libc_", "_IO_", "__GI_", "_dl_", "__errno", "pthread_", "__pthread_", "_nl_", "__nss_"];
/// Texts that a libc leaves in what is loaded.
const LIBC_TEXTS: &[&str] = &["GNU C Library", "GLIBC_2.", "musl libc"];

/// Runs all checks.
pub(super) fn all(image: &Image<'_>) -> Vec<Finding> {
    vec![
        kind(image),
        machine(image),
        entry(image),
        interpreter(image),
        dynamic(image),
        undefined(image),
        libc(image),
        thread_local(image),
        write_execute(image),
        build_version(image),
    ]
}

fn kind(image: &Image<'_>) -> Finding {
    let text = match image.kind() {
        elf::ET_EXEC => "EXEC".to_owned(),
        elf::ET_DYN => "DYN: a shared object, or an executable for any address".to_owned(),
        other => format!("{other}"),
    };
    Finding::new("type", image.kind() == elf::ET_EXEC, text)
}

fn machine(image: &Image<'_>) -> Finding {
    let ok = image.machine() == elf::EM_X86_64;
    Finding::new("machine", ok, if ok { "x86-64".into() } else { format!("{}", image.machine()) })
}

fn entry(image: &Image<'_>) -> Finding {
    let symbol = image.symbols().find(|symbol| symbol.name == ENTRY && !symbol.undefined);
    let at = image.entry();
    let (ok, detail) = match symbol {
        Some(symbol) if symbol.address == at => (true, format!("{ENTRY} at {at:#x}")),
        Some(symbol) => (false, format!("{at:#x}, but {ENTRY} is at {:#x}", symbol.address)),
        None => (false, format!("{at:#x}, and no symbol {ENTRY}")),
    };
    Finding::new("entry", ok, detail)
}

fn interpreter(image: &Image<'_>) -> Finding {
    let found = image.segments().find(|segment| segment.kind == elf::PT_INTERP);
    let text = found.as_ref().map_or("none".into(), |segment| {
        String::from_utf8_lossy(segment.bytes).trim_end_matches('\0').to_owned()
    });
    Finding::new("interpreter", found.is_none(), text)
}

fn dynamic(image: &Image<'_>) -> Finding {
    let mut found = Vec::new();
    if image.segments().any(|segment| segment.kind == elf::PT_DYNAMIC) {
        found.push("PT_DYNAMIC".to_owned());
    }
    found.extend(image.sections().filter(|(_, relocates)| *relocates).map(|(name, _)| name));
    Finding::new("dynamic", found.is_empty(), listed(&found))
}

fn undefined(image: &Image<'_>) -> Finding {
    let names: Vec<_> =
        image.symbols().filter(|s| s.undefined).map(|s| s.name.to_owned()).collect();
    Finding::new("undefined", names.is_empty(), listed(&names))
}

fn libc(image: &Image<'_>) -> Finding {
    let is_libc = |name: &str| {
        let plain = name.split('@').next().unwrap_or(name);
        LIBC_NAMES.contains(&plain) || LIBC_PREFIXES.iter().any(|prefix| plain.starts_with(prefix))
    };
    let mut found: Vec<String> =
        image.symbols().filter(|s| is_libc(s.name)).map(|s| s.name.to_owned()).collect();
    let notes = image.sections().map(|(name, _)| name).filter(|name| name == ".note.ABI-tag");
    found.extend(notes);
    for segment in image.segments().filter(|segment| segment.kind == elf::PT_LOAD) {
        let has = |text: &&&str| segment.bytes.windows(text.len()).any(|w| w == text.as_bytes());
        found.extend(LIBC_TEXTS.iter().filter(has).map(|text| format!("\"{text}\"")));
    }
    Finding::new("libc", found.is_empty(), listed(&found))
}

fn thread_local(image: &Image<'_>) -> Finding {
    let found = image.segments().find(|segment| segment.kind == elf::PT_TLS);
    let size = found.as_ref().map_or(0, |segment| segment.size);
    let text = found.map_or("none".into(), |_| format!("{size} bytes, at most {TLS_MAX}"));
    Finding::new("thread-local", size <= TLS_MAX, text)
}

fn write_execute(image: &Image<'_>) -> Finding {
    let both = elf::PF_W | elf::PF_X;
    let found: Vec<String> = image
        .segments()
        .filter(|segment| segment.flags & both == both)
        .map(|segment| format!("segment of type {:#x} at {:#x}", segment.kind, segment.address))
        .collect();
    Finding::new("write+execute", found.is_empty(), listed(&found))
}

fn build_version(image: &Image<'_>) -> Finding {
    let symbol = image.symbols().find(|s| s.name.contains(BUILD_VERSION) && !s.undefined);
    let Some(symbol) = symbol else {
        return Finding::new("build version", false, format!("no symbol {BUILD_VERSION}"));
    };
    let text = text_at(image, symbol.address, symbol.size);
    let shown = text.clone().unwrap_or_else(|| format!("{BUILD_VERSION} is not text"));
    Finding::new("build version", text.is_some(), shown)
}

/// The text of a static: either the bytes themselves, or a `&str` to them.
fn text_at(image: &Image<'_>, address: u64, size: u64) -> Option<String> {
    let bytes = image.memory(address, size)?;
    printable(bytes).or_else(|| {
        let (pointer, length) = bytes.split_at_checked(8)?;
        let pointer = u64::from_le_bytes(pointer.try_into().ok()?);
        let length = u64::from_le_bytes(length.try_into().ok()?);
        printable(image.memory(pointer, length)?)
    })
}

/// The bytes as text, if they are some.
fn printable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0');
    let good = !text.is_empty() && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}

/// The first few of what was found.
fn listed(found: &[String]) -> String {
    const SHOWN: usize = 8;
    match found.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => {
            format!("{} and {} more", found[..SHOWN].join(", "), count - SHOWN)
        }
        _ => found.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::Synthetic;
    use super::*;
    use crate::report::failing;

    /// The checks that fail for a file.
    fn failed(file: &Synthetic) -> Vec<&'static str> {
        let bytes = file.bytes();
        failing(&all(&Image::parse(&bytes).unwrap()))
    }

    fn with(change: impl FnOnce(&mut Synthetic)) -> Vec<&'static str> {
        let mut file = Synthetic::good();
        change(&mut file);
        failed(&file)
    }

    #[test]
    fn a_bare_program_passes() {
        assert!(failed(&Synthetic::good()).is_empty());
    }

    #[test]
    fn each_fault_fails_its_check() {
        assert_eq!(with(|file| file.kind = elf::ET_DYN), ["type"]);
        assert_eq!(with(|file| file.machine = elf::EM_AARCH64), ["machine"]);
        assert_eq!(with(|file| file.entry += 1), ["entry"]);
        assert_eq!(with(|file| file.symbols[0].0 = "_start"), ["entry"]);
        assert_eq!(with(|file| file.segment(elf::PT_INTERP, elf::PF_R, 8)), ["interpreter"]);
        assert_eq!(with(|file| file.segment(elf::PT_DYNAMIC, elf::PF_R, 8)), ["dynamic"]);
        assert_eq!(with(|file| file.relocations = true), ["dynamic"]);
        assert_eq!(with(|file| file.symbols.push(("elsewhere", 0, 0))), ["undefined"]);
        assert_eq!(with(|file| file.segment(elf::PT_TLS, elf::PF_R, 16)), ["thread-local"]);
        assert!(with(|file| file.segment(elf::PT_TLS, elf::PF_R, 8)).is_empty());
        let both = elf::PF_W | elf::PF_X;
        assert_eq!(with(|file| file.segment(elf::PT_LOAD, both, 8)), ["write+execute"]);
        assert_eq!(with(|file| file.segment(elf::PT_GNU_STACK, both, 0)), ["write+execute"]);
        assert_eq!(with(|file| file.symbols.truncate(1)), ["build version"]);
    }

    #[test]
    fn traces_of_libc_are_found() {
        for name in ["malloc", "printf", "__libc_start_main", "__errno_location", "_IO_puts"] {
            let address = Synthetic::good().entry;
            assert_eq!(with(|file| file.symbols.push((name, address, 1))), ["libc"], "{name}");
        }
        assert_eq!(with(|file| file.text.extend(b"GNU C Library")), ["libc"]);
        assert_eq!(with(|file| file.note = ".note.ABI-tag"), ["libc"]);
        assert!(with(|file| file.symbols.push(("memcpy", file.entry, 1))).is_empty());
    }

    #[test]
    fn the_build_version_is_read_as_bytes_or_through_a_pointer() {
        let read = |file: &Synthetic| build_version(&Image::parse(&file.bytes()).unwrap()).detail;
        let mut file = Synthetic::good();
        assert_eq!(read(&file), "rt 1.2.3");
        let (_, text, length) = file.symbols[1];
        let at = file.entry + file.text.len() as u64;
        file.text.extend(text.to_le_bytes());
        file.text.extend(length.to_le_bytes());
        file.symbols[1] = ("_RNvCs1_2rt16RT_BUILD_VERSION", at, 16);
        assert_eq!(read(&file), "rt 1.2.3");
    }
}

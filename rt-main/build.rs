//! Link arguments that make a binary a static program with its own entry.

use std::path::PathBuf;

/// What rustc names on the command line for the `libc` crate, of which only constants are used.
const LIBRARIES: [&str; 8] = ["c", "m", "rt", "pthread", "util", "dl", "gcc_s", "gcc"];

fn main() {
    // Empty archives come before the system's libraries: nothing of a libc can get into the
    // program.
    let empty = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    for library in LIBRARIES {
        let archive = empty.join(format!("lib{library}.a"));
        std::fs::write(&archive, "!<arch>\n").expect("the build folder can be written");
    }
    println!("cargo::rustc-link-search=native={}", empty.display());
    for argument in [
        "-nostartfiles",
        "-nostdlib",
        "-static",
        "-no-pie",
        "-Wl,-e,_rt0_amd64",
        // One segment for headers, constants and code: fewer pages to map and to fault in.
        "-Wl,--no-rosegment",
        "-Wl,-z,norelro",
        "-Wl,--build-id=none",
    ] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}

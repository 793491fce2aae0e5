//! Link arguments that make the binary a static program with its own entry.

fn main() {
    for argument in ["-nostartfiles", "-nostdlib", "-static", "-no-pie", "-Wl,-e,_rt0_amd64"] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    // One page for headers and text, no alignment gaps: fewer pages to map and to fault in.
    for argument in ["-Wl,-z,noseparate-code", "-Wl,-z,norelro", "-Wl,--build-id=none"] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}

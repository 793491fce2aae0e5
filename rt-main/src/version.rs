//! Which build this is, for those who look into the binary. Go: `buildVersion`, `modinfo`.
//!
//! # Safety
//! - **names**: bare programs only; no other crate defines these symbols.
#![allow(unsafe_code, reason = "**names**: symbols without mangling")]

/// The version of the runtime that was linked. Go: `runtime.buildVersion`.
#[used]
#[unsafe(no_mangle)]
pub static RT_BUILD_VERSION: [u8; VERSION.len()] = *VERSION;

/// The crates it was made of. Go: `runtime.modinfo`.
#[used]
#[unsafe(no_mangle)]
pub static RT_MODINFO: [u8; MODINFO.len()] = *MODINFO;

const VERSION: &[u8; version_text().len()] = bytes(version_text());
const MODINFO: &[u8; modinfo_text().len()] = bytes(modinfo_text());

const fn version_text() -> &'static str {
    concat!("rt-build-version: ", env!("CARGO_PKG_VERSION"))
}

const fn modinfo_text() -> &'static str {
    "rt-modinfo: rt-asm rt-os rt-wait rt-mem rt-stack rt-sched rt-main"
}

const fn bytes<const N: usize>(text: &'static str) -> &'static [u8; N] {
    match text.as_bytes().first_chunk() {
        Some(bytes) => bytes,
        None => panic!("a text has as many bytes as its length says"),
    }
}

//! Empty programs of other runtimes, for comparison, where their compilers are here.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::timing::Program;

/// Builds what can be built; what cannot is left out.
pub(super) fn build(folder: &Path) -> Vec<Program> {
    let c = ("c.c", "int main(void) { return 0; }\n");
    let go = ("go.go", "package main\n\nfunc main() {}\n");
    let mut programs = Vec::new();
    programs.extend(compile("static C", folder, c, &["cc", "-O2", "-static", "-o"]));
    programs.extend(compile("Go", folder, go, &["go", "build", "-o"]));
    programs
}

/// Writes `source` and runs the compiler on it.
fn compile(
    name: &'static str,
    folder: &Path,
    source: (&str, &str),
    command: &[&str],
) -> Option<Program> {
    let (file, text) = source;
    let file = folder.join(file);
    fs::write(&file, text).ok()?;
    let binary = file.with_extension("");
    let (compiler, args) = command.split_first()?;
    let mut command = Command::new(compiler);
    command.args(args).arg(&binary).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    let built = command.status().ok()?.success();
    built.then(|| Program::new(name, binary))
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn a_missing_compiler_is_no_error() {
        let scratch = Scratch::new();
        let folder = &scratch.0;
        assert!(compile("a", folder, ("a.c", ""), &["no-such-compiler"]).is_none());
        assert!(compile("a", folder, ("a.c", ""), &["false"]).is_none());
        assert!(compile("a", folder, ("a.c", ""), &["true"]).is_some());
    }
}

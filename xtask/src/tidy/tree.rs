//! The workspace as the checks see it: its text files and its packages.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, Package as CargoPackage};

/// All files and packages.
#[derive(Default)]
pub(super) struct Tree {
    /// Text by path below the root, with `/` between folders.
    pub(super) files: BTreeMap<String, String>,
    /// The members of the workspace.
    pub(super) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Clone, Default)]
pub(super) struct Package {
    pub(super) name: String,
    /// Its folder below the root.
    pub(super) dir: String,
    /// The library's root file, if it has one.
    pub(super) lib: Option<String>,
    /// The root files of all targets, the library's included.
    pub(super) targets: Vec<String>,
    pub(super) features: Vec<String>,
    pub(super) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependencies.
#[derive(Clone, Default)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// For tests and examples only.
    pub(super) dev: bool,
    pub(super) default_features: bool,
    pub(super) features: Vec<String>,
    /// The `cfg(…)` it is limited to.
    pub(super) target: Option<String>,
}

impl Tree {
    /// Reads the workspace at `root`.
    ///
    /// # Errors
    /// When a folder cannot be listed or `cargo metadata` fails.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        read_folder(root, "", &mut tree.files)?;
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo metadata")?;
        let base = metadata.workspace_root.as_std_path();
        tree.packages =
            metadata.packages.iter().map(|package| Package::new(package, base)).collect();
        Ok(tree)
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        let rust = self.files.iter().filter(|(path, _)| path.ends_with(".rs"));
        rust.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The members that others may build upon: `rt` and `rt-*`.
    pub(super) fn libraries(&self) -> impl Iterator<Item = &Package> {
        let library = |package: &&Package| package.name == "rt" || package.name.starts_with("rt-");
        self.packages.iter().filter(library)
    }
}

impl Package {
    fn new(package: &CargoPackage, base: &Path) -> Self {
        let below = |path: &Path| {
            path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/")
        };
        let manifest = package.manifest_path.as_std_path();
        let dependencies = package.dependencies.iter().map(|dependency| Dependency {
            name: dependency.name.clone(),
            dev: dependency.kind == DependencyKind::Development,
            default_features: dependency.uses_default_features,
            features: dependency.features.clone(),
            target: dependency.target.as_ref().map(ToString::to_string),
        });
        let lib = package.targets.iter().find(|target| target.is_lib());
        Self {
            name: package.name.to_string(),
            dir: manifest.parent().map(below).unwrap_or_default(),
            lib: lib.map(|target| below(target.src_path.as_std_path())),
            targets: package.targets.iter().map(|t| below(t.src_path.as_std_path())).collect(),
            features: package.features.keys().cloned().collect(),
            dependencies: dependencies.collect(),
        }
    }
}

/// Adds the text files below `folder`, whose path below the root is `prefix`.
fn read_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && name != "target" && name != ".git" {
            read_folder(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && name != ".git" {
            // What is not text has no words, no lines and no items.
            if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
                files.insert(path, text);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
impl Tree {
    /// A tree of these files.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { files: files.collect(), packages: Vec::new() }
    }

    /// The same with a library package per name, in the folder of that name.
    pub(super) fn with(mut self, names: &[&str]) -> Self {
        self.packages.extend(names.iter().map(|name| {
            let lib = format!("{name}/src/lib.rs");
            Package {
                name: (*name).to_owned(),
                dir: (*name).to_owned(),
                lib: Some(lib.clone()),
                targets: vec![lib],
                ..Package::default()
            }
        }));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read() {
        let tree = Tree::read(&crate::shell::root()).unwrap();
        assert!(tree.files.contains_key("xtask/src/tidy/tree.rs"));
        assert!(tree.files.keys().all(|path| !path.starts_with("target/")));
        let asm = tree.libraries().find(|package| package.name == "rt-asm").unwrap();
        assert_eq!((asm.dir.as_str(), asm.lib.as_deref()), ("rt-asm", Some("rt-asm/src/lib.rs")));
        assert!(tree.libraries().all(|package| package.name != "xtask"));
    }
}

//! How to open a file. std: `OpenOptions`.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::File;

/// How to open a file. std: `OpenOptions`; its `mode` and `custom_flags` are in
/// [`OpenOptionsExt`].
#[derive(Clone, Debug)]
pub struct OpenOptions(std::fs::OpenOptions);

/// std's setters.
macro_rules! setters {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {
        $($(#[doc = $doc])*
        pub fn $name(&mut self, $name: bool) -> &mut OpenOptions {
            self.0.$name($name);
            self
        })*
    };
}

impl OpenOptions {
    /// Nothing is allowed yet.
    #[allow(clippy::new_without_default, reason = "std's has none")]
    #[must_use]
    pub fn new() -> OpenOptions {
        OpenOptions(std::fs::OpenOptions::new())
    }

    setters! {
        /// To read from it.
        read;
        /// To write to it.
        write;
        /// Each write goes to the end.
        append;
        /// What is there goes. Needs `write`.
        truncate;
        /// It is made if it is not there. Needs `write` or `append`.
        create;
        /// It is made, and must not be there before: `create` and `truncate` say nothing then.
        create_new;
    }

    /// Opens a file so. A FIFO waits for the other side.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`, `PermissionDenied` and others of open(2); `InvalidInput` for
    /// options that contradict each other.
    pub fn open<P: AsRef<Path>>(&self, path: P) -> io::Result<File> {
        let path = path.as_ref();
        crate::blocking(|| self.0.open(path)).map(File)
    }
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode(mode);
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }
}

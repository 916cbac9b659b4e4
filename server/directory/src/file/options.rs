//! What the file adapter is told.

use std::path::PathBuf;

use url::Url;

use crate::selection::Selection;

/// Where people and groups are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileTarget {
    /// A folder: every `.yaml` and `.yml` file in it and below.
    Folder(PathBuf),
    /// One file, and the files that its Location entities name.
    File(PathBuf),
    /// One file at an https address, and the files of its host that its Location entities name.
    Url(Url),
}

/// How people and groups are read from descriptors.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// Where they are.
    pub target: FileTarget,
    /// The namespace of their entities, in lower case. Descriptors that name another one are faults.
    pub namespace: String,
    /// Which of them are taken.
    pub selection: Selection,
}

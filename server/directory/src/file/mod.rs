//! People and groups from descriptors in a folder or at an address.
//!
//! The format is that of the catalog: `User` and `Group` entities. `spec.status` of a user says whether they may be in
//! the catalog ([`crate::STATUS_WORDS`]; active when it is not there). `metadata.uid` is the stable id; without it the
//! name is, so that a name given to someone new passes on what belonged to its bearer. Nothing is left out silently: a
//! file or an entity that cannot be used fails the read.

mod client;
mod entities;
mod folder;
mod options;
mod walk;

pub use client::FileDirectory;
pub use options::{FileOptions, FileTarget};

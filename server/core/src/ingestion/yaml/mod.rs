//! A bounded YAML loader: documents with line numbers, scalars by the YAML 1.2 core schema.
//!
//! Whatever comes in, the work is linear in the text and the result stays within the limits below. A document that
//! is not well-formed does not hide the documents after it.

mod documents;
mod load;
mod node;
mod scalar;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use load::{load, load_one};
pub use node::{Entry, Node, NodeValue};

/// Largest descriptor file, in bytes.
pub const DESCRIPTOR_BYTES_MAX: usize = 1024 * 1024;
/// Largest file that a placeholder names, in bytes.
pub const PLACEHOLDER_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Most documents in one file.
pub const DOCUMENTS_MAX: usize = 5_000;
/// Deepest nesting of sequences and mappings, aliases followed.
pub const DEPTH_MAX: usize = 64;
/// Most nodes in one file, aliases followed.
pub const NODES_MAX: usize = 250_000;
/// Most bytes of text in the scalars of one file, aliases followed.
pub const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a document is not usable YAML.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct YamlFault {
    /// The line, from 1.
    pub line: u32,
    /// Where in the document, such as `metadata.tags.1`; empty at its top.
    pub path: String,
    /// What is wrong and what was expected.
    pub reason: String,
}

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its first line, from 1.
    pub line: u32,
    /// What it holds; `None` when it is empty or all comment.
    pub content: Result<Option<Node>, YamlFault>,
}

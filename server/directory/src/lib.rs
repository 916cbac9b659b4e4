//! Readers of organisation data: directories of people and groups, and descriptor locations by file and url.

pub mod api;
mod files;
pub mod github;
pub mod gitlab;
mod hosts;
mod reader;

pub use files::FILES_AT_ONCE_MAX;
pub use reader::{FileAndUrlReader, Options, TextSource};

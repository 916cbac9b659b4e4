//! Readers of organisation data: descriptor locations by file and url.

mod files;
mod hosts;
mod reader;

pub use files::FILES_AT_ONCE_MAX;
pub use reader::{FileAndUrlReader, Options, TextSource};

//! Readers of organisation data: descriptor locations by file and url. And sign-in with the organisation's providers.

mod files;
mod hosts;
mod reader;
mod sign_in;

pub use files::FILES_AT_ONCE_MAX;
pub use reader::{FileAndUrlReader, Options, TextSource};
pub use sign_in::{SignInOptions, sign_in_client};

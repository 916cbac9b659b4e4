//! Readers of organisation data: directories of people and groups, and descriptor locations by file and url. And sign-in
//! with the organisation's providers.

mod adapter;
pub mod api;
pub mod custom;
pub mod entra;
pub mod file;
mod files;
pub mod github;
pub mod gitlab;
mod hosts;
pub mod okta;
mod reader;
mod selection;
mod sign_in;
mod status;

pub use adapter::{AdapterContext, AdapterOptions};
pub use files::FILES_AT_ONCE_MAX;
pub use reader::{FileAndUrlReader, Options, TextSource};
pub use selection::{LoginForm, Selection};
pub use sign_in::{SignInOptions, sign_in_client};
pub use status::{STATUS_WORDS, standing};

//! People and groups from an endpoint or a command of one's own, by Portal's own contract.
//!
//! Every user of every answer has a `status`: an answer with a user without one is no answer, so that nobody who writes
//! such a directory can forget that people are suspended and leave.

mod client;
mod command;
pub mod contract;
mod options;
mod parse;

pub use client::{CustomDirectory, SIGNATURE_HEADER};
pub use command::COMMAND_BYTES_MAX;
pub use options::{COMMAND_TIMEOUT, CustomOptions, CustomSource};

//! The pages, one file each.

pub(crate) mod account;
pub(crate) mod authorize_error;
pub(crate) mod catalog;
pub(crate) mod consent;
pub(crate) mod errors;
pub(crate) mod home;
pub(crate) mod mcp;
pub(crate) mod settings;
pub(crate) mod sign_in_refused;

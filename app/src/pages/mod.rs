//! The pages, one file each.

pub(crate) mod account;
pub(crate) mod authorize_error;
pub(crate) mod catalog;
pub(crate) mod consent;
#[cfg(debug_assertions)]
mod design;
#[cfg(debug_assertions)]
mod design_parts;
pub(crate) mod errors;
pub(crate) mod home;
pub(crate) mod mcp;
pub(crate) mod settings;
pub(crate) mod sign_in_refused;

/// The page of the design system, in development builds.
#[cfg(debug_assertions)]
pub(crate) use design::page as design_page;
/// Builds for use have none.
#[cfg(not(debug_assertions))]
pub(crate) use errors::not_found as design_page;

//! Entra ID, through Microsoft Graph.
//!
//! - Every user is asked for with the full list of fields: Graph leaves `accountEnabled` and `userType` out otherwise, and
//!   an account that does not say that it is enabled is never taken for one.
//! - A full read begins with the tokens of both deltas, so that what changes meanwhile is told by the next delta.
//! - Memberships are direct ones; groups in groups are members. Members of filtered groups are not asked for.
//! - Pages may be empty, changes may come twice; only the lack of a link ends a list.

pub(crate) mod auth;
mod client;
mod cursor;
mod events;
mod options;
mod people;
mod read;
mod records;
mod subscriptions;

pub use client::EntraDirectory;
pub use options::{ENTRA_CLOUDS, EntraCloud, EntraCredential, EntraOptions};

//! Okta.
//!
//! - The list of users leaves out the deprovisioned, so they are read after it: leaving is then told, not concluded.
//! - Lists and changes are read by `filter`, from what is true now; `search` lags behind.
//! - Changes are users by `lastUpdated`, groups by that and `lastMembershipUpdated` with their members anew, and
//!   deletions by the System Log, each asked about by id before it is believed.
//! - A service app may demand proof of possession (DPoP), and by default does: it is given as soon as it is asked for.

pub(crate) mod auth;
mod client;
mod cursor;
mod events;
mod options;
mod people;
mod read;
mod records;

pub use client::OktaDirectory;
pub use options::{OktaCredential, OktaGroupType, OktaOptions};

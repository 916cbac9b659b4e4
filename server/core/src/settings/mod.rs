//! Settings: stored, validated, audited, seen by every node within half a second.

mod keys;
mod provider_keys;
mod rules;
mod service;

pub(crate) use service::stored_settings;
pub use service::{SettingsError, SettingsService};

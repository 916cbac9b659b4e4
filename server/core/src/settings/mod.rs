//! Settings: stored, validated, audited, seen by every node within half a second.

mod keys;
mod rules;
mod service;

pub use service::{SettingsError, SettingsService};

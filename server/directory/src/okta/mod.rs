//! Okta.

mod options;

pub use options::{OktaCredential, OktaGroupType, OktaOptions};

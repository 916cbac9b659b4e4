//! Server functions: the addresses below `/_ui/` that forms are sent to.
//!
//! Each guards, calls a service and answers. They take optional texts, because a browser leaves out what is unchecked, and
//! because the domain parses: a wrong number becomes an error of its field.

mod account;
pub(crate) mod admin_agents;
mod agents;
mod branding;
mod clients;
mod consent;
mod org;
mod rollout;
mod session;
pub(crate) mod settings;
mod stars;
pub(crate) mod tokens;
pub(crate) mod users;

use serde::{Deserialize, Serialize};

/// A password as sent; Debug hides it, because the macro derives Debug for the arguments of every function.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PasswordInput(String);

impl PasswordInput {
    fn secret(self) -> portal_core::secret::Secret {
        portal_core::secret::Secret::new(self.0)
    }
}

impl std::fmt::Debug for PasswordInput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordInput(..)")
    }
}

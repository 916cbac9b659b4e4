//! What admins set for one provider of people and groups (`org.<provider>.…`).

use serde::{Deserialize, Serialize};

/// Most groups that can make admins.
pub const ADMIN_GROUPS_MAX: usize = 50;
/// Longest name or id of a group, in characters.
pub const ADMIN_GROUP_LENGTH_MAX: usize = 200;
/// Hours, from and to, for which what a provider said stays fresh.
pub const FRESHNESS_HOURS: (u16, u16) = (1, 8_760);
/// Most of the removal limit, in percent.
pub const REMOVAL_LIMIT_PERCENT_MAX: u8 = 100;

/// What happens when a provider has not been read for too long (`org.<provider>.when_stale`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenStale {
    /// Admins are told; nobody is kept out.
    Warn,
    /// Its people get no new session and no new token until it has been read again.
    Refuse,
}

impl WhenStale {
    /// The word in the settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }
}

/// What admins set for one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSettings {
    /// `org.<provider>.freshness_hours`: how old the last complete run may be, 1 to 8760.
    pub freshness_hours: u16,
    /// `org.<provider>.when_stale`
    pub when_stale: WhenStale,
    /// `org.<provider>.removal_limit_percent`: 0 to 100
    pub removal_limit_percent: u8,
    /// `org.<provider>.admin_groups`: groups of the provider, by id or name, whose members are admins, beside those of
    /// the configuration.
    pub admin_groups: Vec<String>,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            freshness_hours: 48,
            when_stale: WhenStale::Warn,
            removal_limit_percent: 10,
            admin_groups: Vec::new(),
        }
    }
}

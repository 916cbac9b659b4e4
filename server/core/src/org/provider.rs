//! Providers: which directories there are, and how Portal reads each.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::identity::LOCAL_PROVIDER;

/// Most characters of a provider's id.
const ID_LENGTH_MAX: usize = 40;

/// Why a text is not a provider's id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "a provider's id is 1 to {ID_LENGTH_MAX} of a-z, 0-9 and -, begins with a letter, and is not `local`"
)]
pub struct ProviderIdError;

/// The id of a provider, as the configuration names it: `[a-z][a-z0-9-]*`, at most 40 characters, never `local`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderId(String);

impl ProviderId {
    /// Takes an id.
    ///
    /// # Errors
    /// [`ProviderIdError`].
    pub fn parse(text: &str) -> Result<Self, ProviderIdError> {
        let first = text.chars().next().is_some_and(|first| first.is_ascii_lowercase());
        let rest = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if first && text.len() <= ID_LENGTH_MAX && text.chars().all(rest) && text != LOCAL_PROVIDER {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProviderIdError)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for ProviderId {
    type Error = ProviderIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0
    }
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// github.com, Enterprise Cloud, Enterprise Server.
    Github,
    /// gitlab.com and self-managed.
    Gitlab,
    /// Entra ID through Microsoft Graph.
    Entra,
    /// Okta.
    Okta,
    /// YAML in a folder or at a url.
    File,
    /// An https endpoint or a command that speaks Portal's own contract.
    Custom,
}

impl ProviderKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Github, Self::Gitlab, Self::Entra, Self::Okta, Self::File, Self::Custom];

    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Entra => "entra",
            Self::Okta => "okta",
            Self::File => "file",
            Self::Custom => "custom",
        }
    }
}

/// What of a provider's configuration does not depend on its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderOptions {
    /// Its id.
    pub id: ProviderId,
    /// What it speaks.
    pub kind: ProviderKind,
    /// How people call it, such as `GitHub`.
    pub title: String,
    /// Minutes from one full run to the next, 5 to 1440.
    pub schedule_minutes: u32,
    /// Minutes from one delta run to the next, 1 to 1440; `None` where the API has none, or none is wanted.
    pub delta_minutes: Option<u32>,
    /// Namespace of the entities it defines, in lower case.
    pub namespace: String,
    /// Whether a person suspended or gone here is refused though another provider still knows them.
    pub authoritative: bool,
    /// How its people are recognised as people of another provider; `None` when they never are.
    pub link: Option<LinkRule>,
    /// Groups, by stable id or name, whose members are admins of Portal.
    pub admin_groups: Vec<String>,
}

/// How people of one provider are recognised as people of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkRule {
    /// The same e-mail address, in lower case, verified on both sides.
    VerifiedEmail {
        /// The provider whose entity stands for both.
        to: ProviderId,
    },
    /// The same value of an annotation on both sides, such as `graph.microsoft.com/user-id`.
    Annotation {
        /// The provider whose entity stands for both.
        to: ProviderId,
        /// The annotation.
        key: String,
    },
}

impl LinkRule {
    /// The provider whose entity stands for both.
    #[must_use]
    pub const fn to(&self) -> &ProviderId {
        match self {
            Self::VerifiedEmail { to } | Self::Annotation { to, .. } => to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_for_urls() {
        for good in ["github", "entra-id", "g2", &"x".repeat(40)] {
            assert_eq!(ProviderId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "local", "GitHub", "2g", "-a", "a_b", "a/b", &"x".repeat(41)] {
            assert_eq!(ProviderId::parse(bad), Err(ProviderIdError), "{bad}");
        }
    }
}

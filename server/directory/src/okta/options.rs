//! What the Okta adapter is told.

use portal_core::secret::Secret;
use url::Url;

use crate::selection::{LoginForm, Selection};

/// How an Okta org is read.
#[derive(Debug, Clone)]
pub struct OktaOptions {
    /// The org's address, such as `https://acme.okta.com`.
    pub url: Url,
    /// What Portal proves itself with.
    pub credential: OktaCredential,
    /// Types of groups that are read.
    pub group_types: Vec<OktaGroupType>,
    /// Whether people whose account is locked after failed sign-ins stay people of the organisation.
    pub locked_out_is_active: bool,
    /// What people's entities are named after.
    pub login: LoginForm,
    /// Which people and groups are taken.
    pub selection: Selection,
    /// The secret that event hooks bring along; `None` when none are taken.
    pub webhook_secret: Option<Secret>,
    /// The header that it stands in, in lower case.
    pub webhook_header: String,
}

/// What Portal proves itself with.
#[derive(Debug, Clone)]
pub enum OktaCredential {
    /// An API token.
    Token(Secret),
    /// A service app with a key of its own (`private_key_jwt`, RFC 7523).
    PrivateKey {
        /// The app's client id.
        client_id: String,
        /// `kid` of the key, where Okta knows several.
        key_id: Option<String>,
        /// The RSA key, PEM (PKCS #8).
        private_key: Secret,
    },
}

/// Okta's types of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OktaGroupType {
    /// Made in Okta.
    Okta,
    /// Imported from an app, such as Active Directory.
    App,
    /// Made by Okta, such as Everyone.
    BuiltIn,
}

impl OktaGroupType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::Okta, Self::App, Self::BuiltIn];

    /// Okta's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Okta => "OKTA_GROUP",
            Self::App => "APP_GROUP",
            Self::BuiltIn => "BUILT_IN",
        }
    }
}

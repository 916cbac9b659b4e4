//! The records of accounts and what belongs to them.

use std::net::IpAddr;

use portal_model::EntityRef;
use serde::{Deserialize, Serialize};

use crate::{ids::UserId, secret::SecretHash, time::UnixMillis};

/// The provider of accounts that Portal keeps itself.
pub const LOCAL_PROVIDER: &str = "local";

/// What an account may do at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// Made by an admin, has no password yet.
    Invited,
    /// May sign in.
    Active,
    /// May not sign in, because an admin says so; everything issued to it is refused.
    Disabled,
    /// May not sign in, because a directory says that its person is suspended or gone; everything issued to it is
    /// refused. Only the directory takes it back.
    Suspended,
}

impl UserStatus {
    /// The name in the store and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Suspended => "suspended",
        }
    }

    /// The status with this name; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Disabled, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Whether someone has said that the account may not be used.
    #[must_use]
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::Disabled | Self::Suspended)
    }
}

/// A person's account: a provider, and that provider's stable id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identifier of the account.
    pub id: UserId,
    /// Id of the provider that vouches for the person; [`LOCAL_PROVIDER`] for accounts kept here.
    pub provider: String,
    /// The provider's stable id of the person. For local accounts the account's own id.
    pub subject: String,
    /// The user entity of the catalog that this person is.
    pub entity_ref: EntityRef,
    /// E-mail address as written by the person or provider; `None` when the provider has none.
    pub email: Option<String>,
    /// The name shown.
    pub display_name: String,
    /// What the account may do.
    pub status: UserStatus,
    /// Whether the person is an admin of Portal.
    pub admin: bool,
    /// Argon2id hash in PHC form; `None` while no password is set, and for providers other than local.
    pub password_hash: Option<PasswordHash>,
    /// Raised whenever everything issued so far must end.
    pub revocation_epoch: i64,
    /// When the account was made.
    pub created_at: UnixMillis,
    /// When the person last signed in through a browser.
    pub last_sign_in_at: Option<UnixMillis>,
}

/// A password hash in PHC form. Not a secret like the password, but nobody's business: Debug hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash(..)")
    }
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSession {
    /// Hash of the cookie's value.
    pub hash: SecretHash,
    /// Whose session it is.
    pub user_id: UserId,
    /// The account's revocation epoch at sign-in; the session is refused once the account's is higher.
    pub epoch: i64,
    /// When the person signed in.
    pub created_at: UnixMillis,
    /// When it was last used, to the minute.
    pub seen_at: UnixMillis,
    /// When it ends whatever happens.
    pub expires_at: UnixMillis,
    /// The address it was made from.
    pub address: Option<IpAddr>,
    /// The browser's name for itself, cut to 256 characters.
    pub user_agent: String,
}

/// What a one-time link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// Make the first admin.
    FirstAdmin,
    /// Set the first password of an invited account.
    Invitation,
    /// Set a new password.
    PasswordReset,
}

impl LinkPurpose {
    /// The name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstAdmin => "first-admin",
            Self::Invitation => "invitation",
            Self::PasswordReset => "password-reset",
        }
    }

    /// The purpose with this name; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::FirstAdmin, Self::Invitation, Self::PasswordReset]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// A link that works once, within its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeLink {
    /// Hash of the token in the link.
    pub hash: SecretHash,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose account it is about; `None` for the first admin.
    pub user_id: Option<UserId>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it stops working.
    pub expires_at: UnixMillis,
    /// When it was used.
    pub consumed_at: Option<UnixMillis>,
}

//! The records of static tokens.

use ipnet::IpNet;
use portal_model::{EntityRef, Scope};

use crate::{ids::StaticTokenId, secret::SecretHash, time::UnixMillis};

/// Why a static token ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaticTokenEnd {
    /// Its owner or an admin revoked it.
    Revoked,
    /// A new one took its place.
    Rotated,
    /// Its owner left the catalog 30 days before.
    OwnerGone,
}

impl StaticTokenEnd {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Revoked, Self::Rotated, Self::OwnerGone];

    /// The name in the store and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Rotated => "rotated",
            Self::OwnerGone => "owner-gone",
        }
    }

    /// The reason with this name; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A static token: for CI, and for agents that cannot sign in through the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticToken {
    /// Identifier.
    pub id: StaticTokenId,
    /// Hash of the token.
    pub hash: SecretHash,
    /// The last four characters, to tell tokens apart.
    pub ending: String,
    /// What people call it, 1 to 100 characters.
    pub name: String,
    /// The user it acts as, or the group whose service it is.
    pub owner: EntityRef,
    /// What it may do.
    pub scope: Scope,
    /// The plugin sources it may call; `None` for all that are on.
    pub sources: Option<Vec<String>>,
    /// The addresses it may be used from; empty for all.
    pub ranges: Vec<IpNet>,
    /// Whether its owner made it for themselves.
    pub personal: bool,
    /// Who made it: an entity ref, or `command line`.
    pub created_by: String,
    /// When.
    pub created_at: UnixMillis,
    /// When it stops working.
    pub expires_at: UnixMillis,
    /// When it was last used, to the second or so.
    pub used_at: Option<UnixMillis>,
    /// From where.
    pub used_from: Option<String>,
    /// Since when its owner is missing in the catalog; `None` while the owner is there.
    pub owner_missing_since: Option<UnixMillis>,
    /// When it ended, or will end, before its time, and why.
    pub ended: Option<(UnixMillis, StaticTokenEnd)>,
}

impl StaticToken {
    /// When it stops working: at its time, or before.
    #[must_use]
    pub fn ends_at(&self) -> UnixMillis {
        self.ended.map_or(self.expires_at, |(at, _)| at.min(self.expires_at))
    }

    /// Whether its time is not over.
    #[must_use]
    pub fn is_open(&self, now: UnixMillis) -> bool {
        now < self.ends_at()
    }
}

/// Which static tokens are meant; an empty filter means all, ended ones too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaticTokenFilter {
    /// Of this owner.
    pub owner: Option<EntityRef>,
    /// Name or owner contains this, in any case.
    pub search: String,
    /// Only those that can be used at this time: neither ended nor expired.
    pub open_at: Option<UnixMillis>,
}

//! Identities: who the people of directories are, whichever run told it last.
//!
//! An identity is a provider and that provider's stable id. It is kept after the person has gone, so that whoever gets
//! their login, e-mail address or entity reference later is known to be someone else.

use std::collections::BTreeMap;

use portal_model::EntityRef;
use serde::Serialize;

use super::{DirectoryEmail, DirectoryPerson, Exclusion, ExclusionReason, ProviderId, Standing, Subject};
use crate::time::UnixMillis;

/// Longest word of the vendor that is kept, in characters.
const VENDOR_STATUS_LENGTH_MAX: usize = 100;

/// A provider's stable id, and the provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct IdentityKey {
    /// The provider.
    pub provider: ProviderId,
    /// Its stable id of the person.
    pub subject: Subject,
}

/// What a provider last said about someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityStanding {
    /// A person of the organisation.
    Active,
    /// Known, and left out.
    Excluded(Exclusion),
    /// No longer known.
    Gone,
}

impl IdentityStanding {
    /// The name in the store and in JSON: `active`, `gone`, or the reason.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Excluded(exclusion) => exclusion.reason.as_str(),
            Self::Gone => "gone",
        }
    }

    /// The vendor's own word; empty where there is none.
    #[must_use]
    pub fn vendor_status(&self) -> &str {
        match self {
            Self::Excluded(exclusion) => &exclusion.vendor_status,
            Self::Active | Self::Gone => "",
        }
    }

    /// Reads what [`Self::as_str`] and [`Self::vendor_status`] wrote; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str, vendor_status: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Active),
            "gone" => Some(Self::Gone),
            reason => ExclusionReason::parse(reason)
                .map(|reason| Self::Excluded(Exclusion { reason, vendor_status: vendor_status.to_owned() })),
        }
    }

    /// Whether the person is one of the organisation.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether Portal itself left the person out, because the catalog could not take their entity.
    #[must_use]
    pub const fn is_rejected(&self) -> bool {
        matches!(self, Self::Excluded(Exclusion { reason: ExclusionReason::Rejected, .. }))
    }

    /// Whether the directory itself said that this person may not go on.
    #[must_use]
    pub const fn is_explicit(&self) -> bool {
        match self {
            Self::Excluded(exclusion) => exclusion.reason.is_explicit(),
            Self::Active | Self::Gone => false,
        }
    }

    /// Whether the person has left for good, so that what waits for them is thrown away after a while.
    #[must_use]
    pub const fn has_left(&self) -> bool {
        match self {
            Self::Excluded(exclusion) => matches!(exclusion.reason, ExclusionReason::Deleted),
            Self::Gone => true,
            Self::Active => false,
        }
    }
}

impl From<&Standing> for IdentityStanding {
    fn from(standing: &Standing) -> Self {
        match standing {
            Standing::Active => Self::Active,
            Standing::Excluded(Exclusion { reason, vendor_status }) => Self::Excluded(Exclusion {
                reason: *reason,
                vendor_status: vendor_status.chars().take(VENDOR_STATUS_LENGTH_MAX).collect(),
            }),
        }
    }
}

/// Someone as one provider knows, or knew, them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryIdentity {
    /// Who.
    pub key: IdentityKey,
    /// The user entity that they are, or would be, by this provider alone.
    pub entity_ref: EntityRef,
    /// What the provider said last.
    pub standing: IdentityStanding,
    /// The login.
    pub login: String,
    /// The e-mail address.
    pub email: Option<DirectoryEmail>,
    /// The name shown.
    pub display_name: Option<String>,
    /// Annotations of the entity.
    pub annotations: BTreeMap<String, String>,
    /// The person of another provider that they are too, by that provider's link rule.
    pub link: Option<IdentityKey>,
    /// When Portal first saw them.
    pub first_seen_at: UnixMillis,
    /// Since when the standing holds.
    pub changed_at: UnixMillis,
}

impl DirectoryIdentity {
    /// Someone whom Portal sees for the first time.
    #[must_use]
    pub fn new(key: IdentityKey, entity_ref: EntityRef, standing: IdentityStanding, now: UnixMillis) -> Self {
        Self {
            key,
            entity_ref,
            standing,
            login: String::new(),
            email: None,
            display_name: None,
            annotations: BTreeMap::new(),
            link: None,
            first_seen_at: now,
            changed_at: now,
        }
    }

    /// Takes over what the directory tells about the person now.
    pub fn describe(&mut self, person: &DirectoryPerson) {
        self.login.clone_from(&person.login);
        self.email.clone_from(&person.email);
        self.display_name.clone_from(&person.display_name);
        self.annotations.clone_from(&person.annotations);
    }

    /// The e-mail address in lower case, where the provider vouches for it.
    #[must_use]
    pub fn verified_email_key(&self) -> Option<String> {
        self.email.as_ref().filter(|email| email.verified).map(|email| email.address.trim().to_lowercase())
    }
}

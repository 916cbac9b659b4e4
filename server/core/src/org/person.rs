//! People, groups and memberships as a directory tells them, before anything is decided about them.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

macro_rules! stable_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            pub struct $name(pub String);

            impl $name {
                /// The text.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str(&self.0)
                }
            }
        )*
    };
}

stable_ids! {
    /// The provider's stable id of a person: never a login, never an e-mail address.
    Subject;
    /// The provider's stable id of a group.
    GroupId;
}

/// Someone whom a directory knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPerson {
    /// The stable id.
    pub subject: Subject,
    /// What the person's entity is named after: a login, or the local part of a user principal name. May change.
    pub login: String,
    /// The e-mail address, where the directory tells one.
    pub email: Option<DirectoryEmail>,
    /// The name shown, where the directory tells one.
    pub display_name: Option<String>,
    /// An https address of a picture.
    pub picture: Option<String>,
    /// Whether the person may be in the catalog.
    pub standing: Standing,
    /// Annotations of the entity, such as `github.com/user-login`.
    pub annotations: BTreeMap<String, String>,
}

/// An e-mail address, and whether the provider vouches that it is this person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEmail {
    /// The address as the directory writes it.
    pub address: String,
    /// Whether the provider verified it, or its owner administers its domain.
    pub verified: bool,
}

/// Whether a person may be in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A person of the organisation.
    Active,
    /// Left out.
    Excluded(Exclusion),
}

/// Why someone is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Why.
    pub reason: ExclusionReason,
    /// The vendor's own word for it, such as `DEPROVISIONED`; at most 100 characters.
    pub vendor_status: String,
}

/// The reasons for which people are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExclusionReason {
    /// Suspended, blocked or banned.
    Suspended,
    /// Disabled or deactivated.
    Disabled,
    /// Deleted.
    Deleted,
    /// Invited, staged or waiting for approval.
    NotYetActive,
    /// From another organisation.
    Guest,
    /// Not a person.
    Bot,
    /// The configuration's filter leaves them out.
    Filtered,
    /// A status that Portal does not know; never taken for active.
    UnknownStatus,
    /// The catalog could not take their entity, such as when somebody else has its name. Portal's own verdict.
    Rejected,
}

impl ExclusionReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Suspended,
        Self::Disabled,
        Self::Deleted,
        Self::NotYetActive,
        Self::Guest,
        Self::Bot,
        Self::Filtered,
        Self::UnknownStatus,
        Self::Rejected,
    ];

    /// The name in the store and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::NotYetActive => "not-yet-active",
            Self::Guest => "guest",
            Self::Bot => "bot",
            Self::Filtered => "filtered",
            Self::UnknownStatus => "unknown-status",
            Self::Rejected => "rejected",
        }
    }

    /// The reason with this name; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Whether the directory itself says that this person may not go on: applied at once, also while a run is held.
    #[must_use]
    pub const fn is_explicit(self) -> bool {
        matches!(self, Self::Suspended | Self::Disabled | Self::Deleted)
    }
}

/// A group whom a directory knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryGroup {
    /// The stable id.
    pub id: GroupId,
    /// What the group's entity is named after, such as a slug. May change.
    pub name: String,
    /// The name shown.
    pub display_name: Option<String>,
    /// What the group is for.
    pub description: Option<String>,
    /// `spec.type` of the entity, such as `team`.
    pub kind: String,
    /// The group's own address.
    pub email: Option<String>,
    /// An https address of a picture.
    pub picture: Option<String>,
    /// The group above it, where the directory has one tree.
    pub parent: Option<GroupId>,
    /// Annotations of the entity.
    pub annotations: BTreeMap<String, String>,
}

/// Who belongs to a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Member {
    /// A person.
    Person(Subject),
    /// Another group, with all its members.
    Group(GroupId),
}

/// One direct membership.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// Who belongs to it.
    pub member: Member,
}

//! People, groups and what differs between runs, as the store keeps them.

use portal_model::EntityRef;
use serde::{Deserialize, Serialize};

use super::{
    DirectoryGroup, DirectoryPerson, Exclusion, ExclusionReason, GroupId, PersonState, Standing, Subject,
};
use crate::{ports::PersonKey, time::UnixMillis};

/// Word for someone or something that a delta takes away.
pub const GONE: &str = "gone";
/// Word for someone or something in the catalog.
pub const ACTIVE: &str = "active";

/// The standing as one word: `active` or the reason.
#[must_use]
pub const fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Active => ACTIVE,
        Standing::Excluded(exclusion) => exclusion.reason.as_str(),
    }
}

/// The standing that a word and the vendor's status make; `None` for any other word.
#[must_use]
pub fn standing_of(word: &str, vendor_status: &str) -> Option<Standing> {
    if word == ACTIVE {
        return Some(Standing::Active);
    }
    let reason = ExclusionReason::parse(word)?;
    Some(Standing::Excluded(Exclusion { reason, vendor_status: vendor_status.to_owned() }))
}

/// A person of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// What the entity is named after, as it sorts: the name of a catalog entity, in lower case.
    pub name: String,
    /// The user entity that the person is, or would be.
    pub entity_ref: EntityRef,
    /// Whether this provider brings the entity; `false` for people linked to another provider's.
    pub own: bool,
    /// Whether the person may be in the catalog. Portal's own verdict counts before the directory's.
    pub standing: Standing,
    /// When the person was last read alone, if that was after the run began.
    pub reread_at: Option<UnixMillis>,
    /// The person as the directory tells them.
    pub person: DirectoryPerson,
}

/// A group of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// What the entity is named after, as it sorts.
    pub name: String,
    /// The group entity.
    pub entity_ref: EntityRef,
    /// Why the catalog could not take it; `None` when it could.
    pub rejected: Option<String>,
    /// The group as the directory tells it.
    pub group: DirectoryGroup,
}

/// How a person or group differs between what is published and a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// Comes into the catalog.
    Added,
    /// Something about them changed.
    Changed,
    /// Leaves the catalog.
    Removed,
}

/// A person who differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDifference {
    /// The stable id.
    pub subject: Subject,
    /// As published; `None` for someone new.
    pub before: Option<PersonState>,
    /// As the run has it; `None` for someone whom it does not know.
    pub after: Option<PersonState>,
}

impl PersonDifference {
    /// What it means for the catalog; `None` for someone who is left out before and after.
    #[must_use]
    pub fn kind(&self) -> Option<DifferenceKind> {
        let active = |state: &Option<PersonState>| {
            state.as_ref().is_some_and(|state| state.standing == Standing::Active)
        };
        match (active(&self.before), active(&self.after)) {
            (false, true) => Some(DifferenceKind::Added),
            (true, true) => Some(DifferenceKind::Changed),
            (true, false) => Some(DifferenceKind::Removed),
            (false, false) => None,
        }
    }
}

/// A group that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDifference {
    /// The stable id.
    pub id: GroupId,
    /// As published.
    pub before: Option<EntityRef>,
    /// As the run has it.
    pub after: Option<EntityRef>,
}

impl GroupDifference {
    /// What it means for the catalog; `None` for a group that was not in it and is not.
    #[must_use]
    pub const fn kind(&self) -> Option<DifferenceKind> {
        match (&self.before, &self.after) {
            (None, Some(_)) => Some(DifferenceKind::Added),
            (Some(_), None) => Some(DifferenceKind::Removed),
            (Some(_), Some(_)) => Some(DifferenceKind::Changed),
            (None, None) => None,
        }
    }
}

/// Someone who is to be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reread {
    /// Who.
    pub key: PersonKey,
    /// When it was asked for last.
    pub queued_at: UnixMillis,
    /// Attempts that failed.
    pub attempts: u32,
}

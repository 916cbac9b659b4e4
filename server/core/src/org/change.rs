//! What publishing a run changes about a person.

use portal_model::EntityRef;

use super::{DirectoryPerson, Standing, Subject};

/// A person as one provider published them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonState {
    /// The user entity that the person is, or would be if they were not left out.
    pub entity_ref: EntityRef,
    /// Whether they may be in the catalog.
    pub standing: Standing,
}

/// A person who differs between what was published and what is being published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonChange {
    /// The provider's stable id.
    pub subject: Subject,
    /// What was published before; `None` for someone new.
    pub before: Option<PersonState>,
    /// What is being published; `None` for someone whom the provider no longer knows.
    pub after: Option<PersonState>,
    /// The person as the directory tells them now, where it does.
    pub person: Option<DirectoryPerson>,
}

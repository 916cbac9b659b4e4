//! Where a read stands.

use portal_core::ports::{DIRECTORY_CURSOR_BYTES_MAX, DirectoryCursor, DirectoryError, DirectoryNext};
use serde::{Deserialize, Serialize};

/// What is being listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stage {
    Users,
    DeletedUsers,
    Groups,
    ChangedUsers,
    ChangedGroups,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Link {
    /// At its beginning.
    First,
    /// At this address.
    Next(String),
    /// Nowhere: it was read to its end.
    Over,
}

impl Link {
    pub(super) fn next(link: Option<String>) -> Self {
        link.map_or(Self::Over, Self::Next)
    }
}

/// A group whose members are still to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) group: String,
    /// The next page of them; `None` for the first.
    pub(super) link: Option<String>,
}

/// Where a read stands. Everything that another node needs to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) stage: Stage,
    pub(super) link: Link,
    /// Groups whose members come next.
    #[serde(default)]
    pub(super) members: Vec<Pending>,
    /// Users or groups, by the stage, that a change named without telling all of them.
    #[serde(default)]
    pub(super) partial: Vec<String>,
    /// From where the next delta begins; `None` where the tenant has none.
    pub(super) changes: Option<Changes>,
}

/// Addresses from which changes are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Changes {
    pub(super) users: String,
    pub(super) groups: String,
}

impl Cursor {
    pub(super) const fn full(changes: Option<Changes>) -> Self {
        Self { stage: Stage::Users, link: Link::First, members: Vec::new(), partial: Vec::new(), changes }
    }

    pub(super) fn delta(cursor: &DirectoryCursor) -> Result<Self, DirectoryError> {
        // A cursor of an earlier version: everything is read again.
        let changes: Changes = serde_json::from_str(&cursor.0).map_err(|_| DirectoryError::DeltaExpired)?;
        Ok(Self {
            stage: Stage::ChangedUsers,
            link: Link::Next(changes.users.clone()),
            members: Vec::new(),
            partial: Vec::new(),
            changes: Some(changes),
        })
    }

    pub(super) fn page(cursor: &DirectoryCursor) -> Result<Self, DirectoryError> {
        serde_json::from_str(&cursor.0)
            .map_err(|_| DirectoryError::Malformed("the cursor of this run cannot be read".to_owned()))
    }

    /// The next stage, when this one is over; `None` after the last.
    pub(super) fn advanced(mut self) -> Option<Self> {
        if !self.members.is_empty() || !self.partial.is_empty() || self.link != Link::Over {
            return Some(self);
        }
        (self.stage, self.link) = match self.stage {
            Stage::Users => (Stage::DeletedUsers, Link::First),
            Stage::DeletedUsers => (Stage::Groups, Link::First),
            Stage::ChangedUsers => {
                let groups = self.changes.as_ref().map(|changes| changes.groups.clone());
                (Stage::ChangedGroups, Link::next(groups))
            }
            Stage::Groups | Stage::ChangedGroups => return None,
        };
        Some(self)
    }

    /// What the port is told: another page, or the end with what the next delta begins with.
    pub(super) fn into_next(self) -> Result<DirectoryNext, DirectoryError> {
        let changes = self.changes.clone();
        match self.advanced() {
            Some(cursor) => text(&cursor).map(DirectoryNext::More),
            None => changes.map(|changes| text(&changes)).transpose().map(DirectoryNext::End),
        }
    }
}

fn text(value: &impl Serialize) -> Result<DirectoryCursor, DirectoryError> {
    let text = serde_json::to_string(value).map_err(|error| DirectoryError::Malformed(error.to_string()))?;
    if text.len() > DIRECTORY_CURSOR_BYTES_MAX {
        return Err(DirectoryError::Malformed(
            "the links to the next pages are too long to be kept".to_owned(),
        ));
    }
    Ok(DirectoryCursor(text))
}

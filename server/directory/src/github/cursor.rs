//! Where a page of a full read begins.

use portal_core::ports::{DIRECTORY_CURSOR_BYTES_MAX, DirectoryCursor, DirectoryError, DirectoryNext};
use serde::{Deserialize, Serialize};

/// A read goes through the parts in this order; the first two only in an enterprise with managed users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "kebab-case")]
pub(super) enum Cursor {
    /// SCIM identities, from this index (1 is the first). People go on at `then`.
    Scim { start: u64, then: People },
    /// Which identity is whose.
    Identities { after: Option<String>, then: People },
    /// Members.
    People(People),
    /// Teams, each with its first direct members.
    Teams { after: Option<String> },
    /// More members of the teams of the last page; then teams go on at `then`, if there are more.
    TeamMembers { open: Vec<OpenTeam>, then: Option<String> },
}

/// A place in the list of members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct People {
    pub(super) after: Option<String>,
    /// Members read so far.
    pub(super) seen: u64,
}

/// A team whose members are not all read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenTeam {
    /// The node id.
    pub(super) node: String,
    /// The group's id.
    pub(super) group: String,
    pub(super) after: String,
}

impl Cursor {
    pub(super) fn parse(cursor: &DirectoryCursor) -> Result<Self, DirectoryError> {
        serde_json::from_str(&cursor.0).map_err(|_| {
            DirectoryError::Malformed("the place to go on at cannot be read; start again".to_owned())
        })
    }

    pub(super) fn next(&self) -> Result<DirectoryNext, DirectoryError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        if text.is_empty() || text.len() > DIRECTORY_CURSOR_BYTES_MAX {
            return Err(DirectoryError::Malformed("its cursors are too long to keep".to_owned()));
        }
        Ok(DirectoryNext::More(DirectoryCursor(text)))
    }
}

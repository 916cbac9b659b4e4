//! Where a page of a full read begins.

use std::collections::BTreeSet;

use portal_core::ports::{DIRECTORY_CURSOR_BYTES_MAX, DirectoryCursor, DirectoryError, DirectoryNext};
use serde::{Deserialize, Serialize};
use url::Url;

/// A read goes through the parts in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "kebab-case")]
pub(super) enum Cursor {
    /// People: of the instance, or of the group with inherited and invited ones.
    People(List),
    /// The top-level group itself.
    Root,
    /// Groups.
    Groups(List),
    /// Direct members of the first of `open`, of which `list` is read; then groups go on at `then`, if there are more.
    Members { open: Vec<u64>, list: List, then: Option<List> },
}

/// A place in a list that GitLab pages by number: entries move up when one before them goes, and the one at the border
/// is skipped. Where the total shrinks on the way, the list is read again from its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct List {
    /// The address of the page; `None` for the first.
    pub(super) next: Option<Url>,
    /// Entries read so far.
    pub(super) seen: u64,
    /// How many there are, where GitLab tells.
    pub(super) total: Option<u64>,
    /// How often it began anew.
    pub(super) attempt: u8,
}

/// A cursor with what later pages need to know of earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) at: Cursor,
    /// Members without a seat where everyone else has one: a lower access elsewhere does not make them active again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) unseated: BTreeSet<u64>,
}

impl From<Cursor> for Place {
    fn from(at: Cursor) -> Self {
        Self { at, unseated: BTreeSet::new() }
    }
}

impl Cursor {
    pub(super) fn parse(cursor: &DirectoryCursor) -> Result<Place, DirectoryError> {
        serde_json::from_str(&cursor.0).map_err(|_| {
            DirectoryError::Malformed("the place to go on at cannot be read; start again".to_owned())
        })
    }

    pub(super) fn next(self) -> Result<DirectoryNext, DirectoryError> {
        Place::from(self).next()
    }
}

impl Place {
    pub(super) fn next(&self) -> Result<DirectoryNext, DirectoryError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        if text.is_empty() || text.len() > DIRECTORY_CURSOR_BYTES_MAX {
            return Err(DirectoryError::Malformed("its cursors are too long to keep".to_owned()));
        }
        Ok(DirectoryNext::More(DirectoryCursor(text)))
    }
}

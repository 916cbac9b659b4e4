//! Where a read stands.

use portal_core::{
    ports::{DIRECTORY_CURSOR_BYTES_MAX, DirectoryCursor, DirectoryError, DirectoryNext},
    time::{DAY_MS, MINUTE_MS, UnixMillis},
};
use serde::{Deserialize, Serialize};

/// How far a delta reaches back behind the read before it: clocks differ, and Okta writes its times a little late. What
/// comes twice counts once.
const OVERLAP_MS: i64 = 10 * MINUTE_MS;
/// The System Log tells deletions of the last 90 days.
const AGE_MAX_MS: i64 = 80 * DAY_MS;

/// What is being listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stage {
    Users,
    DeprovisionedUsers,
    Groups,
    ChangedUsers,
    ChangedGroups,
    Deletions,
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

/// A group whose members are still to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) group: String,
    /// The next page of them; `None` for the first.
    pub(super) link: Option<String>,
}

/// Someone or something that the log says was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Deleted {
    User(String),
    Group(String),
}

/// Where a read stands. Everything that another node needs to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) stage: Stage,
    pub(super) link: Link,
    /// Groups whose members come next.
    #[serde(default)]
    pub(super) members: Vec<Pending>,
    /// Who is to be asked about by id.
    #[serde(default)]
    pub(super) deleted: Vec<Deleted>,
    /// Changes after this are read; of a delta only.
    pub(super) since: Option<UnixMillis>,
    /// When the read began: from here the next delta goes on.
    pub(super) began_at: UnixMillis,
}

#[derive(Serialize, Deserialize)]
struct Since {
    since: UnixMillis,
}

impl Cursor {
    pub(super) const fn full(now: UnixMillis) -> Self {
        Self {
            stage: Stage::Users,
            link: Link::First,
            members: Vec::new(),
            deleted: Vec::new(),
            since: None,
            began_at: now,
        }
    }

    pub(super) fn delta(cursor: &DirectoryCursor, now: UnixMillis) -> Result<Self, DirectoryError> {
        let Since { since } = serde_json::from_str(&cursor.0).map_err(|_| DirectoryError::DeltaExpired)?;
        if now.since(since) > AGE_MAX_MS {
            return Err(DirectoryError::DeltaExpired);
        }
        Ok(Self { stage: Stage::ChangedUsers, since: Some(since.plus(-OVERLAP_MS)), ..Self::full(now) })
    }

    pub(super) fn page(cursor: &DirectoryCursor) -> Result<Self, DirectoryError> {
        serde_json::from_str(&cursor.0)
            .map_err(|_| DirectoryError::Malformed("the cursor of this run cannot be read".to_owned()))
    }

    /// What the port is told: another page, or the end with what the next delta begins with.
    pub(super) fn into_next(mut self) -> Result<DirectoryNext, DirectoryError> {
        if self.members.is_empty() && self.deleted.is_empty() && self.link == Link::Over {
            self.link = Link::First;
            self.stage = match self.stage {
                Stage::Users => Stage::DeprovisionedUsers,
                Stage::DeprovisionedUsers => Stage::Groups,
                Stage::ChangedUsers => Stage::ChangedGroups,
                Stage::ChangedGroups => Stage::Deletions,
                Stage::Groups | Stage::Deletions => {
                    let since = text(&Since { since: self.began_at })?;
                    return Ok(DirectoryNext::End(Some(since)));
                }
            };
        }
        text(&self).map(DirectoryNext::More)
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

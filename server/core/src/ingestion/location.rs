//! Locations, and what a run of one reports.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::stage::hex;
use crate::{
    ids::{LocationId, RunId},
    time::UnixMillis,
};

/// Where a location points.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "type", content = "target")]
pub enum Target {
    /// A descriptor file, absolute path.
    File(String),
    /// An https address of a descriptor file.
    Url(String),
    /// Not read from anywhere: entities that Portal makes itself, for the provider of this id.
    Provider(String),
}

impl Target {
    /// The identifier of the location with this target, the same on every start.
    #[must_use]
    pub fn location_id(&self) -> LocationId {
        let (kind, text) = match self {
            Self::File(path) => ("file", path),
            Self::Url(url) => ("url", url),
            Self::Provider(id) => ("provider", id),
        };
        LocationId(hex(&Sha256::digest(format!("location {kind} {text}")), 16))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(text) | Self::Url(text) => formatter.write_str(text),
            Self::Provider(id) => write!(formatter, "the provider {id}"),
        }
    }
}

/// Who brought a location in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "by", content = "who")]
pub enum LocationOrigin {
    /// The configuration file; it goes when its entry goes.
    Configuration,
    /// The `register-entity` action or a page: the person's entity ref.
    Registered(String),
    /// Portal itself, for a provider.
    Provider,
}

/// A place that defines entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Identifier.
    pub id: LocationId,
    /// Where it points.
    pub target: Target,
    /// Kinds it may define, in lower case; `None` for all but User and Group.
    pub allow: Option<Vec<String>>,
    /// Who brought it in.
    pub origin: LocationOrigin,
    /// When.
    pub created_at: UnixMillis,
    /// The run whose entities are published.
    pub published_run: Option<RunId>,
    /// What that run did.
    pub last_outcome: Option<RunOutcome>,
    /// When the last run failed and why, in words for the admin, if it did after the last published one.
    pub last_failure: Option<(UnixMillis, String)>,
}

impl Location {
    /// Whether this location may define entities of a kind.
    #[must_use]
    pub fn allows(&self, kind: &str) -> bool {
        self.allow.as_ref().map_or_else(
            || !kind.eq_ignore_ascii_case("user") && !kind.eq_ignore_ascii_case("group"),
            |kinds| kinds.iter().any(|allowed| allowed.eq_ignore_ascii_case(kind)),
        )
    }
}

/// What a published run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOutcome {
    /// When it ended.
    pub at: UnixMillis,
    /// Entities published.
    pub entities: i64,
    /// Entities published that carry an error, such as a placeholder that could not be read.
    pub with_errors: i64,
    /// Entities and files rejected.
    pub rejected: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

/// Something that a run could not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The file, as its location names it.
    pub file: String,
    /// The line, from 1; `None` when the file could not be read at all.
    pub line: Option<u32>,
    /// Where in the entity, such as `metadata.tags.1`.
    pub path: Option<String>,
    /// The entity meant, as far as it can be told, such as `component:default/pay`.
    pub entity: Option<String>,
    /// What is wrong and what was expected.
    pub reason: String,
}

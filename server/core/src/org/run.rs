//! Runs: one reading of a directory each, as the store keeps them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ExclusionReason, ProviderId, rows::DifferenceKind};
use crate::{
    ids::RunId,
    ports::{DirectoryCursor, DirectoryRead},
    time::UnixMillis,
};

/// The number of a run; later runs have higher ones, none is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunNumber(pub i64);

impl RunNumber {
    /// The id under which the run stages its entities in the catalog.
    #[must_use]
    pub fn catalog_run(self) -> RunId {
        RunId(format!("org-{}", self.0))
    }
}

/// Enums with names in the store and in JSON.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            pub enum $name {
                $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
            }

            impl $name {
                /// The name in the store and in JSON.
                #[must_use]
                pub const fn as_str(self) -> &'static str {
                    match self {
                        $(Self::$variant => $word,)*
                    }
                }

                /// The one with this name; `None` for any other word.
                #[must_use]
                pub fn parse(text: &str) -> Option<Self> {
                    match text {
                        $($word => Some(Self::$variant),)*
                        _ => None,
                    }
                }
            }
        )*
    };
}

words! {
    /// What a run reads.
    RunKind {
        /// Everything.
        Full = "full",
        /// What changed since the last complete run.
        Delta = "delta",
        /// Everything, to be compared and forgotten.
        DryRun = "dry-run",
    }
    /// How far a run is, or how it ended.
    RunState {
        /// Reads pages.
        Reading = "reading",
        /// Compares what was read with what is published.
        Comparing = "comparing",
        /// Brings entities into the catalog, unseen.
        Composing = "composing",
        /// A delta takes over what it read.
        Applying = "applying",
        /// Waits for an admin: too many people would leave.
        Held = "held",
        /// Readers see it, or saw it.
        Published = "published",
        /// Thrown away: it looked wrong, an admin said so, or a later run took its place.
        Discarded = "discarded",
        /// Ended by an error.
        Failed = "failed",
        /// A dry run that has been compared.
        Compared = "compared",
    }
}

impl RunState {
    /// Whether a runner works on it, or will.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Reading | Self::Comparing | Self::Composing | Self::Applying)
    }
}

/// Why a run was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", content = "who")]
pub enum RunTrigger {
    /// It was time.
    Schedule,
    /// An admin asked: the person's entity ref.
    Admin(String),
    /// Someone at the shell asked.
    CommandLine,
    /// An event of the provider.
    Event,
    /// What changed cannot be told otherwise: a delta that is too old or too large, people who cannot be read alone.
    Recovery,
}

/// A run that someone asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// What to read.
    pub kind: RunKind,
    /// Why.
    pub trigger: RunTrigger,
}

/// What a run has read and found so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// Pages read.
    pub pages: u64,
    /// People read, those left out too; what came twice counts twice until the run is compared.
    pub people: u64,
    /// Groups read.
    pub groups: u64,
    /// Memberships read.
    pub memberships: u64,
    /// People left out, by reason.
    pub excluded: BTreeMap<ExclusionReason, u64>,
    /// People who are new in the catalog.
    pub added: u64,
    /// People in the catalog of whom something changed.
    pub changed: u64,
    /// People who are no longer in the catalog.
    pub removed: u64,
    /// Of those removed, how many left as soon as their page was read, because the directory said so outright.
    pub left_at_once: u64,
    /// Of those removed, how many the directory does not explain.
    pub unexplained: u64,
    /// Groups that are new.
    pub groups_added: u64,
    /// Groups of which something changed.
    pub groups_changed: u64,
    /// Groups that are gone.
    pub groups_removed: u64,
    /// Entities brought into the catalog.
    pub entities: u64,
    /// People and groups that the catalog could not take.
    pub rejected: u64,
    /// Some of what differs, people first; at most 50 of each.
    pub sample: Vec<SampledChange>,
}

/// One of the entities that a run changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledChange {
    /// What happens to it.
    pub kind: DifferenceKind,
    /// Its reference.
    pub entity: String,
}

/// Why a run waits for an admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// People who would leave though the directory does not say that they were suspended, disabled or deleted.
    pub unexplained: u64,
    /// People in the catalog before.
    pub people_before: u64,
    /// The limit, in percent of the people before.
    pub limit_percent: u64,
    /// Groups that would go.
    pub groups_removed: u64,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRun {
    /// Its number.
    pub number: RunNumber,
    /// Whose.
    pub provider: ProviderId,
    /// What it reads.
    pub kind: RunKind,
    /// Why it was started.
    pub trigger: RunTrigger,
    /// How far it is, or how it ended.
    pub state: RunState,
    /// When it was started.
    pub started_at: UnixMillis,
    /// When a runner last noted something.
    pub updated_at: UnixMillis,
    /// When it ended; `None` while it is under way or held.
    pub ended_at: Option<UnixMillis>,
    /// Nothing is asked of the provider before.
    pub waiting_until: Option<UnixMillis>,
    /// Requests that failed one after the other.
    pub attempts: u32,
    /// The next page; `None` before the first and after the last.
    pub cursor: Option<DirectoryCursor>,
    /// From where the next delta can be read, once all was read.
    pub delta_cursor: Option<DirectoryCursor>,
    /// What it has read and found so far.
    pub counts: RunCounts,
    /// What went wrong, or why it was discarded, in words for the admin.
    pub error: Option<String>,
    /// Why it waits, or waited, for an admin.
    pub hold: Option<Hold>,
}

impl DirectoryRun {
    /// A run that has read nothing; the store gives it its number.
    #[must_use]
    pub fn new(provider: ProviderId, request: RunRequest, now: UnixMillis) -> Self {
        Self {
            number: RunNumber(0),
            provider,
            kind: request.kind,
            trigger: request.trigger,
            state: RunState::Reading,
            started_at: now,
            updated_at: now,
            ended_at: None,
            waiting_until: None,
            attempts: 0,
            cursor: None,
            delta_cursor: None,
            counts: RunCounts::default(),
            error: None,
            hold: None,
        }
    }

    /// What to ask the directory next; `since` is where a delta begins.
    #[must_use]
    pub fn next_read(&self, since: Option<&DirectoryCursor>) -> DirectoryRead {
        match (&self.cursor, self.kind, since) {
            (Some(cursor), ..) => DirectoryRead::Page(cursor.clone()),
            (None, RunKind::Delta, Some(since)) => DirectoryRead::Delta(since.clone()),
            (None, ..) => DirectoryRead::Full,
        }
    }
}

/// Where a provider stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderState {
    /// The provider.
    pub id: ProviderId,
    /// The run whose people and groups are published.
    pub published_run: Option<RunNumber>,
    /// The run under way.
    pub active_run: Option<RunNumber>,
    /// The run that waits for an admin.
    pub held_run: Option<RunNumber>,
    /// When the last complete run began: what is published is as old as this. `None` before the first.
    pub watermark: Option<UnixMillis>,
    /// From where a delta can be read.
    pub delta_cursor: Option<DirectoryCursor>,
    /// When everything is read next.
    pub full_due_at: UnixMillis,
    /// When changes are read next; `None` where there is no delta.
    pub delta_due_at: Option<UnixMillis>,
    /// What someone asked for.
    pub request: Option<RunRequest>,
    /// Runs that failed one after the other.
    pub failures: u32,
}

/// The right to work on a provider's run, until another runner takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The provider.
    pub provider: ProviderId,
    /// Who works.
    pub holder: String,
    /// Rises with every taking.
    pub number: i64,
}

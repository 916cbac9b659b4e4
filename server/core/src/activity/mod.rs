//! The activity log: which tools were called, written in batches off the request's path.
//!
//! What waits in memory when the process is killed is lost: at most one second, at most [`QUEUE_LENGTH_MAX`] calls.
//! Calls beyond a full queue are counted, not written.

mod own;
mod recorder;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AgentSessionId, StaticTokenId, UserId},
    time::UnixMillis,
};

pub use own::{ActivityCursor, OWN_CALLS_MAX, OwnCall};
pub use recorder::{ActivityRecorder, QUEUE_LENGTH_MAX};

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallOutcome {
    /// The tool answered.
    Done,
    /// The tool answered with an error of its own.
    Failed,
    /// The call was refused before the tool ran.
    Refused,
}

impl CallOutcome {
    /// The name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }

    /// The outcome with this name; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Failed, Self::Refused].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// When it came.
    pub at: UnixMillis,
    /// For which account; `None` for a service, and for a person of the catalog without an account.
    pub user_id: Option<UserId>,
    /// In which session; `None` when a static token was used.
    pub session_id: Option<AgentSessionId>,
    /// By which static token; `None` in a session.
    pub token_id: Option<StaticTokenId>,
    /// Plugin source.
    pub source: String,
    /// Tool name.
    pub tool: String,
    /// How it ended.
    pub outcome: CallOutcome,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// Address it came from.
    pub address: Option<String>,
}

/// Numbers of one plugin source over a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCalls {
    /// Plugin source.
    pub source: String,
    /// Calls answered or failed.
    pub calls: i64,
    /// Calls refused.
    pub refused: i64,
}

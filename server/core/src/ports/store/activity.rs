//! The activity log.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    activity::{ActivityCursor, OwnCall, SourceCalls, ToolCall},
    ids::UserId,
    time::UnixMillis,
};

/// Reads the activity log.
#[async_trait]
pub trait ActivityReads {
    /// The latest calls of a person, newest first, at most `limit`.
    async fn tool_call_list(&mut self, user: &UserId, limit: u32) -> Result<Vec<ToolCall>, StoreError>;

    /// Calls of a person before a place in the log, newest first, at most `limit`; with the client of the session or the
    /// name of the static token, while it is kept.
    async fn tool_call_page(
        &mut self,
        user: &UserId,
        before: ActivityCursor,
        limit: u32,
    ) -> Result<Vec<OwnCall>, StoreError>;

    /// Numbers per plugin source since a point in time, by source.
    async fn tool_call_totals(&mut self, since: UnixMillis) -> Result<Vec<SourceCalls>, StoreError>;
}

/// Writes the activity log.
#[async_trait]
pub trait ActivityWrites {
    /// Adds calls.
    async fn tool_call_append(&mut self, calls: &[ToolCall]) -> Result<(), StoreError>;

    /// Deletes calls from before `before`, at most `limit`; returns how many.
    async fn tool_call_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;
}

//! Steps and failures of agents that connect.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    attempts::{Attempt, AttemptFilter},
    ids::UserId,
    time::UnixMillis,
};

/// Reads attempts.
#[async_trait]
pub trait AttemptReads {
    /// Attempts that fit the filter, newest first, then by id, at most `limit`.
    async fn connection_attempt_list(
        &mut self,
        filter: &AttemptFilter,
        limit: u32,
    ) -> Result<Vec<Attempt>, StoreError>;

    /// When a person opened the guide for an agent; `agent` is the agent's name in addresses.
    async fn setup_guide_opened_at(
        &mut self,
        user: &UserId,
        agent: &str,
    ) -> Result<Option<UnixMillis>, StoreError>;
}

/// Writes attempts.
#[async_trait]
pub trait AttemptWrites {
    /// Adds attempts. Returns how many were new: one whose id is there already stays as it is.
    async fn connection_attempt_append(&mut self, attempts: &[Attempt]) -> Result<u64, StoreError>;

    /// Deletes attempts from before `before`, the oldest first, at most `limit`; returns how many.
    async fn connection_attempt_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;

    /// Deletes attempts beyond the newest `keep`, of all or of those without a person, at most `limit`;
    /// returns how many.
    async fn connection_attempt_cut(
        &mut self,
        anonymous: bool,
        keep: u32,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Notes when a person opened the guide for an agent. A note from `stale_before` or later stays as it is.
    async fn setup_guide_open(
        &mut self,
        user: &UserId,
        agent: &str,
        at: UnixMillis,
        stale_before: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Deletes notes from before `before`, the oldest first, at most `limit`; returns how many.
    async fn setup_guide_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;
}

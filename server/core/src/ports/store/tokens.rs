//! Static tokens.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    identity::User,
    ids::StaticTokenId,
    secret::SecretHash,
    time::UnixMillis,
    tokens::{StaticToken, StaticTokenEnd, StaticTokenFilter},
};

/// Reads static tokens.
#[async_trait]
pub trait TokenReads {
    /// The token with this hash, with the accounts tied to its owner's entity (none for a group).
    async fn static_token_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(StaticToken, Vec<User>)>, StoreError>;

    /// The token with this id.
    async fn static_token_by_id(&mut self, id: &StaticTokenId) -> Result<Option<StaticToken>, StoreError>;

    /// Tokens that fit the filter, newest first, then by id; after the token `after`, at most `limit`.
    async fn static_token_list(
        &mut self,
        filter: &StaticTokenFilter,
        after: Option<&StaticTokenId>,
        limit: u32,
    ) -> Result<Vec<StaticToken>, StoreError>;

    /// How many tokens fit the filter.
    async fn static_token_count(&mut self, filter: &StaticTokenFilter) -> Result<i64, StoreError>;
}

/// Writes static tokens.
#[async_trait]
pub trait TokenWrites {
    /// Adds a token.
    async fn static_token_insert(&mut self, token: &StaticToken) -> Result<(), StoreError>;

    /// Ends a token at this time, which may lie ahead. `false` when it ends before or then already, or is unknown: an end
    /// can be brought forward, never put off.
    async fn static_token_end(
        &mut self,
        id: &StaticTokenId,
        reason: StaticTokenEnd,
        at: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Remembers when and from where a token was last used.
    async fn static_token_touch(
        &mut self,
        id: &StaticTokenId,
        used_at: UnixMillis,
        address: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Remembers since when a token's owner is missing in the catalog; `None` when the owner is there again.
    async fn static_token_set_owner_missing(
        &mut self,
        id: &StaticTokenId,
        since: Option<UnixMillis>,
    ) -> Result<(), StoreError>;

    /// Deletes tokens that ended or expired before `before`, at most `limit`; returns how many.
    async fn static_token_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;
}

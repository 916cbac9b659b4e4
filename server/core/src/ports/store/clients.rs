//! Clients that are registered here, by an admin or dynamically, and assertions that were seen.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    oauth::registered::{RegisteredClient, RegisteredClientFilter},
    secret::SecretHash,
    time::UnixMillis,
};

/// Reads registered clients.
#[async_trait]
pub trait ClientReads {
    /// The client with this id.
    async fn registered_client_by_id(
        &mut self,
        client_id: &str,
    ) -> Result<Option<RegisteredClient>, StoreError>;

    /// Clients that fit the filter, newest first, then by id; after the client `after`, at most `limit`.
    async fn registered_client_list(
        &mut self,
        filter: &RegisteredClientFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RegisteredClient>, StoreError>;

    /// How many clients fit the filter.
    async fn registered_client_count(&mut self, filter: &RegisteredClientFilter) -> Result<i64, StoreError>;
}

/// Writes registered clients.
#[async_trait]
pub trait ClientWrites {
    /// Adds a client. `false` when its id is taken.
    async fn registered_client_insert(&mut self, client: &RegisteredClient) -> Result<bool, StoreError>;

    /// Replaces the hash of a confidential client's secret. `false` when there is no such client, or it has no secret.
    async fn registered_client_set_secret(
        &mut self,
        client_id: &str,
        secret: &SecretHash,
    ) -> Result<bool, StoreError>;

    /// Remembers that a client was used to sign in.
    async fn registered_client_touch(
        &mut self,
        client_id: &str,
        used_at: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Deletes a client. `false` when there was none.
    async fn registered_client_delete(&mut self, client_id: &str) -> Result<bool, StoreError>;

    /// Deletes dynamically registered clients last used (or, never used, made) before `unused_since`, at most `limit`;
    /// returns how many.
    async fn registered_client_prune(
        &mut self,
        unused_since: UnixMillis,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Remembers a client assertion by the hash of client and `jti` until it expires. `false` when it was seen before:
    /// exactly one of several concurrent callers gets `true` (RFC 7523 section 3).
    async fn assertion_record(
        &mut self,
        hash: &SecretHash,
        expires_at: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Forgets assertions that expired before `before`, at most `limit`; returns how many.
    async fn assertion_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;
}

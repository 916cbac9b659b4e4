//! Clients that are registered here, by an admin or dynamically, assertions that were seen, and clients' pictures.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    oauth::{
        records::{ClientLogo, LogoId},
        registered::{RegisteredClient, RegisteredClientFilter},
    },
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

    /// What is known of the pictures of these clients, by client id; of those that have none, nothing.
    async fn client_logo_list(&mut self, client_ids: &[&str]) -> Result<Vec<ClientLogo>, StoreError>;

    /// The bytes of the picture with this name.
    async fn client_logo_picture(&mut self, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError>;
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

    /// Deletes the oldest `count` of the clients that registered themselves and that nobody has ever signed in with, of one
    /// network or of all; returns how many.
    async fn registered_client_evict(&mut self, network: Option<&str>, count: u32)
    -> Result<u64, StoreError>;

    /// Remembers a client assertion by the hash of client and `jti` until it expires. `false` when it was seen before:
    /// exactly one of several concurrent callers gets `true` (RFC 7523 section 3).
    async fn assertion_record(
        &mut self,
        hash: &SecretHash,
        expires_at: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Keeps the picture of a client, replacing the one of the same client; keeps at most `keep` clients, dropping those
    /// fetched longest ago.
    async fn client_logo_put(&mut self, logo: &ClientLogo, png: &[u8], keep: u32) -> Result<(), StoreError>;

    /// Forgets the picture of a client. `false` when there was none.
    async fn client_logo_delete(&mut self, client_id: &str) -> Result<bool, StoreError>;

    /// Forgets assertions that expired before `before`, at most `limit`; returns how many.
    async fn assertion_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;
}

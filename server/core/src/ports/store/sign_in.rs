//! Sign-ins with providers that are under way.

use async_trait::async_trait;

use super::StoreError;
use crate::{identity::PendingSignIn, secret::SecretHash, time::UnixMillis};

/// Reads what sign-ins need.
#[async_trait]
pub trait SignInReads {
    /// The sign-in under way with this state, expired or not.
    async fn provider_sign_in_by_state(
        &mut self,
        state: &SecretHash,
    ) -> Result<Option<PendingSignIn>, StoreError>;

    /// The providers of admins who are active, each once, in order.
    async fn active_admin_providers(&mut self) -> Result<Vec<String>, StoreError>;
}

/// Writes sign-ins under way.
#[async_trait]
pub trait SignInWrites {
    /// Adds a sign-in under way.
    async fn provider_sign_in_insert(&mut self, pending: &PendingSignIn) -> Result<(), StoreError>;

    /// Takes a sign-in away, so that it is finished once. `false` when there was none.
    async fn provider_sign_in_take(&mut self, state: &SecretHash) -> Result<bool, StoreError>;

    /// Deletes sign-ins that expired before `before`, at most 10,000, and returns how many.
    async fn provider_sign_in_prune(&mut self, before: UnixMillis) -> Result<u64, StoreError>;
}

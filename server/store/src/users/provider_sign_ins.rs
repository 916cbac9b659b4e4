//! Sign-ins with providers that are under way.

use async_trait::async_trait;
use portal_core::{
    identity::PendingSignIn,
    ports::{
        StoreError,
        store::{SignInReads, SignInWrites},
    },
    secret::SecretHash,
    time::UnixMillis,
};

use super::links::PRUNE_ROWS_MAX;
use crate::{statement::statements, transaction::SqlTransaction, value::values};

statements! {
    PROVIDER_SIGN_IN_BY_STATE = "SELECT state_hash, browser_hash, provider, return_to, created_at, expires_at
        FROM provider_sign_ins WHERE state_hash = $1";
    PROVIDER_SIGN_IN_INSERT = "INSERT INTO provider_sign_ins
        (state_hash, browser_hash, provider, return_to, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    PROVIDER_SIGN_IN_TAKE = "DELETE FROM provider_sign_ins WHERE state_hash = $1";
    PROVIDER_SIGN_IN_PRUNE = "DELETE FROM provider_sign_ins WHERE state_hash IN
        (SELECT state_hash FROM provider_sign_ins WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    ACTIVE_ADMIN_PROVIDERS = "SELECT DISTINCT provider FROM users WHERE admin AND status = 'active'
        ORDER BY provider";
}

#[async_trait]
impl SignInReads for SqlTransaction {
    async fn provider_sign_in_by_state(
        &mut self,
        state: &SecretHash,
    ) -> Result<Option<PendingSignIn>, StoreError> {
        let Some(row) = self.fetch_optional(&PROVIDER_SIGN_IN_BY_STATE, values![state]).await? else {
            return Ok(None);
        };
        let mut columns = row.columns();
        Ok(Some(PendingSignIn {
            state_hash: columns.take()?,
            browser_hash: columns.take()?,
            provider: columns.take()?,
            return_to: columns.take()?,
            created_at: columns.take()?,
            expires_at: columns.take()?,
        }))
    }

    async fn active_admin_providers(&mut self) -> Result<Vec<String>, StoreError> {
        let rows = self.fetch_all(&ACTIVE_ADMIN_PROVIDERS, &[]).await?;
        rows.iter().map(|row| row.columns().take()).collect()
    }
}

#[async_trait]
impl SignInWrites for SqlTransaction {
    async fn provider_sign_in_insert(&mut self, pending: &PendingSignIn) -> Result<(), StoreError> {
        let values = values![
            &pending.state_hash,
            &pending.browser_hash,
            &pending.provider,
            &pending.return_to,
            pending.created_at,
            pending.expires_at,
        ];
        self.execute(&PROVIDER_SIGN_IN_INSERT, values).await.map(drop)
    }

    async fn provider_sign_in_take(&mut self, state: &SecretHash) -> Result<bool, StoreError> {
        self.execute_one(&PROVIDER_SIGN_IN_TAKE, values![state]).await
    }

    async fn provider_sign_in_prune(&mut self, before: UnixMillis) -> Result<u64, StoreError> {
        self.execute(&PROVIDER_SIGN_IN_PRUNE, values![before, PRUNE_ROWS_MAX]).await
    }
}

//! The authorization server's records.

pub(crate) mod authorizations;
pub(crate) mod clients;
pub(crate) mod logos;
pub(crate) mod many_sessions;
pub(crate) mod registered;
pub(crate) mod sessions;
pub(crate) mod tokens;

use async_trait::async_trait;
use portal_core::{
    identity::User,
    ids::{AgentSessionId, UserId},
    oauth::records::{
        AccessToken, AgentSession, AgentSessionFilter, AuthorizationCode, AuthorizationRequest,
        ClientSnapshot, Consent, EndReason, RefreshToken, SessionLimits, StoredClientDocument,
    },
    ports::{
        StoreError,
        store::{OauthReads, OauthWrites, PresentedRefreshToken},
    },
    secret::SecretHash,
    time::UnixMillis,
};

use crate::transaction::SqlTransaction;

#[async_trait]
impl OauthReads for SqlTransaction {
    async fn authorization_request_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<AuthorizationRequest>, StoreError> {
        authorizations::request_by_hash(self, hash).await
    }

    async fn authorization_code_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<AuthorizationCode>, StoreError> {
        authorizations::code_by_hash(self, hash).await
    }

    async fn agent_session_by_id(&mut self, id: &AgentSessionId) -> Result<Option<AgentSession>, StoreError> {
        sessions::by_id(self, id).await
    }

    async fn agent_session_list(
        &mut self,
        filter: &AgentSessionFilter,
        after: Option<&AgentSessionId>,
        limit: u32,
    ) -> Result<Vec<AgentSession>, StoreError> {
        sessions::list(self, filter, after, limit).await
    }

    async fn agent_session_count(&mut self, filter: &AgentSessionFilter) -> Result<(i64, i64), StoreError> {
        sessions::count(self, filter).await
    }

    async fn agent_session_client_list(
        &mut self,
        filter: &AgentSessionFilter,
        limit: u32,
    ) -> Result<Vec<(ClientSnapshot, i64)>, StoreError> {
        many_sessions::client_list(self, filter, limit).await
    }

    async fn access_token_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(AccessToken, AgentSession, User)>, StoreError> {
        tokens::access_by_hash(self, hash).await
    }

    async fn refresh_token_by_hash(&mut self, hash: &SecretHash) -> Result<Option<RefreshToken>, StoreError> {
        tokens::refresh_by_hash(self, hash).await
    }

    async fn refresh_token_presented(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<PresentedRefreshToken>, StoreError> {
        tokens::refresh_presented(self, hash).await
    }

    async fn client_document_get(
        &mut self,
        client_id: &str,
    ) -> Result<Option<StoredClientDocument>, StoreError> {
        clients::document_get(self, client_id).await
    }

    async fn consent_get(&mut self, user: &UserId, client_id: &str) -> Result<Option<Consent>, StoreError> {
        clients::consent_get(self, user, client_id).await
    }
}

#[async_trait]
impl OauthWrites for SqlTransaction {
    async fn authorization_request_insert(
        &mut self,
        request: &AuthorizationRequest,
    ) -> Result<(), StoreError> {
        authorizations::request_insert(self, request).await
    }

    async fn authorization_request_answer(
        &mut self,
        hash: &SecretHash,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        authorizations::request_answer(self, hash, now).await
    }

    async fn authorization_code_insert(&mut self, code: &AuthorizationCode) -> Result<(), StoreError> {
        authorizations::code_insert(self, code).await
    }

    async fn authorization_code_consume(
        &mut self,
        hash: &SecretHash,
        session: &AgentSessionId,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        authorizations::code_consume(self, hash, session, now).await
    }

    async fn agent_session_insert(&mut self, session: &AgentSession) -> Result<(), StoreError> {
        sessions::insert(self, session).await
    }

    async fn agent_session_end(
        &mut self,
        id: &AgentSessionId,
        reason: EndReason,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        sessions::end(self, id, reason, now).await
    }

    async fn agent_session_end_all(
        &mut self,
        filter: &AgentSessionFilter,
        reason: EndReason,
        now: UnixMillis,
    ) -> Result<u64, StoreError> {
        sessions::end_all(self, filter, reason, now).await
    }

    async fn agent_session_end_expired(
        &mut self,
        limits: &SessionLimits,
        now: UnixMillis,
        limit: u32,
    ) -> Result<u64, StoreError> {
        many_sessions::end_expired(self, limits, now, limit).await
    }

    async fn consent_delete_all(&mut self, filter: &AgentSessionFilter) -> Result<u64, StoreError> {
        many_sessions::consent_delete_all(self, filter).await
    }

    async fn agent_session_touch(
        &mut self,
        id: &AgentSessionId,
        used_at: UnixMillis,
        address: Option<&str>,
    ) -> Result<(), StoreError> {
        sessions::touch(self, id, used_at, address).await
    }

    async fn access_token_insert(&mut self, token: &AccessToken) -> Result<(), StoreError> {
        tokens::access_insert(self, token).await
    }

    async fn access_token_delete(&mut self, hash: &SecretHash) -> Result<bool, StoreError> {
        tokens::access_delete(self, hash).await
    }

    async fn refresh_token_insert(&mut self, token: &RefreshToken) -> Result<(), StoreError> {
        tokens::refresh_insert(self, token).await
    }

    async fn refresh_token_rotate(
        &mut self,
        hash: &SecretHash,
        successor: &SecretHash,
        sealed_answer: &[u8],
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        tokens::refresh_rotate(self, hash, successor, sealed_answer, now).await
    }

    async fn refresh_token_confirm(
        &mut self,
        hash: &SecretHash,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        tokens::refresh_confirm(self, hash, now).await
    }

    async fn sealed_answer_prune(&mut self, confirmed_before: UnixMillis) -> Result<u64, StoreError> {
        tokens::sealed_answer_prune(self, confirmed_before).await
    }

    async fn oauth_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        let authorizations = authorizations::prune(self, before, limit).await?;
        let tokens = tokens::prune(self, before, limit).await?;
        // Sessions last: one goes when none of its tokens is left.
        Ok(authorizations + tokens + sessions::prune(self, before, limit).await?)
    }

    async fn client_document_put(
        &mut self,
        document: &StoredClientDocument,
        keep: u32,
    ) -> Result<(), StoreError> {
        clients::document_put(self, document, keep).await
    }

    async fn consent_put(&mut self, consent: &Consent) -> Result<(), StoreError> {
        clients::consent_put(self, consent).await
    }

    async fn consent_delete(&mut self, user: &UserId, client_id: Option<&str>) -> Result<u64, StoreError> {
        clients::consent_delete(self, user, client_id).await
    }
}

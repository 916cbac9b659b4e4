//! Pending authorizations, codes, agent sessions and their tokens, remembered client documents.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    identity::User,
    ids::{AgentSessionId, UserId},
    oauth::records::{
        AccessToken, AgentSession, AgentSessionFilter, AuthorizationCode, AuthorizationRequest,
        ClientSnapshot, Consent, EndReason, RefreshToken, SessionLimits, StoredClientDocument,
    },
    secret::SecretHash,
    time::UnixMillis,
};

/// A refresh token with everything that decides what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedRefreshToken {
    /// The token, rotated or not.
    pub token: RefreshToken,
    /// Its session, ended or not.
    pub session: AgentSession,
    /// The account that it speaks for.
    pub user: User,
    /// Whether the account's entity is in the catalog.
    pub in_catalog: bool,
}

/// Reads of the authorization server.
#[async_trait]
pub trait OauthReads {
    /// The pending or answered authorization request with this id hash.
    async fn authorization_request_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<AuthorizationRequest>, StoreError>;

    /// The code with this hash, used or not.
    async fn authorization_code_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<AuthorizationCode>, StoreError>;

    /// The session with this id.
    async fn agent_session_by_id(&mut self, id: &AgentSessionId) -> Result<Option<AgentSession>, StoreError>;

    /// Sessions that fit the filter, newest first, then by id; after the session `after`, at most `limit`.
    async fn agent_session_list(
        &mut self,
        filter: &AgentSessionFilter,
        after: Option<&AgentSessionId>,
        limit: u32,
    ) -> Result<Vec<AgentSession>, StoreError>;

    /// How many sessions fit the filter, and of how many people.
    async fn agent_session_count(&mut self, filter: &AgentSessionFilter) -> Result<(i64, i64), StoreError>;

    /// The clients of the sessions that fit the filter, each as one of them has it, with how many of those sessions are its;
    /// those with the most first, then by id, at most `limit`.
    async fn agent_session_client_list(
        &mut self,
        filter: &AgentSessionFilter,
        limit: u32,
    ) -> Result<Vec<(ClientSnapshot, i64)>, StoreError>;

    /// The access token with this hash, with its session and the account it speaks for.
    async fn access_token_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(AccessToken, AgentSession, User)>, StoreError>;

    /// The refresh token with this hash, rotated or not.
    async fn refresh_token_by_hash(&mut self, hash: &SecretHash) -> Result<Option<RefreshToken>, StoreError>;

    /// The same with its session, the account it speaks for and whether that is in the catalog.
    async fn refresh_token_presented(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<PresentedRefreshToken>, StoreError>;

    /// The remembered document of a client.
    async fn client_document_get(
        &mut self,
        client_id: &str,
    ) -> Result<Option<StoredClientDocument>, StoreError>;

    /// The remembered consent of a person for a client.
    async fn consent_get(&mut self, user: &UserId, client_id: &str) -> Result<Option<Consent>, StoreError>;
}

/// Writes of the authorization server.
#[async_trait]
pub trait OauthWrites {
    /// Adds a pending authorization request.
    async fn authorization_request_insert(
        &mut self,
        request: &AuthorizationRequest,
    ) -> Result<(), StoreError>;

    /// Marks a pending request that expires after `now` as answered. `false` when it was answered, expired or unknown.
    async fn authorization_request_answer(
        &mut self,
        hash: &SecretHash,
        now: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Adds a code.
    async fn authorization_code_insert(&mut self, code: &AuthorizationCode) -> Result<(), StoreError>;

    /// Marks an unused code as used, by this session. `false` when it was used or is unknown.
    async fn authorization_code_consume(
        &mut self,
        hash: &SecretHash,
        session: &AgentSessionId,
        now: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Adds a session.
    async fn agent_session_insert(&mut self, session: &AgentSession) -> Result<(), StoreError>;

    /// Ends a session that has not ended; its tokens are refused from then on. `false` when it had ended or is unknown.
    async fn agent_session_end(
        &mut self,
        id: &AgentSessionId,
        reason: EndReason,
        now: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Ends every session that fits the filter and has not ended; returns how many.
    async fn agent_session_end_all(
        &mut self,
        filter: &AgentSessionFilter,
        reason: EndReason,
        now: UnixMillis,
    ) -> Result<u64, StoreError>;

    /// Ends, as expired, sessions whose life is over by what was in force at their grant or by `limits`, whichever is
    /// shorter; at most `limit`. Returns how many.
    async fn agent_session_end_expired(
        &mut self,
        limits: &SessionLimits,
        now: UnixMillis,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Forgets the consents of the person and to the client that the filter names; where it says more, only those of
    /// which it finds a session. Returns how many.
    async fn consent_delete_all(&mut self, filter: &AgentSessionFilter) -> Result<u64, StoreError>;

    /// Remembers when and from where a session was last used.
    async fn agent_session_touch(
        &mut self,
        id: &AgentSessionId,
        used_at: UnixMillis,
        address: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Adds an access token.
    async fn access_token_insert(&mut self, token: &AccessToken) -> Result<(), StoreError>;

    /// Deletes one access token. `false` when there was none.
    async fn access_token_delete(&mut self, hash: &SecretHash) -> Result<bool, StoreError>;

    /// Adds a refresh token.
    async fn refresh_token_insert(&mut self, token: &RefreshToken) -> Result<(), StoreError>;

    /// Marks a refresh token that was not rotated as rotated, with its successor and the sealed answer, and as confirmed
    /// if it was not. `false` when it had been rotated or is unknown: exactly one of several concurrent callers gets
    /// `true`.
    async fn refresh_token_rotate(
        &mut self,
        hash: &SecretHash,
        successor: &SecretHash,
        sealed_answer: &[u8],
        now: UnixMillis,
    ) -> Result<bool, StoreError>;

    /// Marks a refresh token as confirmed (it, or the access token issued with it, was presented), if it was not.
    /// `false` when it had been confirmed or is unknown.
    async fn refresh_token_confirm(&mut self, hash: &SecretHash, now: UnixMillis)
    -> Result<bool, StoreError>;

    /// Deletes sealed answers whose successor was confirmed before `confirmed_before`; returns how many.
    async fn sealed_answer_prune(&mut self, confirmed_before: UnixMillis) -> Result<u64, StoreError>;

    /// Deletes requests, codes, access tokens, refresh tokens and ended sessions that ended before `before`; returns
    /// how many rows went. At most `limit` of each.
    async fn oauth_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError>;

    /// Remembers a client document, replacing the one of the same client; keeps at most `keep` clients, dropping those
    /// longest unused.
    async fn client_document_put(
        &mut self,
        document: &StoredClientDocument,
        keep: u32,
    ) -> Result<(), StoreError>;

    /// Remembers a consent, replacing the one of the same person and client.
    async fn consent_put(&mut self, consent: &Consent) -> Result<(), StoreError>;

    /// Forgets what a person has consented to: for one client, or for all of them. Returns how many there were.
    async fn consent_delete(&mut self, user: &UserId, client_id: Option<&str>) -> Result<u64, StoreError>;
}

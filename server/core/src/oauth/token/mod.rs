//! `/oauth/token` and `/oauth/revoke` (RFC 6749 sections 4.1.3 and 6, RFC 7009).

mod authentication;
mod code;
mod refresh;
mod revoke;

use std::sync::Arc;

use portal_model::{ScopeSet, settings::Settings};

pub use authentication::ClientProof;
use authentication::{KnownClient, Purpose};

use super::{
    ClientService,
    format::TokenKind,
    records::{AccessToken, AgentSession, EndReason, RefreshState, RefreshToken},
    seal::SealedAnswer,
    session_end,
};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    identity::{RequestOrigin, User},
    org::{ProviderFreshness, freshness::account_gate},
    ports::{StoreError, WriteTransaction},
    secret::Secret,
    services::Dependencies,
    settings::SettingsService,
    time::{MINUTE_MS, SECOND_MS, UnixMillis},
};

/// The parameters of a token request, each at most once.
#[derive(Debug, Clone, Default)]
pub struct TokenRequest {
    /// `grant_type`
    pub grant_type: Option<String>,
    /// `code`
    pub code: Option<Secret>,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `client_id`
    pub client_id: Option<String>,
    /// `code_verifier`
    pub code_verifier: Option<Secret>,
    /// `refresh_token`
    pub refresh_token: Option<Secret>,
    /// `scope`
    pub scope: Option<String>,
    /// `resource`
    pub resource: Option<String>,
    /// How it proves that it is its client's.
    pub proof: ClientProof,
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: Secret,
    /// Seconds until it ends.
    pub expires_in_seconds: i64,
    /// The refresh token, where one is issued.
    pub refresh_token: Option<Secret>,
    /// What was granted, space-separated.
    pub scope: String,
}

/// Error words of the token endpoint (RFC 6749 section 5.2, RFC 8707).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenErrorCode {
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_client`
    InvalidClient,
    /// `invalid_grant`
    InvalidGrant,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `unsupported_grant_type`
    UnsupportedGrantType,
    /// `invalid_scope`
    InvalidScope,
    /// `invalid_target`
    InvalidTarget,
}

impl TokenErrorCode {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
        }
    }
}

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Refused: the word, and a sentence for whoever debugs the client.
    #[error("{description}")]
    Refused {
        /// The word.
        code: TokenErrorCode,
        /// The sentence; never names a secret.
        description: &'static str,
    },
    /// Too many failed authentications came from this network: 429.
    #[error("too many failed authentications came from this address; wait a minute")]
    TooMany,
    /// What is needed to know the client cannot be had right now: 503, and the token or code stays good.
    #[error("{0}")]
    Unavailable(String),
    /// A directory that knows the person has not been read for too long: 503 with the words of
    /// [`ProviderFreshness::words`], and the token or code stays good.
    #[error("{}", .0.words())]
    Stale(Box<ProviderFreshness>),
    /// The store failed: 503, and the token or code stays good.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refuses a token request.
const fn refused(code: TokenErrorCode, description: &'static str) -> TokenError {
    TokenError::Refused { code, description }
}

/// The parameters of a revocation request.
#[derive(Debug, Clone, Default)]
pub struct RevokeRequest {
    /// `token`
    pub token: Option<Secret>,
    /// `client_id`
    pub client_id: Option<String>,
    /// How it proves that it is its client's.
    pub proof: ClientProof,
}

/// Issues and revokes tokens.
pub struct TokenService {
    dependencies: Dependencies,
    settings: Arc<SettingsService>,
    clients: Arc<ClientService>,
}

/// Tokens just made for a session, before they are stored and sent.
struct Issued {
    access: Secret,
    access_expires_at: UnixMillis,
    refresh: Option<Secret>,
    scope: ScopeSet,
}

impl TokenService {
    /// The service.
    #[must_use]
    pub fn new(
        dependencies: Dependencies,
        settings: Arc<SettingsService>,
        clients: Arc<ClientService>,
    ) -> Self {
        Self { dependencies, settings, clients }
    }

    /// Answers a token request.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn issue(
        &self,
        mut request: TokenRequest,
        origin: &RequestOrigin,
    ) -> Result<TokenResponse, TokenError> {
        let by_code = match request.grant_type.as_deref() {
            Some("authorization_code") => true,
            Some("refresh_token") => false,
            Some(_) => {
                return Err(refused(
                    TokenErrorCode::UnsupportedGrantType,
                    "grant_type must be authorization_code or refresh_token",
                ));
            }
            None => return Err(refused(TokenErrorCode::InvalidRequest, "grant_type is missing")),
        };
        let (id, proof) = (request.client_id.take(), std::mem::take(&mut request.proof));
        let client = self.authenticate(id, proof, Purpose::Tokens, origin).await?;
        if by_code {
            self.exchange_code(request, client, origin).await
        } else {
            self.refresh(request, client, origin).await
        }
    }

    /// Makes tokens for a session; the access token never outlives the session.
    fn make(&self, session: &AgentSession, scope: ScopeSet, settings: &Settings, now: UnixMillis) -> Issued {
        let Dependencies { rng, configuration, .. } = &self.dependencies;
        let lifetime_ms = i64::from(configuration.access_token_lifetime_minutes) * MINUTE_MS;
        let end = session_end(session.created_at, session_days(session, settings));
        let access_expires_at =
            if session.refreshable { now.plus(lifetime_ms).min(end) } else { now.plus(lifetime_ms) };
        Issued {
            access: TokenKind::Access.generate(&**rng),
            access_expires_at,
            refresh: session.refreshable.then(|| TokenKind::Refresh.generate(&**rng)),
            scope: ScopeSet { offline_access: scope.offline_access && session.refreshable, ..scope },
        }
    }

    /// Nobody gets a new token by the word of a directory that is too old, where admins have chosen so.
    async fn freshness_check(
        &self,
        transaction: &mut dyn WriteTransaction,
        user: &User,
        settings: &Settings,
    ) -> Result<(), TokenError> {
        let Dependencies { directories, clock, .. } = &self.dependencies;
        let stale = account_gate(transaction, directories, settings, user, clock.now()).await?;
        stale.map_or(Ok(()), |stale| Err(TokenError::Stale(Box::new(stale))))
    }

    /// Stores tokens just made.
    async fn store(
        transaction: &mut dyn WriteTransaction,
        session: &AgentSession,
        issued: &Issued,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let refresh_hash = issued.refresh.as_ref().map(Secret::hash);
        transaction
            .access_token_insert(&AccessToken {
                hash: issued.access.hash(),
                session_id: session.id.clone(),
                scope: issued.scope,
                created_at: now,
                expires_at: issued.access_expires_at,
                refresh_hash,
            })
            .await?;
        if let Some(hash) = refresh_hash {
            let token = RefreshToken {
                hash,
                session_id: session.id.clone(),
                created_at: now,
                confirmed_at: None,
                state: RefreshState::Current,
            };
            transaction.refresh_token_insert(&token).await?;
        }
        Ok(())
    }

    /// Ends a session for good and says so in the audit log. The caller commits, then calls `changes.expire()`.
    async fn end_session(
        &self,
        transaction: &mut dyn WriteTransaction,
        session: &AgentSession,
        reason: EndReason,
        origin: &RequestOrigin,
    ) -> Result<(), StoreError> {
        let now = self.dependencies.clock.now();
        // The counter first: everything that takes access away locks it first, so that none waits for another in a circle.
        transaction.change_record(Topic::Access).await?;
        if transaction.agent_session_end(&session.id, reason, now).await? {
            let event = self.audit(session, None, "agent-session.ended", origin);
            let details =
                serde_json::json!({ "reason": reason.as_str(), "client_id": session.client.client_id });
            transaction.audit_append(&event.details(details)).await?;
        }
        Ok(())
    }

    fn audit(
        &self,
        session: &AgentSession,
        user: Option<&User>,
        action: &str,
        origin: &RequestOrigin,
    ) -> AuditEvent {
        let actor = Actor::Agent {
            user_id: session.user_id.0.clone(),
            name: user.map(|user| user.entity_ref.to_string()).unwrap_or_default(),
            client_id: session.client.client_id.clone(),
        };
        let now = self.dependencies.clock.now();
        AuditEvent::done(&*self.dependencies.rng, now, actor, action, origin).target(session.id.as_str())
    }
}

impl Issued {
    fn answer(&self, now: UnixMillis) -> TokenResponse {
        TokenResponse {
            access_token: self.access.clone(),
            expires_in_seconds: seconds_until(self.access_expires_at, now),
            refresh_token: self.refresh.clone(),
            scope: self.scope.to_string(),
        }
    }
}

impl From<SealedAnswer> for Issued {
    fn from(answer: SealedAnswer) -> Self {
        Self {
            access: Secret::new(answer.access_token),
            access_expires_at: answer.access_expires_at,
            refresh: Some(Secret::new(answer.refresh_token)),
            scope: ScopeSet::parse(&answer.scope),
        }
    }
}

/// Whole seconds until a point in time, at least one: some clients read 0 as "never ends".
fn seconds_until(end: UnixMillis, now: UnixMillis) -> i64 {
    (end.since(now) / SECOND_MS).max(1)
}

/// The absolute lifetime in force: the smaller of the setting at the grant and now, in days.
fn session_days(session: &AgentSession, settings: &Settings) -> u16 {
    session.session_lifetime_days.min(settings.refresh_lifetimes.session().days())
}

/// The idle lifetime in force: the smaller of the setting at the grant and now, in days.
fn token_days(session: &AgentSession, settings: &Settings) -> u16 {
    session.token_lifetime_days.min(settings.refresh_lifetimes.token().days())
}

//! The check of bearer tokens, for every MCP call (RFC 6750).

use std::sync::Arc;

use moka::sync::Cache;
use portal_model::ScopeSet;
use thiserror::Error;

use super::{format::TokenKind, records::AgentSession};
use crate::{
    activity::ActivityRecorder,
    identity::{User, UserStatus},
    ports::StoreError,
    secret::SecretHash,
    services::Dependencies,
    time::UnixMillis,
};

/// Most tokens that are remembered.
pub const REMEMBERED_TOKENS_MAX: u64 = 20_000;

/// Whom a tool call is made for, by a token that was checked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person.
    pub user: Arc<User>,
    /// The agent's session.
    pub session: Arc<AgentSession>,
    /// What the token may do.
    pub scope: ScopeSet,
    /// When the token stops working.
    pub expires_at: UnixMillis,
}

/// Why a bearer token is refused.
#[derive(Debug, Error)]
pub enum BearerError {
    /// Unknown, expired, ended, or of a person who may not use Portal any more (RFC 6750 `invalid_token`).
    #[error("the access token is not valid")]
    Invalid,
    /// The store failed: nothing is known, the token may be good.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A caller, good until its token ends or the access counter moves.
#[derive(Clone)]
struct Remembered {
    access_counter: i64,
    caller: Arc<Caller>,
}

/// Checks bearer tokens.
pub struct BearerService {
    dependencies: Dependencies,
    activity: Arc<ActivityRecorder>,
    remembered: Cache<SecretHash, Remembered>,
}

impl BearerService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, activity: Arc<ActivityRecorder>) -> Self {
        Self { dependencies, activity, remembered: Cache::new(REMEMBERED_TOKENS_MAX) }
    }

    /// The caller who holds this token. Answers from memory while nothing that takes access away has happened since
    /// the token was last looked up, as the access counter tells; it is at most half a second old.
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Caller>, BearerError> {
        if !TokenKind::Access.fits(token) {
            return Err(BearerError::Invalid);
        }
        let hash = SecretHash::of(token);
        let access_counter = self.dependencies.changes.current().await?.access;
        if let Some(remembered) = self.remembered.get(&hash)
            && remembered.access_counter == access_counter
        {
            return self.in_time(&remembered.caller);
        }
        // The counter was read before the token: what changes in between makes the entry stale, never wrong.
        let caller = self.look_up(&hash).await?;
        self.remembered.insert(hash, Remembered { access_counter, caller: Arc::clone(&caller) });
        Ok(caller)
    }

    fn in_time(&self, caller: &Arc<Caller>) -> Result<Arc<Caller>, BearerError> {
        if self.dependencies.clock.now() < caller.expires_at {
            Ok(Arc::clone(caller))
        } else {
            Err(BearerError::Invalid)
        }
    }

    async fn look_up(&self, hash: &SecretHash) -> Result<Arc<Caller>, BearerError> {
        let found = self.dependencies.store.read().await?.access_token_by_hash(hash).await?;
        let (token, session, user) = found.ok_or(BearerError::Invalid)?;
        let alive = session.ended.is_none()
            && user.status == UserStatus::Active
            && user.revocation_epoch == session.epoch
            && session.resource == self.dependencies.configuration.mcp_resource();
        if !alive {
            return Err(BearerError::Invalid);
        }
        if let Some(refresh) = token.refresh_hash {
            self.activity.confirm_refresh(refresh);
        }
        let caller = Caller {
            user: Arc::new(user),
            session: Arc::new(session),
            scope: token.scope,
            expires_at: token.expires_at,
        };
        self.in_time(&Arc::new(caller))
    }
}

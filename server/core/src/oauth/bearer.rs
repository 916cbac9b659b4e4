//! The check of bearer tokens, for every MCP call.

use std::sync::Arc;

use portal_model::ScopeSet;
use thiserror::Error;

use super::records::AgentSession;
use crate::{identity::User, ports::StoreError};

/// Whom a tool call is made for, by a token that was checked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person.
    pub user: Arc<User>,
    /// The agent's session.
    pub session: Arc<AgentSession>,
    /// What the token may do.
    pub scope: ScopeSet,
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

/// Checks bearer tokens.
pub struct BearerService {
    dependencies: crate::services::Dependencies,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl BearerService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies }
    }

    /// The caller who holds this token. Answers from memory while the access counter has not moved.
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Caller>, BearerError> {
        let _ = (token, &self.dependencies);
        Err(BearerError::Invalid)
    }
}

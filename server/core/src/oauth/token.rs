//! `/oauth/token` and `/oauth/revoke` (RFC 6749 sections 4.1.3 and 6, RFC 7009).

use std::sync::Arc;

use super::ClientService;
use crate::{identity::RequestOrigin, ports::StoreError, secret::Secret, settings::SettingsService};

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
    /// The store failed: 503, and the token or code stays good.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The parameters of a revocation request.
#[derive(Debug, Clone, Default)]
pub struct RevokeRequest {
    /// `token`
    pub token: Option<Secret>,
    /// `client_id`
    pub client_id: Option<String>,
}

/// Issues and revokes tokens.
pub struct TokenService {
    dependencies: crate::services::Dependencies,
    settings: Arc<SettingsService>,
    clients: Arc<ClientService>,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl TokenService {
    /// The service.
    #[must_use]
    pub fn new(
        dependencies: crate::services::Dependencies,
        settings: Arc<SettingsService>,
        clients: Arc<ClientService>,
    ) -> Self {
        Self { dependencies, settings, clients }
    }

    /// Answers a token request.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn issue(&self, request: TokenRequest, origin: &RequestOrigin) -> Result<TokenResponse, TokenError> {
        let _ = (request, origin, &self.dependencies, &self.settings, &self.clients);
        Err(TokenError::Refused { code: TokenErrorCode::UnsupportedGrantType, description: "" })
    }

    /// Ends what a token belongs to. Unknown tokens are no error (RFC 7009 section 2.2).
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn revoke(&self, request: RevokeRequest, origin: &RequestOrigin) -> Result<(), TokenError> {
        let _ = (request, origin);
        Ok(())
    }
}

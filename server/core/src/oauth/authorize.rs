//! `/oauth/authorize` and the person's answer (RFC 6749 section 4.1, OAuth 2.1, RFC 9207, RFC 8707).

use std::sync::Arc;

use portal_model::{Scope, ScopeSet};
use thiserror::Error;

use super::{ClientError, ClientService, records::ClientSnapshot};
use crate::{
    identity::{RequestOrigin, SignedIn},
    ports::StoreError,
    secret::Secret,
    settings::SettingsService,
    time::UnixMillis,
};

/// The parameters of an authorization request, each at most once.
#[derive(Debug, Clone, Default)]
pub struct AuthorizeParameters {
    /// `client_id`
    pub client_id: Option<String>,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `response_type`
    pub response_type: Option<String>,
    /// `scope`
    pub scope: Option<String>,
    /// `state`
    pub state: Option<String>,
    /// `resource` (RFC 8707)
    pub resource: Option<String>,
    /// `code_challenge`
    pub code_challenge: Option<String>,
    /// `code_challenge_method`
    pub code_challenge_method: Option<String>,
    /// `prompt`
    pub prompt: Option<String>,
}

/// A pending authorization.
#[derive(Debug, Clone)]
pub struct BegunAuthorization {
    /// Id for the consent page's address, `/oauth/consent?request=…`.
    pub request: Secret,
    /// Value of the cookie that binds it to this browser.
    pub browser: Secret,
}

/// An error that goes back to the client by its redirect URI, as the whole address to send the browser to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectError {
    /// The address, with `error`, `error_description`, `state` and `iss`.
    pub location: String,
    /// The error word.
    pub error: &'static str,
}

/// Why an authorization request does not become a consent page.
#[derive(Debug, Error)]
pub enum AuthorizeError {
    /// The client is not known to be good: a page of ours, no redirect.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A parameter is missing, repeated, too long or not registered, before client and redirect URI are known to be
    /// good: a page of ours, no redirect. Names the parameter and what was expected.
    #[error("{0}")]
    Page(String),
    /// Client and redirect URI are good: the client is told.
    #[error("the client is told: {}", .0.error)]
    Redirect(RedirectError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the consent page shows.
#[derive(Debug, Clone)]
pub struct ConsentView {
    /// Who asks.
    pub client: ClientSnapshot,
    /// Where the browser goes afterwards.
    pub redirect_uri: String,
    /// Host (and port) of the redirect URI.
    pub redirect_host: String,
    /// Whether that is a program on the person's own computer.
    pub redirect_is_loopback: bool,
    /// `scheme://host:port` of the redirect URI, for the page's `form-action`.
    pub redirect_origin: String,
    /// What it asks for.
    pub scope: ScopeSet,
    /// Whether refresh tokens will be issued.
    pub refreshable: bool,
    /// When access ends at the latest without signing in again.
    pub ends_at: UnixMillis,
    /// Idle lifetime in days, when refreshable.
    pub token_lifetime_days: Option<u16>,
    /// Until when the page can be answered.
    pub expires_at: UnixMillis,
    /// Whether the person must sign in anew before answering.
    pub must_sign_in: bool,
}

/// The person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentDecision {
    /// Yes, up to this scope; never more than was asked.
    Allow(Scope),
    /// No.
    Cancel,
}

/// Why a pending authorization cannot be shown or answered.
#[derive(Debug, Error)]
pub enum ConsentError {
    /// Unknown, answered or past its hour.
    #[error("the request has expired or was answered")]
    Expired,
    /// Started in another browser.
    #[error("the request was started in another browser")]
    Foreign,
    /// The client or the switch changed meanwhile.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Authorization requests.
pub struct AuthorizationService {
    dependencies: crate::services::Dependencies,
    settings: Arc<SettingsService>,
    clients: Arc<ClientService>,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl AuthorizationService {
    /// The service.
    #[must_use]
    pub fn new(
        dependencies: crate::services::Dependencies,
        settings: Arc<SettingsService>,
        clients: Arc<ClientService>,
    ) -> Self {
        Self { dependencies, settings, clients }
    }

    /// Checks an authorization request and keeps it for an hour.
    ///
    /// # Errors
    /// [`AuthorizeError`].
    pub async fn begin(
        &self,
        parameters: AuthorizeParameters,
        browser: Option<&Secret>,
        origin: &RequestOrigin,
    ) -> Result<BegunAuthorization, AuthorizeError> {
        let _ = (parameters, browser, origin, &self.dependencies, &self.settings, &self.clients);
        Err(AuthorizeError::Page(String::new()))
    }

    /// What the consent page shows for a pending request of this browser.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub async fn view(
        &self,
        request: &Secret,
        browser: Option<&Secret>,
        signed_in: Option<&SignedIn>,
    ) -> Result<ConsentView, ConsentError> {
        let _ = (request, browser, signed_in);
        Err(ConsentError::Expired)
    }

    /// Takes the person's answer and returns the address to send the browser to, with `code` or `access_denied`.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub async fn decide(
        &self,
        request: &Secret,
        browser: Option<&Secret>,
        signed_in: &SignedIn,
        decision: ConsentDecision,
    ) -> Result<String, ConsentError> {
        let _ = (request, browser, signed_in, decision);
        Err(ConsentError::Expired)
    }
}

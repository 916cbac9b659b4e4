//! `/oauth/authorize`: from a client's request to a pending authorization
//! (RFC 6749 section 4.1.1, OAuth 2.1 section 4.1.1, RFC 9207, RFC 8707).

use std::{borrow::Cow, sync::Arc};

use thiserror::Error;

use super::{
    Client, ClientError, ClientService,
    parameters::{AuthorizeParameters, CheckedParameters},
    records::{AuthorizationRequest, ClientSnapshot},
    redirect,
    remembered::Kept,
};
use crate::{
    identity::{RequestOrigin, SignedIn},
    ports::StoreError,
    secret::Secret,
    services::Dependencies,
    settings::SettingsService,
    time::{HOUR_MS, MINUTE_MS, UnixMillis},
};

/// How long a pending authorization waits for the person's answer, in milliseconds.
pub const PENDING_LIFETIME_MS: i64 = HOUR_MS;
/// Authorization requests that one address may start in a minute.
pub const BEGIN_PER_MINUTE_MAX: i64 = 60;

/// A pending authorization.
#[derive(Debug, Clone)]
pub struct BegunAuthorization {
    /// Id for the consent page's address, `/oauth/consent?request=…`.
    pub request: Secret,
    /// Value of the cookie that binds it to this browser.
    pub browser: Secret,
}

/// What became of an authorization request that is good.
#[derive(Debug, Clone)]
pub enum Begun {
    /// The person is to be asked.
    Pending(BegunAuthorization),
    /// The person has allowed the same before: the address to send the browser to, with the code.
    Allowed(String),
}

/// An error that goes back to the client by its redirect URI, as the whole address to send the browser to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectError {
    /// The address, with `error`, `error_description`, `state` and `iss`.
    pub location: String,
    /// The error word.
    pub error: &'static str,
    /// The sentence.
    pub description: &'static str,
}

/// Why an authorization request does not become a consent page.
#[derive(Debug, Error)]
pub enum AuthorizeError {
    /// The client is not known to be good: a page of ours, no redirect.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A parameter is missing, too long or not registered, before client and redirect URI are known to be good: a page
    /// of ours, no redirect. Names the parameter and what was expected.
    #[error("{0}")]
    Page(Cow<'static, str>),
    /// The redirect URI is not one that the client lists: a page of ours, no redirect.
    #[error("redirect_uri is not one of the addresses that the client's document lists")]
    RedirectMismatch,
    /// This address starts too many authorizations: a page of ours, no redirect.
    #[error("too many requests to connect an agent came from this address; wait a minute")]
    TooMany,
    /// Client and redirect URI are good: the client is told.
    #[error("the client is told: {}", .0.error)]
    Redirect(RedirectError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Authorization requests and the person's answer to them.
pub struct AuthorizationService {
    pub(super) dependencies: Dependencies,
    pub(super) settings: Arc<SettingsService>,
    pub(super) clients: Arc<ClientService>,
}

/// A request and its id, not kept yet.
struct Asked {
    id: Secret,
    record: AuthorizationRequest,
}

impl AuthorizationService {
    /// The service.
    #[must_use]
    pub fn new(
        dependencies: Dependencies,
        settings: Arc<SettingsService>,
        clients: Arc<ClientService>,
    ) -> Self {
        Self { dependencies, settings, clients }
    }

    /// Checks an authorization request and keeps it for an hour, or answers it at once where the person signed in has
    /// allowed the same before. `browser` is the value of the binding cookie, if the browser has one.
    ///
    /// # Errors
    /// [`AuthorizeError`]: nothing is sent to a redirect URI before client and redirect URI are known to be good.
    pub async fn begin(
        &self,
        parameters: AuthorizeParameters,
        browser: Option<&Secret>,
        signed_in: Option<&SignedIn>,
        origin: &RequestOrigin,
    ) -> Result<Begun, AuthorizeError> {
        parameters.check_lengths().map_err(|fault| AuthorizeError::Page(fault.into()))?;
        let client_id =
            parameters.client_id.as_deref().ok_or(AuthorizeError::Page("client_id is missing".into()))?;
        let redirect_uri = parameters
            .redirect_uri
            .as_deref()
            .ok_or(AuthorizeError::Page("redirect_uri is missing".into()))?;
        self.count_attempt(origin).await?;
        let client = self.clients.find(client_id).await?;
        if !client.allows_redirect(redirect_uri) {
            return Err(AuthorizeError::RedirectMismatch);
        }
        let resource = self.dependencies.configuration.mcp_resource();
        let checked = parameters.check(&resource).map_err(|(error, description)| {
            AuthorizeError::Redirect(self.redirect_error(
                redirect_uri,
                parameters.state.as_deref(),
                error,
                description,
            ))
        })?;
        let prompt = checked.prompt;
        let (asked, browser) = self.asked(&client, redirect_uri, parameters.state.clone(), checked, browser);
        if !prompt.consent
            && !prompt.login
            && let Some(person) = signed_in
            && let Some(location) = self.allow_again(&asked.record, person, Kept::No).await?
        {
            return Ok(Begun::Allowed(location));
        }
        if prompt.none {
            let (error, description) = match signed_in {
                None => ("login_required", "the person is not signed in"),
                Some(_) => ("consent_required", "the person must be asked before an agent may act"),
            };
            let state = parameters.state.as_deref();
            return Err(AuthorizeError::Redirect(self.redirect_error(
                redirect_uri,
                state,
                error,
                description,
            )));
        }
        self.clients.keep_logo(&client).await;
        let mut transaction = self.dependencies.store.write().await?;
        transaction.authorization_request_insert(&asked.record).await?;
        transaction.commit().await?;
        Ok(Begun::Pending(BegunAuthorization { request: asked.id, browser }))
    }

    /// The address that tells the client about an error.
    pub(super) fn redirect_error(
        &self,
        redirect_uri: &str,
        state: Option<&str>,
        error: &'static str,
        description: &'static str,
    ) -> RedirectError {
        let location = redirect::answer(
            redirect_uri,
            &[
                ("error", Some(error)),
                ("error_description", Some(description)),
                ("state", state),
                ("iss", Some(&self.dependencies.configuration.public_url)),
            ],
        );
        RedirectError { location, error, description }
    }

    /// The request as it would be kept, under a new id, and the value that binds it to the browser.
    fn asked(
        &self,
        client: &Client,
        redirect_uri: &str,
        state: Option<String>,
        checked: CheckedParameters,
        browser: Option<&Secret>,
    ) -> (Asked, Secret) {
        let Dependencies { clock, rng, .. } = &self.dependencies;
        let id = Secret::generate(&**rng);
        let browser = browser.cloned().unwrap_or_else(|| Secret::generate(&**rng));
        let now = clock.now();
        let record = AuthorizationRequest {
            hash: id.hash(),
            browser_hash: browser.hash(),
            client: ClientSnapshot::of(client),
            redirect_uri: redirect_uri.to_owned(),
            scope: checked.scope,
            state,
            resource: checked.resource,
            code_challenge: checked.code_challenge,
            prompt_consent: checked.prompt.consent,
            prompt_login: checked.prompt.login,
            created_at: now,
            expires_at: now.plus(PENDING_LIFETIME_MS),
            answered_at: None,
        };
        (Asked { id, record }, browser)
    }

    /// Pending authorizations are rows that anybody can make, so their number is bounded by address.
    async fn count_attempt(&self, origin: &RequestOrigin) -> Result<(), AuthorizeError> {
        let Some(address) = origin.address else { return Ok(()) };
        let now = self.dependencies.clock.now();
        let window_start = UnixMillis(now.0 - now.0.rem_euclid(MINUTE_MS));
        let mut transaction = self.dependencies.store.write().await?;
        let count = transaction.attempt_record(&format!("authorize:{address}"), window_start).await?;
        transaction.commit().await?;
        if count > BEGIN_PER_MINUTE_MAX { Err(AuthorizeError::TooMany) } else { Ok(()) }
    }
}

impl ClientSnapshot {
    /// What a client is at this moment.
    pub(super) fn of(client: &Client) -> Self {
        Self {
            client_id: client.id.as_str().to_owned(),
            host: client.id.host().to_owned(),
            name: client.name.clone(),
            redirect_uris_hash: client.redirect_uris_hash(),
            lists_refresh_grant: client.lists_refresh_grant,
            origin: client.origin.clone(),
            confidential: client.confidential,
            keys_hash: client.keys_hash(),
        }
    }
}

//! `/oauth/authorize`: from a client's request to a pending authorization
//! (RFC 6749 section 4.1.1, OAuth 2.1 section 4.1.1, RFC 9207, RFC 8707).

use std::{borrow::Cow, sync::Arc};

use portal_model::ScopeSet;
use thiserror::Error;

use super::{
    Client, ClientError, ClientService, pkce,
    records::{AuthorizationRequest, ClientSnapshot},
    redirect,
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
/// Longest `state`, in bytes.
pub const STATE_LENGTH_MAX: usize = 4_096;
/// Longest of the other parameters, in bytes.
pub const PARAMETER_LENGTH_MAX: usize = 2_048;
/// Authorization requests that one address may start in a minute.
pub const BEGIN_PER_MINUTE_MAX: i64 = 60;

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

/// What of a request is good once client and redirect URI are.
struct Checked {
    scope: ScopeSet,
    resource: String,
    code_challenge: String,
    prompt: Prompt,
}

/// What the client wants the person to be asked (`OpenID` Connect Core section 3.1.2.1). Other words are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prompt {
    /// Nothing: answer at once or fail.
    none: bool,
    /// For consent, even where it is remembered.
    consent: bool,
    /// To sign in anew, which is also how another account is chosen (`login`, `select_account`).
    login: bool,
}

impl Prompt {
    fn parse(text: &str) -> Result<Self, (&'static str, &'static str)> {
        let has = |word: &str| text.split(' ').any(|written| written == word);
        let prompt =
            Self { none: has("none"), consent: has("consent"), login: has("login") || has("select_account") };
        if prompt.none && (prompt.consent || prompt.login) {
            return Err(("invalid_request", "prompt=none excludes every other prompt"));
        }
        Ok(prompt)
    }
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
        bounded(&parameters)?;
        let client_id =
            parameters.client_id.as_deref().ok_or(AuthorizeError::Page("client_id is missing".into()))?;
        let redirect_uri = parameters
            .redirect_uri
            .as_deref()
            .ok_or(AuthorizeError::Page("redirect_uri is missing".into()))?;
        self.count_attempt(origin).await?;
        let client = self.clients.find(client_id).await?;
        if !client.allows_redirect(redirect_uri) {
            return Err(AuthorizeError::Page(
                "redirect_uri is not one of the addresses that the client's document lists".into(),
            ));
        }
        let checked = self.check(&parameters).map_err(|(error, description)| {
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
            && let Some(location) = self.allow_again(&asked.record, person).await?
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
        RedirectError { location, error }
    }

    fn check(&self, parameters: &AuthorizeParameters) -> Result<Checked, (&'static str, &'static str)> {
        match parameters.response_type.as_deref() {
            Some("code") => {}
            Some(_) => return Err(("unsupported_response_type", "response_type must be code")),
            None => return Err(("invalid_request", "response_type is missing; it must be code")),
        }
        let code_challenge = parameters
            .code_challenge
            .clone()
            .ok_or(("invalid_request", "code_challenge is missing; PKCE is required"))?;
        if parameters.code_challenge_method.as_deref() != Some("S256") {
            return Err(("invalid_request", "code_challenge_method must be S256"));
        }
        if !pkce::is_challenge(&code_challenge) {
            return Err(("invalid_request", "code_challenge must be 43 characters of base64url"));
        }
        let resource = self.dependencies.configuration.mcp_resource();
        if parameters.resource.as_ref().is_some_and(|asked| *asked != resource) {
            return Err(("invalid_target", "resource must be the address of Portal's MCP endpoint"));
        }
        Ok(Checked {
            scope: ScopeSet::parse(parameters.scope.as_deref().unwrap_or_default()),
            resource,
            code_challenge,
            prompt: Prompt::parse(parameters.prompt.as_deref().unwrap_or_default())?,
        })
    }

    /// The request as it would be kept, under a new id, and the value that binds it to the browser.
    fn asked(
        &self,
        client: &Client,
        redirect_uri: &str,
        state: Option<String>,
        checked: Checked,
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
    fn of(client: &Client) -> Self {
        Self {
            client_id: client.id.as_str().to_owned(),
            host: client.id.host().to_owned(),
            name: client.name.clone(),
            redirect_uris_hash: client.redirect_uris_hash(),
            lists_refresh_grant: client.lists_refresh_grant,
            origin: client.origin.clone(),
            confidential: client.confidential,
        }
    }
}

fn bounded(parameters: &AuthorizeParameters) -> Result<(), AuthorizeError> {
    let within =
        |value: &Option<String>, limit: usize| value.as_ref().is_none_or(|value| value.len() <= limit);
    if !within(&parameters.state, STATE_LENGTH_MAX) {
        return Err(AuthorizeError::Page("state is longer than 4,096 bytes".into()));
    }
    let others = [
        &parameters.client_id,
        &parameters.redirect_uri,
        &parameters.response_type,
        &parameters.scope,
        &parameters.resource,
        &parameters.code_challenge,
        &parameters.code_challenge_method,
        &parameters.prompt,
    ];
    if others.into_iter().all(|value| within(value, PARAMETER_LENGTH_MAX)) {
        Ok(())
    } else {
        Err(AuthorizeError::Page("a parameter is longer than 2,048 bytes".into()))
    }
}

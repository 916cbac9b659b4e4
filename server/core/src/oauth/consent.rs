//! The person's answer to a pending authorization.

use portal_model::{Scope, ScopeSet, settings::Settings};
use serde_json::json;
use thiserror::Error;

use super::{
    AuthorizationService, ClientError, RedirectUri,
    format::TokenKind,
    records::{AuthorizationCode, AuthorizationRequest, ClientSnapshot, Consent, DocumentOrigin, LogoId},
    redirect,
    remembered::{consent_hash, is_rememberable},
    session_end,
};
use crate::{
    audit::AuditEvent,
    identity::{SignedIn, UserStatus},
    ports::{StoreError, WriteTransaction},
    secret::Secret,
    time::{MINUTE_MS, SECOND_MS, UnixMillis},
};

/// How long a code can be exchanged, in milliseconds.
pub const CODE_LIFETIME_MS: i64 = 60 * SECOND_MS;

/// What comes next for a pending request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentStep {
    /// Someone must sign in, or sign in anew.
    SignIn,
    /// The person has allowed the same before and need not be asked: see [`AuthorizationService::resume`].
    Resume,
    /// The person is asked.
    Ask,
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
    /// What comes next.
    pub next: ConsentStep,
    /// The client's picture, where there is one.
    pub logo: Option<LogoId>,
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
    /// The person must sign in anew before answering.
    #[error("the client asks for a new sign-in")]
    SignInAgain,
    /// The client or the switch changed meanwhile.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthorizationService {
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
        let pending = self.pending(request, browser).await?;
        let settings = self.settings.current().await?;
        let redirect = RedirectUri::parse(&pending.redirect_uri).map_err(|_| ConsentError::Expired)?;
        let refreshable = is_refreshable(&settings, pending.scope, &pending.client);
        let next = match signed_in {
            None => ConsentStep::SignIn,
            Some(person) if must_sign_in_again(&pending, person) => ConsentStep::SignIn,
            Some(person) if self.may_resume(&pending, person).await? => ConsentStep::Resume,
            Some(_) => ConsentStep::Ask,
        };
        let client_id = pending.client.client_id.as_str();
        let logo = self.clients.logos(std::iter::once(client_id)).await?.remove(client_id);
        let now = self.dependencies.clock.now();
        let access_ms = i64::from(self.dependencies.configuration.access_token_lifetime_minutes) * MINUTE_MS;
        let ends_at = if refreshable {
            session_end(now, settings.refresh_lifetimes.session().days())
        } else {
            now.plus(access_ms)
        };
        Ok(ConsentView {
            redirect_host: redirect.host().to_owned(),
            redirect_is_loopback: redirect.is_loopback(),
            redirect_origin: redirect.origin().to_owned(),
            scope: pending.scope,
            refreshable,
            ends_at,
            token_lifetime_days: refreshable.then(|| settings.refresh_lifetimes.token().days()),
            expires_at: pending.expires_at,
            next,
            logo,
            client: pending.client,
            redirect_uri: pending.redirect_uri,
        })
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
        let pending = self.pending(request, browser).await?;
        match decision {
            ConsentDecision::Cancel => self.cancel(&pending, signed_in).await,
            ConsentDecision::Allow(level) => {
                if must_sign_in_again(&pending, signed_in) {
                    return Err(ConsentError::SignInAgain);
                }
                // What changed meanwhile is no reason to refuse: the person has seen what is granted.
                self.still_good(&pending).await?;
                self.allow(&pending, signed_in, level).await
            }
        }
    }

    pub(super) async fn pending(
        &self,
        request: &Secret,
        browser: Option<&Secret>,
    ) -> Result<AuthorizationRequest, ConsentError> {
        let mut store = self.dependencies.store.read().await?;
        let pending =
            store.authorization_request_by_hash(&request.hash()).await?.ok_or(ConsentError::Expired)?;
        if pending.answered_at.is_some() || self.dependencies.clock.now() >= pending.expires_at {
            return Err(ConsentError::Expired);
        }
        if browser.is_none_or(|browser| browser.hash() != pending.browser_hash) {
            return Err(ConsentError::Foreign);
        }
        if !pending.client.origin.is_open(&*self.settings.current().await?) {
            return Err(match pending.client.origin {
                DocumentOrigin::Dynamic => ClientError::RegistrationDisabled,
                _ => ClientError::Disabled,
            }
            .into());
        }
        Ok(pending)
    }

    /// The page may have been open for an hour: the client must still be allowed, and the redirect URI still listed.
    /// A document that cannot be had right now takes nothing back. Whether it still says the same of itself.
    pub(super) async fn still_good(&self, pending: &AuthorizationRequest) -> Result<bool, ConsentError> {
        match self.clients.find(&pending.client.client_id).await {
            Ok(client) if client.allows_redirect(&pending.redirect_uri) => {
                Ok(consent_hash(&ClientSnapshot::of(&client)) == consent_hash(&pending.client))
            }
            Ok(_) => {
                Err(ClientError::DocumentInvalid("its redirect URIs changed meanwhile".to_owned()).into())
            }
            Err(ClientError::Fetch(error)) if error.is_outage() => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    async fn cancel(
        &self,
        pending: &AuthorizationRequest,
        signed_in: &SignedIn,
    ) -> Result<String, ConsentError> {
        let now = self.dependencies.clock.now();
        let mut transaction = self.dependencies.store.write().await?;
        if !transaction.authorization_request_answer(&pending.hash, now).await? {
            return Err(ConsentError::Expired);
        }
        transaction.consent_delete(&signed_in.user().id, Some(&pending.client.client_id)).await?;
        transaction.audit_append(&self.audit(pending, signed_in, "authorization.denied")).await?;
        transaction.commit().await?;
        let state = pending.state.as_deref();
        let error = self.redirect_error(&pending.redirect_uri, state, "access_denied", "the person said no");
        Ok(error.location)
    }

    async fn allow(
        &self,
        pending: &AuthorizationRequest,
        signed_in: &SignedIn,
        level: Scope,
    ) -> Result<String, ConsentError> {
        let now = self.dependencies.clock.now();
        let granted = ScopeSet { level: level.min(pending.scope.level), ..pending.scope };
        let mut transaction = self.dependencies.store.write().await?;
        if !transaction.authorization_request_answer(&pending.hash, now).await? {
            return Err(ConsentError::Expired);
        }
        if !is_current(&mut *transaction, signed_in).await? {
            return Err(ConsentError::SignInAgain);
        }
        if is_rememberable(pending) {
            let consent = Consent {
                user_id: signed_in.user().id.clone(),
                client_id: pending.client.client_id.clone(),
                redirect_uris_hash: consent_hash(&pending.client),
                scope: granted,
                given_at: now,
            };
            transaction.consent_put(&consent).await?;
        }
        let location = self.grant(&mut *transaction, pending, signed_in, granted, false).await?;
        transaction.commit().await?;
        Ok(location)
    }

    /// Makes the code and its audit row; returns the address to send the browser to.
    pub(super) async fn grant(
        &self,
        transaction: &mut dyn WriteTransaction,
        pending: &AuthorizationRequest,
        signed_in: &SignedIn,
        granted: ScopeSet,
        remembered: bool,
    ) -> Result<String, StoreError> {
        let now = self.dependencies.clock.now();
        let code = TokenKind::Code.generate(&*self.dependencies.rng);
        transaction
            .authorization_code_insert(&AuthorizationCode {
                hash: code.hash(),
                user_id: signed_in.user().id.clone(),
                epoch: signed_in.user().revocation_epoch,
                client: pending.client.clone(),
                redirect_uri: pending.redirect_uri.clone(),
                scope: granted,
                resource: pending.resource.clone(),
                code_challenge: pending.code_challenge.clone(),
                created_at: now,
                expires_at: now.plus(CODE_LIFETIME_MS),
                session_id: None,
            })
            .await?;
        let audit = self.audit(pending, signed_in, "authorization.allowed");
        let details = json!({ "asked": pending.scope.to_string(), "granted": granted.to_string(),
            "redirect_uri": pending.redirect_uri, "remembered": remembered });
        transaction.audit_append(&audit.details(details)).await?;
        Ok(redirect::answer(
            &pending.redirect_uri,
            &[
                ("code", Some(code.expose())),
                ("state", pending.state.as_deref()),
                ("iss", Some(&self.dependencies.configuration.public_url)),
            ],
        ))
    }

    fn audit(&self, pending: &AuthorizationRequest, signed_in: &SignedIn, action: &str) -> AuditEvent {
        let now = self.dependencies.clock.now();
        AuditEvent::done(&*self.dependencies.rng, now, signed_in.actor(), action, signed_in.origin())
            .target(&pending.client.client_id)
    }
}

/// Whether refresh tokens are issued for a grant: the switch is on, and `offline_access` was granted or the client
/// lists the refresh grant.
pub(super) fn is_refreshable(settings: &Settings, scope: ScopeSet, client: &ClientSnapshot) -> bool {
    settings.refresh_enabled && (scope.offline_access || client.lists_refresh_grant)
}

/// Whether the account is still as it was when the session was looked up.
pub(super) async fn is_current(
    transaction: &mut dyn WriteTransaction,
    signed_in: &SignedIn,
) -> Result<bool, StoreError> {
    let user = transaction.user_by_id(&signed_in.user().id).await?;
    Ok(user.is_some_and(|user| {
        user.status == UserStatus::Active && user.revocation_epoch == signed_in.user().revocation_epoch
    }))
}

/// `prompt=login` asks for a sign-in that is newer than the request.
pub(super) fn must_sign_in_again(pending: &AuthorizationRequest, signed_in: &SignedIn) -> bool {
    pending.prompt_login
        && signed_in.user().last_sign_in_at.is_none_or(|signed_in_at| signed_in_at < pending.created_at)
}

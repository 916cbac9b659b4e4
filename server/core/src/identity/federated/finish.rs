//! Taking a browser back from a provider.

use portal_model::ErrorCode;
use serde_json::json;

use super::{
    PendingSignIn, ProviderAnswer, ProviderSignInOutcome, SignInProvider, keys::SignInKeys,
    person::find_person, start::code_of,
};
use crate::{
    audit::Actor,
    changes::Topic,
    identity::{
        IdentityError, IdentityService, NewBrowserSession, RequestOrigin, User, UserStatus,
        sign_in::{SIGNED_IN, previous_session_end, user_lock},
    },
    ids::UserId,
    org::KnownPerson,
    ports::{SignInReply, StoreError, VouchedPerson, WriteTransaction},
    secret::Secret,
};

/// Longest value that a provider's answer may have, in bytes.
const VALUE_BYTES_MAX: usize = 4_096;

/// Words with which providers say that the person did not go through with it (RFC 6749 section 4.1.2.1, OpenID Connect
/// Core section 3.1.2.6).
const CANCELLED: [&str; 5] = [
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];
/// Words with which providers say that they cannot right now.
const UNAVAILABLE: [&str; 2] = ["temporarily_unavailable", "server_error"];

/// Either a value, or the code of a refusal.
type Judged<T> = Result<Result<T, ErrorCode>, IdentityError>;

impl IdentityService {
    /// Finishes a sign-in: the browser that began it comes back, the provider says who it is, and that person is in the
    /// catalog. The session that this browser had ends.
    ///
    /// # Errors
    /// The store failed; the sign-in is used up if it was found.
    pub async fn provider_sign_in_finish(
        &self,
        answer: ProviderAnswer,
        origin: &RequestOrigin,
    ) -> Result<ProviderSignInOutcome, IdentityError> {
        let refused = |code, return_to| Ok(ProviderSignInOutcome::Refused { code, return_to });
        let Some(provider) = self.sign_in_provider(&answer.provider) else {
            return refused(ErrorCode::NotFound, None);
        };
        // Without a sign-in under way nothing is written, so that a flood of answers writes nothing.
        let pending = match self.pending_take(&answer).await? {
            Ok(pending) => pending,
            Err(code) => return refused(code, None),
        };
        let return_to = pending.return_to.clone();
        let judged = match self.vouched(provider, &answer).await? {
            Ok(vouched) => self.session_for_person(provider, &vouched, &answer, origin).await?,
            Err(code) => Err(code),
        };
        match judged {
            Ok(session) => Ok(ProviderSignInOutcome::SignedIn { session, return_to }),
            Err(code) => {
                self.provider_refusal_record(provider, code, origin).await?;
                refused(code, return_to)
            }
        }
    }

    /// The sign-in of this state, which from now on is used; it belongs to this browser and this provider.
    async fn pending_take(&self, answer: &ProviderAnswer) -> Judged<PendingSignIn> {
        let (Some(state), Some(browser)) = (&answer.state, &answer.browser) else {
            let code =
                if answer.state.is_some() { ErrorCode::SignInForeign } else { ErrorCode::SignInExpired };
            return Ok(Err(code));
        };
        let found = self.dependencies.store.read().await?.provider_sign_in_by_state(&state.hash()).await?;
        let Some(pending) = found.filter(|pending| self.now() < pending.expires_at) else {
            return Ok(Err(ErrorCode::SignInExpired));
        };
        if pending.browser_hash != browser.hash() {
            return Ok(Err(ErrorCode::SignInForeign));
        }
        let mut tx = self.dependencies.store.write().await?;
        let taken = tx.provider_sign_in_take(&pending.state_hash).await?;
        tx.commit().await?;
        if !taken {
            return Ok(Err(ErrorCode::SignInExpired));
        }
        // An answer of another provider than the one asked is used up, and believed in nothing.
        Ok(if pending.provider == answer.provider { Ok(pending) } else { Err(ErrorCode::SignInFailed) })
    }

    /// Whom the provider vouches for.
    async fn vouched(&self, provider: &SignInProvider, answer: &ProviderAnswer) -> Judged<VouchedPerson> {
        if let Some(error) = &answer.error {
            let code = match error.as_str() {
                word if CANCELLED.contains(&word) => ErrorCode::SignInCancelled,
                word if UNAVAILABLE.contains(&word) => ErrorCode::ProviderUnavailable,
                _ => ErrorCode::SignInFailed,
            };
            // The word is a provider's, or anybody's who made an address: only what looks like one is logged.
            let word = error.get(..40).unwrap_or(error);
            tracing::info!(provider = %provider.id, error = ?word, "the provider answered with an error");
            return Ok(Err(code));
        }
        let (Some(state), Some(browser), Some(code)) = (&answer.state, &answer.browser, &answer.code) else {
            return Ok(Err(ErrorCode::SignInFailed));
        };
        let too_long = |value: &str| value.len() > VALUE_BYTES_MAX;
        if too_long(code.expose()) || answer.issuer.as_deref().is_some_and(too_long) {
            return Ok(Err(ErrorCode::SignInFailed));
        }
        let keys = SignInKeys::derive(state, browser)
            .ok_or_else(|| IdentityError::Internal("no keys of a sign-in".to_owned()))?;
        let reply = SignInReply {
            code,
            issuer: answer.issuer.as_deref(),
            redirect_uri: &self.provider_redirect_uri(provider),
            nonce: &keys.nonce,
            verifier: &keys.verifier,
        };
        Ok(provider.client.person(reply).await.map_err(|error| code_of(provider, &error)))
    }

    /// The session of someone whom the provider vouches for, if the catalog knows them.
    async fn session_for_person(
        &self,
        provider: &SignInProvider,
        vouched: &VouchedPerson,
        answer: &ProviderAnswer,
        origin: &RequestOrigin,
    ) -> Judged<NewBrowserSession> {
        let settings = self.settings.current().await?;
        let mut tx = self.dependencies.store.write().await?;
        let mut raised = match &answer.previous_session {
            Some(previous) => previous_session_end(tx.as_mut(), previous).await?,
            None => false,
        };
        let person = match find_person(self, tx.as_mut(), &settings, provider, vouched).await? {
            Ok(person) => person,
            Err(code) => return Ok(Err(code)),
        };
        let known = tx.user_by_subject(provider.id.as_str(), person.key.subject.as_str()).await?;
        let user = if let Some(user) = known {
            user_lock(tx.as_mut(), &user, user.status).await?
        } else {
            tx.change_record(Topic::Access).await?;
            raised = true;
            self.provider_account_insert(tx.as_mut(), &person, origin).await?
        };
        let Some(user) = user else { return Ok(Err(ErrorCode::Conflict)) };
        if user.status != UserStatus::Active {
            return Ok(Err(refusal_of(user.status)));
        }
        let session = self.provider_session(tx.as_mut(), user, &person, answer, origin).await?;
        let actor = Actor::User { id: session.user.id.0.clone(), name: session.user.entity_ref.to_string() };
        let event = self.event(actor, SIGNED_IN, origin).target(session.user.id.as_str());
        tx.audit_append(&event.details(json!({ "provider": provider.id }))).await?;
        tx.commit().await?;
        if raised {
            self.dependencies.changes.expire();
        }
        Ok(Ok(session))
    }

    async fn provider_session(
        &self,
        tx: &mut dyn WriteTransaction,
        mut user: User,
        person: &KnownPerson,
        answer: &ProviderAnswer,
        origin: &RequestOrigin,
    ) -> Result<NewBrowserSession, StoreError> {
        user.last_sign_in_at = Some(self.now());
        user.display_name.clone_from(&person.display_name);
        user.entity_ref.clone_from(&person.entity_ref);
        let kept_email = std::mem::replace(&mut user.email, person.email.clone());
        // Someone who left may still have the address; it goes to whoever has it in the directory with the next run.
        if !tx.user_update(&user).await? {
            user.email = kept_email;
            tx.user_update(&user).await?;
        }
        let known_browser = match &answer.known_browser {
            Some(browser) if tx.known_browser_exists(&user.id, &browser.hash()).await? => {
                Some(browser.clone())
            }
            _ => None,
        };
        self.session_start(tx, user, known_browser, origin).await
    }

    /// Adds the account of someone who signs in for the first time.
    async fn provider_account_insert(
        &self,
        tx: &mut dyn WriteTransaction,
        person: &KnownPerson,
        origin: &RequestOrigin,
    ) -> Result<Option<User>, StoreError> {
        let user = User {
            id: UserId::generate(&*self.dependencies.rng),
            provider: person.key.provider.as_str().to_owned(),
            subject: person.key.subject.as_str().to_owned(),
            entity_ref: person.entity_ref.clone(),
            email: person.email.clone(),
            display_name: person.display_name.clone(),
            status: UserStatus::Active,
            admin: person.admin_by_group,
            password_hash: None,
            revocation_epoch: 0,
            created_at: self.now(),
            last_sign_in_at: None,
        };
        // The address may still be the account's of someone who left.
        let nameless = User { email: None, ..user.clone() };
        if !tx.user_insert(&user).await? && !tx.user_insert(&nameless).await? {
            // Another browser of theirs was faster.
            return tx.user_by_subject(&user.provider, &user.subject).await;
        }
        if user.admin {
            tx.account_set_admin_by_group(&user.id, true).await?;
        }
        let details = json!({ "provider": user.provider, "entityRef": user.entity_ref, "admin": user.admin });
        let event = self.event(Actor::System, "user.created", origin).target(user.id.as_str());
        tx.audit_append(&event.details(details)).await?;
        tx.user_by_id(&user.id).await
    }

    async fn provider_refusal_record(
        &self,
        provider: &SignInProvider,
        code: ErrorCode,
        origin: &RequestOrigin,
    ) -> Result<(), StoreError> {
        let mut tx = self.dependencies.store.write().await?;
        let event = self.event(Actor::Anonymous, SIGNED_IN, origin).outcome(code);
        tx.audit_append(&event.details(json!({ "provider": provider.id }))).await?;
        tx.commit().await
    }
}

/// What someone is told whose account may not sign in.
const fn refusal_of(status: UserStatus) -> ErrorCode {
    match status {
        UserStatus::Suspended => ErrorCode::AccountSuspended,
        UserStatus::Invited | UserStatus::Active | UserStatus::Disabled => ErrorCode::AccountDisabled,
    }
}

impl ProviderAnswer {
    /// An answer of a provider at an address, from its query; what else stands there is passed over.
    #[must_use]
    pub fn of(provider: String, parameter: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            provider,
            state: parameter("state").map(Secret::new),
            code: parameter("code").map(Secret::new),
            error: parameter("error"),
            issuer: parameter("iss"),
            ..Self::default()
        }
    }
}

//! Sending a browser to a provider.

use portal_model::ErrorCode;

use super::{
    PROVIDER_SIGN_IN_MS, PendingSignIn, ProviderSignInStart, ProviderSignInStarted, SignInProvider,
    keys::SignInKeys,
};
use crate::{
    identity::{IdentityError, IdentityService, RequestOrigin},
    ports::{SignInError, SignInQuestion},
    secret::Secret,
};

/// Characters of the values that Portal makes for cookies.
const COOKIE_LENGTH: usize = 43;

impl IdentityService {
    /// The providers that people can sign in with, in the order of the configuration.
    #[must_use]
    pub fn sign_in_providers(&self) -> &[SignInProvider] {
        &self.dependencies.sign_in_providers
    }

    /// The provider of this id, if people can sign in with it.
    pub(super) fn sign_in_provider(&self, id: &str) -> Option<&SignInProvider> {
        self.sign_in_providers().iter().find(|provider| provider.id.as_str() == id)
    }

    /// Where the provider sends browsers back to: an address of its own for each, so that an answer of one cannot be
    /// taken for another's (RFC 9700 section 4.4.2.2).
    pub(super) fn provider_redirect_uri(&self, provider: &SignInProvider) -> String {
        format!("{}/auth/callback/{}", self.dependencies.configuration.public_url, provider.id)
    }

    /// Begins a sign-in: keeps it for ten minutes and says where the browser goes. Attempts are counted by address,
    /// together with those by password.
    ///
    /// # Errors
    /// The store failed.
    pub async fn provider_sign_in_start(
        &self,
        start: ProviderSignInStart,
        origin: &RequestOrigin,
    ) -> Result<ProviderSignInStarted, IdentityError> {
        let refused = |code| Ok(ProviderSignInStarted::Refused(code));
        let Some(provider) = self.sign_in_provider(&start.provider) else {
            return refused(ErrorCode::NotFound);
        };
        if !self.address_admitted(origin).await? {
            return refused(ErrorCode::TooManyAttempts);
        }
        let state = Secret::generate(&*self.dependencies.rng);
        // Kept while it lives, so that a second tab does not undo the first.
        let browser = start
            .browser
            .filter(|value| value.expose().len() == COOKIE_LENGTH)
            .unwrap_or_else(|| Secret::generate(&*self.dependencies.rng));
        let keys = SignInKeys::derive(&state, &browser)
            .ok_or_else(|| IdentityError::Internal("no keys of a sign-in".to_owned()))?;
        let question = SignInQuestion {
            redirect_uri: &self.provider_redirect_uri(provider),
            state: &state,
            nonce: &keys.nonce,
            verifier: &keys.verifier,
            again: start.again,
        };
        let location = match provider.client.question(question).await {
            Ok(location) => location,
            Err(error) => return refused(code_of(provider, &error)),
        };
        let now = self.now();
        let pending = PendingSignIn {
            state_hash: state.hash(),
            browser_hash: browser.hash(),
            provider: provider.id.as_str().to_owned(),
            return_to: start.return_to,
            created_at: now,
            expires_at: now.plus(PROVIDER_SIGN_IN_MS),
        };
        let mut tx = self.dependencies.store.write().await?;
        tx.provider_sign_in_insert(&pending).await?;
        tx.commit().await?;
        Ok(ProviderSignInStarted::Begun { location, browser })
    }
}

/// What people are told of an error; admins find the rest in the log.
pub(super) fn code_of(provider: &SignInProvider, error: &SignInError) -> ErrorCode {
    match error {
        SignInError::Misconfigured(_) => {
            tracing::error!(provider = %provider.id, %error, "nobody can sign in with this provider");
            ErrorCode::ProviderMisconfigured
        }
        SignInError::Unreachable(_) => {
            tracing::warn!(provider = %provider.id, %error, "a sign-in did not come about");
            ErrorCode::ProviderUnavailable
        }
        SignInError::Refused(_) | SignInError::NotTrusted(_) => {
            tracing::warn!(provider = %provider.id, %error, "a sign-in did not come about");
            ErrorCode::SignInFailed
        }
    }
}

//! Consent that was given before: when it stands for the same wish again, and when the person is asked anew.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    AuthorizationService, ConsentError, RedirectUri,
    consent::{is_current, must_sign_in_again},
    records::{AuthorizationRequest, ClientSnapshot, Consent},
};
use crate::{
    identity::SignedIn,
    ports::StoreError,
    secret::{Secret, SecretHash},
};

/// Whether a request is kept as pending, so that answering it is to be noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It was answered at once.
    No,
    /// It waited, because someone had to sign in.
    Yes,
}

impl AuthorizationService {
    /// Answers a pending request for a person who had to sign in first and has allowed the same before. Returns the address
    /// to send the browser to; `None` where the person must be asked.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub async fn resume(
        &self,
        request: &Secret,
        browser: Option<&Secret>,
        signed_in: &SignedIn,
    ) -> Result<Option<String>, ConsentError> {
        let pending = self.pending(request, browser).await?;
        let may = !must_sign_in_again(&pending, signed_in) && self.may_resume(&pending, signed_in).await?;
        if !may || !self.still_good(&pending).await? {
            return Ok(None);
        }
        Ok(self.allow_again(&pending, signed_in, Kept::Yes).await?)
    }

    /// Whether a kept request may be answered without asking.
    pub(super) async fn may_resume(
        &self,
        pending: &AuthorizationRequest,
        signed_in: &SignedIn,
    ) -> Result<bool, StoreError> {
        Ok(!pending.prompt_consent && self.is_remembered(pending, signed_in).await?)
    }

    /// Answers a request where the person has allowed the same before. `None` where the person must be asked.
    pub(super) async fn allow_again(
        &self,
        asked: &AuthorizationRequest,
        signed_in: &SignedIn,
        kept: Kept,
    ) -> Result<Option<String>, StoreError> {
        if !self.is_remembered(asked, signed_in).await? {
            return Ok(None);
        }
        let now = self.dependencies.clock.now();
        let mut transaction = self.dependencies.store.write().await?;
        // Again, inside: it may have been taken back in this very moment.
        let known = transaction.consent_get(&signed_in.user().id, &asked.client.client_id).await?;
        let allowed = covers(known.as_ref(), asked)
            && is_current(&mut *transaction, signed_in).await?
            && (kept == Kept::No || transaction.authorization_request_answer(&asked.hash, now).await?);
        if !allowed {
            return Ok(None);
        }
        let location = self.grant(&mut *transaction, asked, signed_in, asked.scope, true).await?;
        transaction.commit().await?;
        Ok(Some(location))
    }

    /// Whether the person has allowed the same before: at least this scope, to a client that has said the same of itself
    /// since. Never for programs on their own computer, because no web site vouches for who listens there.
    async fn is_remembered(
        &self,
        asked: &AuthorizationRequest,
        signed_in: &SignedIn,
    ) -> Result<bool, StoreError> {
        if !is_rememberable(asked) {
            return Ok(false);
        }
        let mut store = self.dependencies.store.read().await?;
        let known = store.consent_get(&signed_in.user().id, &asked.client.client_id).await?;
        Ok(covers(known.as_ref(), asked))
    }
}

/// Whether a consent to this may be remembered and used again.
pub(super) fn is_rememberable(request: &AuthorizationRequest) -> bool {
    RedirectUri::parse(&request.redirect_uri).is_ok_and(|uri| !uri.is_loopback())
}

/// Whether a remembered consent is to at least what is asked, by a client that says the same of itself.
fn covers(known: Option<&Consent>, asked: &AuthorizationRequest) -> bool {
    known.is_some_and(|known| {
        known.scope.contains(asked.scope) && known.redirect_uris_hash == consent_hash(&asked.client)
    })
}

/// What a client says of itself, as one hash: when any of it changes, the person is asked again.
pub(super) fn consent_hash(client: &ClientSnapshot) -> String {
    // The name comes last: it alone could hold a line break.
    let ClientSnapshot { redirect_uris_hash, confidential, keys_hash, name, .. } = client;
    let said = format!("{redirect_uris_hash}\n{confidential}\n{keys_hash}\n{name}");
    URL_SAFE_NO_PAD.encode(SecretHash::of(&said).0)
}

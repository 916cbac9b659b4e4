//! Credentials: what a request proves itself with.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use portal_core::{
    ports::{Clock, DirectoryError},
    secret::Secret,
    time::{MINUTE_MS, SECOND_MS, UnixMillis},
};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{
    SetupError,
    possession::{PROOF, PossessionKey},
    request::ApiAnswer,
};

/// How long before its end a token is renewed.
const RENEWAL_MARGIN_MS: i64 = 2 * MINUTE_MS;
/// Tokens that live shorter than the margin are used for at least this long.
const LIFETIME_MIN_MS: i64 = 10 * SECOND_MS;

/// What a credential is for: one request.
#[derive(Debug, Clone, Copy)]
pub struct RequestTarget<'request> {
    /// Its method.
    pub method: &'request Method,
    /// Its address.
    pub url: &'request Url,
}

/// Longest lifetime of a token that is believed, in seconds.
const TOKEN_SECONDS_MAX: i64 = 86_400;

/// Proves who asks.
#[async_trait]
pub trait Credential: Send + Sync + 'static {
    /// The headers to send, their values marked sensitive.
    ///
    /// # Errors
    /// [`DirectoryError`] when a token cannot be had.
    async fn headers(&self, target: RequestTarget<'_>) -> Result<HeaderMap, DirectoryError>;

    /// Called after a 401 with its headers: whether asking again makes sense because [`Credential::headers`] will be
    /// others.
    fn renew(&self, _refusal: &HeaderMap) -> bool {
        false
    }
}

/// A header that stays the same.
pub struct HeaderCredential {
    name: HeaderName,
    value: HeaderValue,
}

impl HeaderCredential {
    /// `Authorization: <scheme> <token>`, such as `Bearer`, `SSWS`.
    ///
    /// # Errors
    /// [`SetupError`] for the key when the token is empty or has characters that a header cannot carry.
    pub fn authorization(scheme: &str, token: &Secret, key: &'static str) -> Result<Self, SetupError> {
        Self::new(header::AUTHORIZATION, &format!("{scheme} {}", usable(token, key)?), key)
    }

    /// A header that carries the token alone, such as `PRIVATE-TOKEN`.
    ///
    /// # Errors
    /// As [`HeaderCredential::authorization`].
    pub fn named(name: HeaderName, token: &Secret, key: &'static str) -> Result<Self, SetupError> {
        Self::new(name, usable(token, key)?, key)
    }

    fn new(name: HeaderName, value: &str, key: &'static str) -> Result<Self, SetupError> {
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| SetupError::new(key, "expected a token, found characters that no token has"))?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

fn usable<'a>(token: &'a Secret, key: &'static str) -> Result<&'a str, SetupError> {
    let text = token.expose().trim();
    if text.is_empty() {
        return Err(SetupError::new(key, "expected a token, found nothing"));
    }
    Ok(text)
}

#[async_trait]
impl Credential for HeaderCredential {
    async fn headers(&self, _target: RequestTarget<'_>) -> Result<HeaderMap, DirectoryError> {
        Ok(HeaderMap::from_iter([(self.name.clone(), self.value.clone())]))
    }
}

/// A token that runs out.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// How it is sent.
    pub scheme: TokenScheme,
    /// When it runs out.
    pub expires_at: UnixMillis,
}

/// How a token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenScheme {
    /// Alone (RFC 6750).
    Bearer,
    /// With a proof for each request (RFC 9449).
    Bound,
}

/// The answer of a token endpoint (RFC 6749 section 5.1).
#[derive(Deserialize)]
pub struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    token_type: String,
    /// Seconds.
    expires_in: i64,
}

impl TokenAnswer {
    /// The token, given out at this time; believed for a day at most.
    #[must_use]
    pub fn into_token(self, now: UnixMillis) -> AccessToken {
        let bound = self.token_type.eq_ignore_ascii_case("dpop");
        AccessToken {
            token: Secret::new(self.access_token),
            scheme: if bound { TokenScheme::Bound } else { TokenScheme::Bearer },
            expires_at: now.plus(self.expires_in.clamp(0, TOKEN_SECONDS_MAX).saturating_mul(SECOND_MS)),
        }
    }
}

/// A refusal of a token endpoint (RFC 6749 section 5.2); empty where the answer is not one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TokenRefusal {
    /// The word for machines.
    pub error: String,
    /// The words for people; remote text.
    pub error_description: String,
}

impl TokenRefusal {
    /// Reads an answer.
    #[must_use]
    pub fn of(answer: &ApiAnswer) -> Self {
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }
}

/// Where access tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A new token.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn issue(&self) -> Result<AccessToken, DirectoryError>;

    /// The key of tokens that are bound to one; `None` where all are bearer tokens.
    fn possession(&self) -> Option<&PossessionKey> {
        None
    }
}

/// `Authorization` with tokens of a source, renewed two minutes before their end, and after a 401. Callers at once share
/// one renewal.
pub struct TokenCredential<S> {
    source: S,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<Kept>>,
    refused: AtomicBool,
}

#[derive(Clone)]
struct Kept {
    token: AccessToken,
    authorization: HeaderValue,
    renew_at: UnixMillis,
}

impl<S: TokenSource> TokenCredential<S> {
    /// The credential. Asks for nothing yet.
    pub fn new(source: S, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, kept: Mutex::new(None), refused: AtomicBool::new(false) }
    }

    async fn current(&self) -> Result<Kept, DirectoryError> {
        let mut kept = self.kept.lock().await;
        if self.refused.swap(false, Ordering::SeqCst) {
            *kept = None;
        }
        let now = self.clock.now();
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.renew_at) {
            return Ok(kept.clone());
        }
        let token = self.source.issue().await?;
        let scheme = match token.scheme {
            TokenScheme::Bearer => "Bearer",
            TokenScheme::Bound => "DPoP",
        };
        let authorization = HeaderValue::try_from(format!("{scheme} {}", token.token.expose()));
        let mut authorization = authorization.map_err(|_| {
            DirectoryError::Malformed("the access token has characters that no token has".to_owned())
        })?;
        authorization.set_sensitive(true);
        let lifetime = token.expires_at.since(now).saturating_sub(RENEWAL_MARGIN_MS).max(LIFETIME_MIN_MS);
        let new = Kept { token, authorization, renew_at: now.plus(lifetime) };
        *kept = Some(new.clone());
        Ok(new)
    }
}

#[async_trait]
impl<S: TokenSource> Credential for TokenCredential<S> {
    async fn headers(&self, target: RequestTarget<'_>) -> Result<HeaderMap, DirectoryError> {
        let Kept { token, authorization, .. } = self.current().await?;
        let mut headers = HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]);
        if let Some(key) = self.source.possession().filter(|_| token.scheme == TokenScheme::Bound) {
            headers.insert(PROOF, key.proof(target, Some(&token.token))?);
        }
        Ok(headers)
    }

    fn renew(&self, refusal: &HeaderMap) -> bool {
        if let Some(key) = self.source.possession() {
            key.note_nonce(refusal);
        }
        self.refused.store(true, Ordering::SeqCst);
        true
    }
}

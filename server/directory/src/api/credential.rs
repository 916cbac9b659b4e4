//! Credentials: what a request proves itself with.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use http::{HeaderName, HeaderValue, header};
use portal_core::{
    ports::{Clock, DirectoryError},
    secret::Secret,
    time::{MINUTE_MS, SECOND_MS, UnixMillis},
};
use tokio::sync::Mutex;

use super::SetupError;

/// How long before its end a token is renewed.
const RENEWAL_MARGIN_MS: i64 = 2 * MINUTE_MS;
/// Tokens that live shorter than the margin are used for at least this long.
const LIFETIME_MIN_MS: i64 = 10 * SECOND_MS;

/// Proves who asks.
#[async_trait]
pub trait Credential: Send + Sync + 'static {
    /// The header to send, its value marked sensitive.
    ///
    /// # Errors
    /// [`DirectoryError`] when a token cannot be had.
    async fn header(&self) -> Result<(HeaderName, HeaderValue), DirectoryError>;

    /// Called after a 401: whether asking again makes sense because [`Credential::header`] will be another.
    fn renew(&self) -> bool {
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
    async fn header(&self) -> Result<(HeaderName, HeaderValue), DirectoryError> {
        Ok((self.name.clone(), self.value.clone()))
    }
}

/// A token that runs out.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// When it runs out.
    pub expires_at: UnixMillis,
}

/// Where access tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A new token.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn issue(&self) -> Result<AccessToken, DirectoryError>;
}

/// `Authorization: Bearer` with tokens of a source, renewed two minutes before their end, and after a 401. Callers at
/// once share one renewal.
pub struct TokenCredential<S> {
    source: S,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<(HeaderValue, UnixMillis)>>,
    refused: AtomicBool,
}

impl<S: TokenSource> TokenCredential<S> {
    /// The credential. Asks for nothing yet.
    pub fn new(source: S, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, kept: Mutex::new(None), refused: AtomicBool::new(false) }
    }
}

#[async_trait]
impl<S: TokenSource> Credential for TokenCredential<S> {
    async fn header(&self) -> Result<(HeaderName, HeaderValue), DirectoryError> {
        let mut kept = self.kept.lock().await;
        if self.refused.swap(false, Ordering::SeqCst) {
            *kept = None;
        }
        let now = self.clock.now();
        if let Some((value, _)) = kept.as_ref().filter(|(_, renew_at)| now < *renew_at) {
            return Ok((header::AUTHORIZATION, value.clone()));
        }
        let AccessToken { token, expires_at } = self.source.issue().await?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
            DirectoryError::Malformed("the access token has characters that no token has".to_owned())
        })?;
        value.set_sensitive(true);
        let lifetime = expires_at.since(now).saturating_sub(RENEWAL_MARGIN_MS).max(LIFETIME_MIN_MS);
        *kept = Some((value.clone(), now.plus(lifetime)));
        Ok((header::AUTHORIZATION, value))
    }

    fn renew(&self) -> bool {
        self.refused.store(true, Ordering::SeqCst);
        true
    }
}

//! What all adapters of HTTP APIs share.
//!
//! - [`ApiClient`]: JSON over a provider's address: [`ApiClient::send`] adds the credential (renewed once after a 401),
//!   keeps it within the provider's origin, and turns refusals into [`DirectoryError`]s; [`ApiClient::answer`] leaves
//!   statuses to the caller. GETs marked [`ApiRequest::conditional`] are asked with `If-None-Match`.
//! - [`Credential`]: a fixed header ([`HeaderCredential`]) or tokens that run out ([`TokenCredential`], [`TokenSource`]).
//! - [`PossessionKey`]: proofs for tokens that are bound to a key.
//! - [`throttle`]: how long to wait; [`next_link`]: the next page by the `Link` header.
//! - [`JwtSigner`]: signed JWTs for apps; [`verify_hmac_sha256`] and [`same_secret`] for events.

mod client;
mod conditional;
mod credential;
mod jwt;
mod link;
mod possession;
mod proof;
mod refusal;
mod request;
pub mod throttle;

use thiserror::Error;

pub use client::{ApiClient, ApiOptions};
pub use conditional::CONDITIONAL_BYTES_MAX;
pub use credential::{
    AccessToken, Credential, HeaderCredential, RequestTarget, TokenAnswer, TokenCredential, TokenRefusal,
    TokenScheme, TokenSource,
};
pub use jwt::JwtSigner;
pub use link::next_link;
pub use possession::PossessionKey;
pub use proof::{header_value, same_secret, verify_hmac_sha256};
pub use refusal::outage;
pub use request::{ApiAnswer, ApiRequest};

#[expect(unused_imports, reason = "for the documentation")]
use portal_core::ports::DirectoryError;

/// Why an adapter cannot be set up with its options.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key}: {reason}")]
pub struct SetupError {
    /// The key of the kind's table in the configuration, such as `private_key`.
    pub key: &'static str,
    /// What was expected, without anything secret.
    pub reason: String,
}

impl SetupError {
    /// The error for this key.
    #[must_use]
    pub fn new(key: &'static str, reason: impl Into<String>) -> Self {
        Self { key, reason: reason.into() }
    }
}

//! Client documents: fetched, validated, cached, pinned.

mod document;
mod finder;
mod id;
mod json;
mod memory;
mod name;
mod pinned;
mod raw_url;
mod redirect;
mod rules;
mod service;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

pub use self::{
    id::{ClientIdError, ClientIdUrl},
    pinned::PinnedDocument,
    raw_url::UrlFault,
    redirect::{RedirectUri, RedirectUriError},
    rules::{DocumentRule, RuleReport},
    service::ClientService,
};
use super::records::DocumentOrigin;
use crate::ports::{FetchError, StoreError};

/// A client whose document is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client id.
    pub id: ClientIdUrl,
    /// The name it gives itself, cut to 100 characters, control and bidi characters removed.
    pub name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it lists the `refresh_token` grant.
    pub lists_refresh_grant: bool,
    /// How its document was had.
    pub origin: DocumentOrigin,
}

impl Client {
    /// Whether answers may go to this redirect URI: listed as it is, or loopback and listed with another port
    /// (RFC 8252 section 7.3).
    #[must_use]
    pub fn allows_redirect(&self, redirect_uri: &str) -> bool {
        self.redirect_for(redirect_uri).is_some()
    }

    /// The redirect URI of a request, parsed, when answers may go there.
    #[must_use]
    pub fn redirect_for(&self, requested: &str) -> Option<RedirectUri> {
        let requested = RedirectUri::parse(requested).ok()?;
        self.redirect_uris.iter().any(|registered| registered.covers(&requested)).then_some(requested)
    }

    /// SHA-256 over the sorted redirect URIs, hexadecimal.
    #[must_use]
    pub fn redirect_uris_hash(&self) -> String {
        let mut sorted: Vec<&str> = self.redirect_uris.iter().map(RedirectUri::as_str).collect();
        sorted.sort_unstable();
        sorted.dedup();
        // No redirect URI has a line break in it.
        let digest: [u8; 32] = Sha256::digest(sorted.join("\n")).into();
        digest
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|half| char::from_digit(half.into(), 16))
            .collect()
    }
}

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientError {
    /// Client ID metadata documents are switched off.
    #[error("client ID metadata documents are switched off")]
    Disabled,
    /// The client id is not an https address of the right form.
    #[error("the client id is not usable: {0}")]
    IdInvalid(String),
    /// The policy does not allow this client.
    #[error("this client is not allowed here")]
    NotAllowed,
    /// Its document could not be had.
    #[error("the client's document could not be read: {0}")]
    Fetch(#[from] FetchError),
    /// Its document breaks a rule.
    #[error("the client's document breaks a rule: {0}")]
    DocumentInvalid(String),
    /// The store failed.
    #[error("the store is unavailable")]
    Unavailable,
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the settings or client documents could not be read");
        Self::Unavailable
    }
}

impl From<ClientIdError> for ClientError {
    fn from(error: ClientIdError) -> Self {
        Self::IdInvalid(error.to_string())
    }
}

#[cfg(test)]
mod tests;

//! Clients: known by a document that is fetched, validated, cached and pinned, or registered here.

mod assertion;
mod document;
mod finder;
mod id;
mod json;
mod jwk;
mod jwt;
mod keys;
mod logo;
mod memory;
mod name;
mod pinned;
mod raw_url;
mod redirect;
mod rules;
mod service;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

pub use self::{
    assertion::{ASSERTION_ALGORITHMS, Assertion, Presented},
    id::{ClientIdError, ClientIdUrl},
    jwk::KeySet,
    keys::KeyFinder,
    pinned::PinnedDocument,
    raw_url::UrlFault,
    redirect::{RedirectUri, RedirectUriError},
    rules::{DocumentRule, RuleReport},
    service::ClientService,
};
pub(crate) use self::{
    finder::document_admitted,
    jwt::{Claims, SignedJwt},
};
pub(super) use self::{name::presentable, service::AssertionError};
use super::{
    records::DocumentOrigin,
    registered::{ClientAuthentication, ClientRegistrar, RegisteredClient},
};
use crate::ports::{FetchError, StoreError};

/// Who a client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientId {
    /// The address of its document.
    Url(ClientIdUrl),
    /// An id that Portal made when the client was registered.
    Registered(String),
}

impl ClientId {
    /// The id, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Url(url) => url.as_str(),
            Self::Registered(id) => id,
        }
    }

    /// The host that vouches for it; empty for registered clients.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Url(url) => url.host(),
            Self::Registered(_) => "",
        }
    }
}

/// The keys that a client signs its assertions with (RFC 7523).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientKeys {
    /// Where they are.
    pub(super) source: KeySource,
    /// The only algorithm, when the document names one.
    pub(super) algorithm: Option<String>,
}

/// Where the keys of a client are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeySource {
    /// In its document: the member `jwks` as JSON text.
    Document(String),
    /// At an address of its own, `jwks_uri`.
    Address(String),
}

/// A client whose document is valid, or that is registered here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client id.
    pub id: ClientId,
    /// The name it gives itself, cut to 100 characters, control and bidi characters removed.
    pub name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it lists the `refresh_token` grant.
    pub lists_refresh_grant: bool,
    /// How its document was had.
    pub origin: DocumentOrigin,
    /// Whether it must prove who it is at the token endpoint.
    pub confidential: bool,
    /// The keys it signs with; `None` when it does not.
    pub(super) keys: Option<ClientKeys>,
    /// Where its document says that a picture of it is: an https address.
    pub logo_uri: Option<String>,
}

impl From<RegisteredClient> for Client {
    fn from(registered: RegisteredClient) -> Self {
        let origin = match registered.registrar {
            ClientRegistrar::Admin(by) => DocumentOrigin::Registered { by },
            ClientRegistrar::Dynamic { .. } => DocumentOrigin::Dynamic,
        };
        Self {
            id: ClientId::Registered(registered.client_id),
            name: registered.name,
            redirect_uris: registered
                .redirect_uris
                .iter()
                .filter_map(|uri| RedirectUri::parse(uri).ok())
                .collect(),
            lists_refresh_grant: registered.refresh_grant,
            origin,
            confidential: registered.authentication != ClientAuthentication::None,
            keys: None,
            logo_uri: None,
        }
    }
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

    /// SHA-256 over the keys it signs with, base64url: over themselves, or over the address where they are. Empty when it
    /// signs with none.
    #[must_use]
    pub fn keys_hash(&self) -> String {
        let Some(ClientKeys { source, algorithm }) = &self.keys else { return String::new() };
        let (kind, said) = match source {
            KeySource::Document(set) => ("jwks", set),
            KeySource::Address(address) => ("jwks_uri", address),
        };
        // The text that could hold a line break comes last.
        let text = format!("{kind}\n{}\n{said}", algorithm.as_deref().unwrap_or_default());
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
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
    /// Clients that registered themselves are switched off.
    #[error("dynamic client registration is switched off")]
    RegistrationDisabled,
    /// No client of this id is registered.
    #[error("no client of this id is registered here")]
    Unknown,
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

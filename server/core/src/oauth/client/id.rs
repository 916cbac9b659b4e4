//! Client identifier urls (draft-ietf-oauth-client-id-metadata-document section 3).

use thiserror::Error;

use super::raw_url::{RawUrl, Scheme, UrlFault};

/// Why a text cannot be the id of a client with a metadata document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClientIdError {
    /// Its form.
    #[error("{0}")]
    Form(#[from] UrlFault),
    /// http, other than on loopback.
    #[error("it must begin with https://")]
    HttpsRequired,
    /// On this computer, while Portal is not.
    #[error("addresses on this computer are taken only while Portal itself has one")]
    Loopback,
    /// No path.
    #[error("it needs a path, as in https://agent.example/client.json")]
    PathMissing,
    /// A slash or backslash as percent-encoding, which servers read in different ways.
    #[error("its path must not have an encoded slash or backslash")]
    EncodedSlash,
    /// A query.
    #[error("it must not have a query (?)")]
    Query,
}

/// A client identifier url that has the right form (draft-ietf-oauth-client-id-metadata-document section 3), kept byte
/// for byte. Two are the same client only when every byte is: `https://h/c` and `https://h:443/c` differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientIdUrl {
    text: String,
    host: String,
    path: String,
    loopback: bool,
}

impl ClientIdUrl {
    /// Reads a client id. With `allow_loopback`, addresses on this computer are taken, and there http too.
    ///
    /// # Errors
    /// [`ClientIdError`] says which rule it breaks.
    pub fn parse(text: &str, allow_loopback: bool) -> Result<Self, ClientIdError> {
        let parts = RawUrl::split(text)?;
        if parts.scheme == Scheme::Http && !parts.is_loopback_literal() {
            return Err(ClientIdError::HttpsRequired);
        }
        let loopback = parts.is_loopback();
        if loopback && !allow_loopback {
            return Err(ClientIdError::Loopback);
        }
        if parts.path.is_empty() {
            return Err(ClientIdError::PathMissing);
        }
        if parts.query.is_some() {
            return Err(ClientIdError::Query);
        }
        let path = parts.path.to_ascii_lowercase();
        if path.contains("%2f") || path.contains("%5c") {
            return Err(ClientIdError::EncodedSlash);
        }
        let (host, path) = (parts.host_with_port(), parts.path.to_owned());
        Ok(Self { text: text.to_owned(), host, path, loopback })
    }

    /// The text, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host in lower case, with the port when one is written: what is vouched for, and shown first.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Path, as written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the document lies on the computer that Portal runs on.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

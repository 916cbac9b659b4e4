//! Reading from outside: client documents and descriptor files.

use async_trait::async_trait;
use thiserror::Error;

/// Largest client document, in bytes read from the network.
pub const CLIENT_DOCUMENT_BYTES_MAX: usize = 5_120;

/// Largest set of keys of a client, in bytes read from the network.
pub const CLIENT_KEYS_BYTES_MAX: usize = 65_536;

/// Largest picture of a client, in bytes read from the network.
pub const CLIENT_LOGO_BYTES_MAX: usize = 524_288;

/// Most pixels of a logo on a side, as Portal keeps it.
pub const CLIENT_LOGO_SIDE_MAX: u32 = 128;

/// A client document, or a set of keys, as it came, before it is judged.
#[derive(Debug, Clone)]
pub struct FetchedDocument {
    /// The whole body, at most [`CLIENT_DOCUMENT_BYTES_MAX`] bytes, or [`CLIENT_KEYS_BYTES_MAX`].
    pub body: Vec<u8>,
    /// Seconds for which the answer may be kept, by RFC 9111 (`max-age`, `no-store` = 0); `None` if it does not say.
    pub fresh_for_seconds: Option<u64>,
}

/// The picture of a client, decoded and made anew, so that nothing of the bytes that came is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedLogo {
    /// A PNG of at most [`CLIENT_LOGO_SIDE_MAX`] pixels on a side.
    pub png: Vec<u8>,
    /// As in [`FetchedDocument`].
    pub fresh_for_seconds: Option<u64>,
}

/// Why a document could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    /// The address may not be fetched: scheme, form, or a special-use address (RFC 6890).
    #[error("the address may not be fetched: {0}")]
    Refused(String),
    /// The name has no address.
    #[error("the host name could not be resolved")]
    Dns,
    /// No connection, or it broke.
    #[error("the host could not be reached")]
    Connect,
    /// The certificate is not valid for the host.
    #[error("the host's certificate is not valid")]
    Tls,
    /// No complete answer in time.
    #[error("the host did not answer in time")]
    Timeout,
    /// An answer with another status than 200.
    #[error("the host answered with status {0}")]
    Status(u16),
    /// A body that is not JSON by its content type.
    #[error("the answer is not JSON")]
    NotJson,
    /// A body that is no picture of a kind that is taken, or one that is too large to be unpacked.
    #[error("the answer is not a picture that can be used")]
    NotPicture,
    /// A body that is not UTF-8, where text was asked for.
    #[error("the answer is not UTF-8 text")]
    NotText,
    /// A body above the limit.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Portal is fetching too much already.
    #[error("too many documents are being fetched right now")]
    Overloaded,
}

impl FetchError {
    /// Whether the document's owner said nothing definite, so that a pinned copy may serve
    /// (DNS, connect, TLS, timeout, 403, 429, 5xx, not JSON).
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Dns | Self::Connect | Self::Tls | Self::Timeout | Self::NotJson | Self::Overloaded => true,
            Self::Status(status) => matches!(*status, 403 | 429 | 500..=599),
            Self::Refused(_) | Self::NotPicture | Self::NotText | Self::TooLarge(_) => false,
        }
    }
}

/// Fetches client documents (draft-ietf-oauth-client-id-metadata-document sections 5 and 8).
#[async_trait]
pub trait DocumentFetcher: Send + Sync + 'static {
    /// Fetches one document from exactly this address, which the caller has already parsed by the rules of
    /// client identifier urls. Never follows a redirect, never reaches a special-use address.
    ///
    /// # Errors
    /// [`FetchError`] says why there is no document.
    async fn fetch(&self, client_id_url: &str) -> Result<FetchedDocument, FetchError>;

    /// Fetches the keys of a client from the https address that its document names, under the same guard, at most
    /// [`CLIENT_KEYS_BYTES_MAX`] bytes. An adapter that cannot refuses.
    ///
    /// # Errors
    /// [`FetchError`] says why there are none.
    async fn fetch_keys(&self, jwks_uri: &str) -> Result<FetchedDocument, FetchError> {
        let _ = jwks_uri;
        Err(FetchError::Refused("keys are not fetched here".to_owned()))
    }

    /// Fetches the picture of a client from the https address that its document names, under the same guard, at most
    /// [`CLIENT_LOGO_BYTES_MAX`] bytes, and makes a small PNG of it. An adapter that cannot refuses.
    ///
    /// # Errors
    /// [`FetchError`] says why there is none.
    async fn fetch_logo(&self, logo_uri: &str) -> Result<FetchedLogo, FetchError> {
        let _ = logo_uri;
        Err(FetchError::Refused("pictures are not fetched here".to_owned()))
    }
}

/// A descriptor file or a file that a placeholder names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// The canonical name: a path relative to the location's folder, or the url.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Why a file could not be read. The text is shown to admins.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The target leaves its location's folder or names a host that is not allowed.
    #[error("{target} may not be read: {reason}")]
    Refused {
        /// What was asked for.
        target: String,
        /// Why not.
        reason: String,
    },
    /// There is nothing there.
    #[error("{target} could not be read: {reason}")]
    Unreachable {
        /// What was asked for.
        target: String,
        /// Why not.
        reason: String,
    },
    /// It cannot be reached right now: nothing is known of whether it is still there.
    #[error("{target} could not be read: {reason}")]
    Outage {
        /// What was asked for.
        target: String,
        /// Why not.
        reason: String,
    },
    /// Above the size limit, or not UTF-8.
    #[error("{target} cannot be used: {reason}")]
    Unusable {
        /// What was asked for.
        target: String,
        /// Why not.
        reason: String,
    },
}

/// Reads files of catalog locations, inside their bounds.
#[async_trait]
pub trait LocationReader: Send + Sync + 'static {
    /// Resolves `target` against `base` (a name that an earlier read returned; `None` for the location's own
    /// target) and reads it. `root` is the location's own target: files stay inside its folder.
    ///
    /// # Errors
    /// [`ReadError`], with words for the admin.
    async fn read(
        &self,
        root: &crate::ingestion::Target,
        base: Option<&str>,
        target: &str,
    ) -> Result<ReadFile, ReadError>;
}

//! Client documents: fetched, validated, cached, pinned.

mod raw_url;
mod redirect;

use std::sync::Arc;

use thiserror::Error;

pub use self::{
    raw_url::UrlFault,
    redirect::{RedirectUri, RedirectUriError},
};
use super::records::DocumentOrigin;
use crate::{
    ports::{FetchError, StoreError},
    settings::SettingsService,
};

/// A client identifier url that has the right form (draft-ietf-oauth-client-id-metadata-document section 3), kept byte
/// for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientIdUrl {
    text: String,
    host: String,
    path: String,
}

impl ClientIdUrl {
    /// The text, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host in lower case, with the port when one is written.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Path, as written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A document that the admin or Portal pins: used without fetching, or when the live one cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedDocument {
    /// The client id it is for.
    pub client_id: String,
    /// Its JSON text.
    pub body: String,
    /// The day the copy was taken, `YYYY-MM-DD`.
    pub as_of: String,
}

/// A client whose document is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client id.
    pub id: ClientIdUrl,
    /// The name it gives itself, cut to 100 characters, control and bidi characters removed.
    pub name: String,
    /// Where answers may go, as written.
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
        String::new()
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

/// One rule that `portal cimd check` reports on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentRule {
    /// What must hold, in words.
    pub name: &'static str,
    /// Where it comes from, such as `CIMD section 4.1`.
    pub source: &'static str,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    /// The rule.
    pub rule: DocumentRule,
    /// `Ok` when it holds, else what is wrong; `None` when an earlier fault left it unjudged.
    pub verdict: Option<Result<(), String>>,
}

/// Finds clients by their id.
pub struct ClientService {
    dependencies: crate::services::Dependencies,
    settings: Arc<SettingsService>,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl ClientService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies, settings: Arc<SettingsService>) -> Self {
        Self { dependencies, settings }
    }

    /// The client with this id: by policy, then from the cache, the network or a pinned copy.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn find(&self, client_id: &str) -> Result<Arc<Client>, ClientError> {
        let _ = (client_id, &self.dependencies, &self.settings);
        Err(ClientError::Disabled)
    }

    /// Judges a document rule by rule, live, without touching cache or settings.
    pub async fn check(&self, client_id: &str) -> Vec<RuleReport> {
        let _ = client_id;
        Vec::new()
    }
}

//! Client documents, and the keys and pictures that they name, from outside (draft-ietf-oauth-client-id-metadata-document sections 5 and 8).

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, header};
use portal_core::{
    oauth::ClientIdUrl,
    ports::{
        CLIENT_DOCUMENT_BYTES_MAX, CLIENT_KEYS_BYTES_MAX, CLIENT_LOGO_BYTES_MAX, DocumentFetcher, FetchError,
        FetchedDocument, FetchedLogo,
    },
};
use url::Url;

use crate::{
    addresses::Reach,
    cache_control::fresh_for_seconds,
    governor::{Governor, Permit},
    options::{FetchOptions, FetchSetupError},
    raster::Rasterizer,
    transport::{Ask, Transport},
};

/// Time for a logo: someone is waiting for the page that shows it.
const LOGO_TIMEOUT: Duration = Duration::from_secs(3);
/// Pictures that are taken.
const LOGO_TYPES: &str = "image/png, image/webp, image/jpeg, image/gif";

/// Fetches client documents from the public internet, within the bounds of its governor.
pub struct HardenedFetcher {
    transport: Transport,
    governor: Governor,
    rasterizer: Rasterizer,
    allow_loopback: bool,
    total_timeout: Duration,
}

impl HardenedFetcher {
    /// The fetcher. Certificate authorities are read now, once.
    ///
    /// # Errors
    /// [`FetchSetupError`] says what of the set-up cannot be used.
    pub fn new(options: &FetchOptions) -> Result<Self, FetchSetupError> {
        Ok(Self {
            transport: Transport::for_client_documents(options)?,
            governor: Governor::default(),
            rasterizer: Rasterizer::default(),
            allow_loopback: options.allow_loopback,
            total_timeout: options.total_timeout,
        })
    }

    /// Which addresses a document may be on. Plain http stays on this machine, whatever its name resolves to.
    fn reach(&self, url: &Url) -> Result<Reach, FetchError> {
        match (url.scheme(), self.allow_loopback) {
            ("https", false) => Ok(Reach::Public),
            ("https", true) => Ok(Reach::PublicOrLoopback),
            ("http", true) => Ok(Reach::Loopback),
            _ => Err(FetchError::Refused("only https addresses are fetched".to_owned())),
        }
    }

    /// An address that a document names, and leave to fetch it.
    fn named(&self, address: &str) -> Result<(Url, Reach, Permit), FetchError> {
        let url = Url::parse(address).map_err(|error| FetchError::Refused(error.to_string()))?;
        let reach = self.reach(&url)?;
        // The host as the parser reads it, which is the one that is connected to.
        let host = url.host_str().ok_or_else(|| FetchError::Refused("the address has no host".to_owned()))?;
        let permit = self.governor.admit(host, address)?;
        Ok((url, reach, permit))
    }

    async fn json(&self, url: &Url, reach: Reach, bytes_max: usize) -> Result<FetchedDocument, FetchError> {
        let ask = Ask { reach, bytes_max, total_timeout: self.total_timeout, accept: "application/json" };
        let answer = self.transport.get(url, ask).await?;
        if !is_json(&answer.headers) {
            return Err(FetchError::NotJson);
        }
        Ok(FetchedDocument { fresh_for_seconds: fresh_for_seconds(&answer.headers), body: answer.body })
    }
}

#[async_trait]
impl DocumentFetcher for HardenedFetcher {
    async fn fetch(&self, client_id_url: &str) -> Result<FetchedDocument, FetchError> {
        // Judged again where it is used: what this fetches does not depend on callers being careful.
        let id = ClientIdUrl::parse(client_id_url, self.allow_loopback)
            .map_err(|error| FetchError::Refused(error.to_string()))?;
        let url = Url::parse(id.as_str()).map_err(|error| FetchError::Refused(error.to_string()))?;
        let reach = self.reach(&url)?;
        let _permit = self.governor.admit(id.host(), client_id_url)?;
        self.json(&url, reach, CLIENT_DOCUMENT_BYTES_MAX).await
    }

    async fn fetch_keys(&self, jwks_uri: &str) -> Result<FetchedDocument, FetchError> {
        let (url, reach, _permit) = self.named(jwks_uri)?;
        self.json(&url, reach, CLIENT_KEYS_BYTES_MAX).await
    }

    async fn fetch_logo(&self, logo_uri: &str) -> Result<FetchedLogo, FetchError> {
        let (url, reach, _permit) = self.named(logo_uri)?;
        let total_timeout = self.total_timeout.min(LOGO_TIMEOUT);
        let ask = Ask { reach, bytes_max: CLIENT_LOGO_BYTES_MAX, total_timeout, accept: LOGO_TYPES };
        let answer = self.transport.get(&url, ask).await?;
        let kind = essence(&answer.headers).ok_or(FetchError::NotPicture)?;
        let fresh_for_seconds = fresh_for_seconds(&answer.headers);
        let png = self.rasterizer.png(&kind, answer.body).await?;
        Ok(FetchedLogo { png, fresh_for_seconds })
    }
}

/// Whether the content type is `application/json` or `application/*+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let essence = essence(headers).unwrap_or_default();
    let Some(subtype) = essence.strip_prefix("application/") else { return false };
    subtype == "json" || subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty())
}

/// The content type in lower case, without parameters; `None` unless it is said exactly once.
fn essence(headers: &HeaderMap) -> Option<String> {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return None };
    Some(line.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase())
}

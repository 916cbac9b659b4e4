//! The reader of both.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    ingestion::{Target, yaml::PLACEHOLDER_BYTES_MAX},
    ports::{FetchError, LocationReader, ReadError, ReadFile},
};
use portal_fetch::{HostTrust, TextFetcher};
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    files::{self, FILES_AT_ONCE_MAX},
    hosts::AllowedHosts,
};

/// Where texts of addresses come from.
#[async_trait]
pub trait TextSource: Send + Sync + 'static {
    /// The text at an address that an admin allows, of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn text(&self, url: &Url, bytes_max: usize) -> Result<String, FetchError>;
}

#[async_trait]
impl TextSource for TextFetcher {
    async fn text(&self, url: &Url, bytes_max: usize) -> Result<String, FetchError> {
        self.get(url, bytes_max, HostTrust::NamedByAdmin).await
    }
}

/// What may be read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Hosts of addresses (`[catalog] allowed_hosts`): `host` or `host:port` for https; `http://host:port` only for
    /// loopback.
    pub allowed_hosts: Vec<String>,
}

/// Reads files of a location's folder, and texts from allowed hosts.
pub struct FileAndUrlReader {
    hosts: AllowedHosts,
    source: Arc<dyn TextSource>,
    room: Arc<Semaphore>,
}

impl FileAndUrlReader {
    /// The reader.
    #[must_use]
    pub fn new(options: &Options, source: Arc<dyn TextSource>) -> Self {
        let hosts = AllowedHosts::new(&options.allowed_hosts);
        Self { hosts, source, room: Arc::new(Semaphore::new(FILES_AT_ONCE_MAX)) }
    }

    async fn file(&self, root: &str, base: Option<&str>, target: &str) -> Result<ReadFile, ReadError> {
        let failed =
            |reason: &str| ReadError::Outage { target: target.to_owned(), reason: reason.to_owned() };
        let Ok(place) = Arc::clone(&self.room).acquire_owned().await else {
            return Err(failed("Portal is shutting down"));
        };
        let (root, base, name) = (root.to_owned(), base.map(str::to_owned), target.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            files::read(&root, base.as_deref(), &name, PLACEHOLDER_BYTES_MAX)
        });
        read.await.unwrap_or_else(|_| Err(failed("the reading was interrupted")))
    }

    async fn url(&self, url: &Url, target: &str) -> Result<ReadFile, ReadError> {
        let target = || target.to_owned();
        let fetched =
            self.hosts.vetted(url).map_err(|reason| ReadError::Refused { target: target(), reason })?;
        match self.source.text(&fetched, PLACEHOLDER_BYTES_MAX).await {
            // The name stays the one that was written: relative targets of a page that shows a file mean its neighbours.
            Ok(text) => Ok(ReadFile { name: named(url), text }),
            Err(FetchError::Refused(reason)) => Err(ReadError::Refused { target: target(), reason }),
            Err(error @ (FetchError::TooLarge(_) | FetchError::NotText)) => {
                Err(ReadError::Unusable { target: target(), reason: error.to_string() })
            }
            Err(error) if error.is_outage() => {
                Err(ReadError::Outage { target: target(), reason: error.to_string() })
            }
            Err(error) => Err(ReadError::Unreachable { target: target(), reason: error.to_string() }),
        }
    }
}

fn named(url: &Url) -> String {
    let mut named = url.clone();
    named.set_fragment(None);
    named.into()
}

#[async_trait]
impl LocationReader for FileAndUrlReader {
    async fn read(&self, root: &Target, base: Option<&str>, target: &str) -> Result<ReadFile, ReadError> {
        let refused =
            |reason: &str| ReadError::Refused { target: target.to_owned(), reason: reason.to_owned() };
        let base_url = base.filter(|base| base.contains("://")).map(Url::parse);
        match (root, base, base_url) {
            (Target::Provider(_), ..) => Err(refused("a provider has no files")),
            (Target::File(path), None, _) => self.file(path, None, target).await,
            (_, _, Some(Err(_))) => Err(refused("the file that names it has no usable address")),
            (_, _, Some(Ok(base))) => match base.join(target) {
                Ok(url) => self.url(&url, target).await,
                Err(_) => Err(refused("it is not an address")),
            },
            (Target::File(path), Some(base), None) => match Url::parse(target) {
                Ok(url) if target.contains("://") => self.url(&url, target).await,
                _ => self.file(path, Some(base), target).await,
            },
            (Target::Url(_), ..) => match Url::parse(target) {
                Ok(url) => self.url(&url, target).await,
                Err(_) => Err(refused("it is not an address")),
            },
        }
    }
}

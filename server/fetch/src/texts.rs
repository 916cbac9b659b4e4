//! Text files from hosts that the admin named: descriptors of the catalog.

use std::time::Duration;

use portal_core::ports::FetchError;
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    addresses::Reach,
    options::{FetchOptions, FetchSetupError},
    transport::{Ask, Transport},
};

/// Time for a whole text.
pub const TEXT_TOTAL_TIMEOUT: Duration = Duration::from_secs(20);
/// Texts fetched at once; further calls wait.
pub const TEXTS_AT_ONCE_MAX: usize = 8;

/// How far the host of one address is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostTrust {
    /// Like any stranger: https, public addresses only.
    Public,
    /// An admin named this host: its addresses may be private or loopback, and http is taken too. Link-local and
    /// other special addresses stay refused.
    NamedByAdmin,
}

/// Fetches text files.
pub struct TextFetcher {
    transport: Transport,
    room: Semaphore,
}

impl TextFetcher {
    /// The fetcher. Certificate authorities are read now, once.
    ///
    /// # Errors
    /// [`FetchSetupError`] says what of the set-up cannot be used.
    pub fn new(options: &FetchOptions) -> Result<Self, FetchSetupError> {
        Ok(Self { transport: Transport::new(options)?, room: Semaphore::new(TEXTS_AT_ONCE_MAX) })
    }

    /// The text at this address, of at most `bytes_max` bytes. Redirects are not followed.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::NotText`] when it is not UTF-8.
    pub async fn get(&self, url: &Url, bytes_max: usize, trust: HostTrust) -> Result<String, FetchError> {
        let reach = match (url.scheme(), trust) {
            ("https", HostTrust::Public) => Reach::Public,
            ("https" | "http", HostTrust::NamedByAdmin) => Reach::Organisation,
            _ => return Err(FetchError::Refused("only https addresses are fetched".to_owned())),
        };
        let _place = self.room.acquire().await.map_err(|_| FetchError::Overloaded)?;
        let ask =
            Ask { reach, bytes_max, total_timeout: TEXT_TOTAL_TIMEOUT, accept: "text/plain, */*;q=0.5" };
        let answer = self.transport.get(url, ask).await?;
        String::from_utf8(answer.body).map_err(|_| FetchError::NotText)
    }
}

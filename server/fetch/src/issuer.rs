//! Requests to identity providers that the admin has configured.

use std::time::Duration;

use http::{Request, Response, header};
use portal_core::ports::FetchError;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use crate::{
    addresses::Reach,
    failure::fetch_error,
    options::{FetchOptions, FetchSetupError},
    texts::HostTrust,
    transport::{Transport, read_body},
};

/// Largest answer of an identity provider, in bytes: sets of keys with certificate chains, tokens that list groups.
pub const ISSUER_ANSWER_BYTES_MAX: usize = 262_144;
/// Time for a whole request to an identity provider.
pub const ISSUER_TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests to identity providers at once; further ones are refused rather than kept waiting.
pub const ISSUER_REQUESTS_AT_ONCE_MAX: usize = 32;

/// Sends requests to identity providers.
pub struct IssuerClient {
    transport: Transport,
    room: Semaphore,
}

impl IssuerClient {
    /// The client. Certificate authorities are read now, once.
    ///
    /// # Errors
    /// [`FetchSetupError`] says what of the set-up cannot be used.
    pub fn new(options: &FetchOptions) -> Result<Self, FetchSetupError> {
        Ok(Self { transport: Transport::new(options)?, room: Semaphore::new(ISSUER_REQUESTS_AT_ONCE_MAX) })
    }

    /// Sends one request and reads the whole answer, whatever its status. Redirects are not followed. A host that the
    /// admin named may be on a private network, or on this machine without TLS; others are strangers.
    ///
    /// # Errors
    /// [`FetchError`]: no answer, or one that is too large or encoded.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        trust: HostTrust,
    ) -> Result<Response<Vec<u8>>, FetchError> {
        let url =
            Url::parse(&request.uri().to_string()).map_err(|error| FetchError::Refused(error.to_string()))?;
        let reach = match (url.scheme(), trust) {
            ("https", HostTrust::Public) => Reach::Public,
            ("https", HostTrust::NamedByAdmin) => Reach::Organisation,
            // Codes and secrets go over it: only where nobody can listen.
            ("http", HostTrust::NamedByAdmin) => Reach::Loopback,
            _ => return Err(FetchError::Refused("identity providers are asked over https only".to_owned())),
        };
        let _place = self.room.try_acquire().map_err(|_| FetchError::Overloaded)?;
        let answer = self.answer(&url, reach, request);
        timeout(ISSUER_TOTAL_TIMEOUT, answer).await.unwrap_or(Err(FetchError::Timeout))
    }

    async fn answer(
        &self,
        url: &Url,
        reach: Reach,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, FetchError> {
        let client = self.transport.client_for(url, reach).await?;
        let (parts, body) = request.into_parts();
        let asked = client.request(parts.method, url.clone()).headers(parts.headers).body(body);
        let answer = asked.send().await.map_err(|error| fetch_error(&error))?;
        if answer.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(FetchError::NotJson);
        }
        let mut response = Response::new(Vec::new());
        *response.status_mut() = answer.status();
        response.headers_mut().clone_from(answer.headers());
        *response.body_mut() = read_body(answer, ISSUER_ANSWER_BYTES_MAX).await?;
        Ok(response)
    }
}

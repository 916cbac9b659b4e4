//! Requests to identity providers that the admin has configured.

use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use portal_core::ports::FetchError;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use crate::{
    addresses::Reach,
    failure::fetch_error,
    options::{FetchOptions, FetchSetupError},
    providers::{ProviderRequest, ProviderTransport},
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
    /// For hosts that the admin named: on kept connections, through the egress proxy where there is one.
    named: ProviderTransport,
    /// For hosts that an issuer names, and for what is on this machine.
    direct: Transport,
    proxied: bool,
    room: Semaphore,
}

impl IssuerClient {
    /// The client. Certificate authorities are read now, once.
    ///
    /// # Errors
    /// [`FetchSetupError`] says what of the set-up cannot be used.
    pub fn new(options: &FetchOptions) -> Result<Self, FetchSetupError> {
        Ok(Self {
            named: ProviderTransport::new(options)?,
            direct: Transport::new(options)?,
            proxied: options.proxy.is_some(),
            room: Semaphore::new(ISSUER_REQUESTS_AT_ONCE_MAX),
        })
    }

    /// Sends one request and reads the whole answer, whatever its status. Redirects to another origin are not followed.
    /// A host that the admin named may be on a private network, or on this machine without TLS; others are strangers,
    /// and only public addresses are taken of them (with an egress proxy, that is the proxy's to judge).
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
        let _place = self.room.try_acquire().map_err(|_| FetchError::Overloaded)?;
        let reach = match (url.scheme(), trust) {
            ("https", HostTrust::Public) if !self.proxied => Reach::Public,
            ("https", _) => return self.send_named(url, request).await,
            // Codes and secrets go over it: only where nobody can listen.
            ("http", HostTrust::NamedByAdmin) => Reach::Loopback,
            _ => return Err(FetchError::Refused("identity providers are asked over https only".to_owned())),
        };
        let answer = self.send_direct(&url, reach, request);
        timeout(ISSUER_TOTAL_TIMEOUT, answer).await.unwrap_or(Err(FetchError::Timeout))
    }

    async fn send_named(&self, url: Url, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let (parts, body) = request.into_parts();
        let asked = ProviderRequest {
            headers: parts.headers,
            body,
            bytes_max: ISSUER_ANSWER_BYTES_MAX,
            total_timeout: ISSUER_TOTAL_TIMEOUT,
            ..ProviderRequest::new(parts.method, url)
        };
        let answer = self.named.send(asked).await?;
        let mut response = Response::new(answer.body);
        *response.status_mut() =
            StatusCode::from_u16(answer.status).map_err(|_| FetchError::Status(answer.status))?;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }

    async fn send_direct(
        &self,
        url: &Url,
        reach: Reach,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, FetchError> {
        let client = self.direct.client_for(url, reach).await?;
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

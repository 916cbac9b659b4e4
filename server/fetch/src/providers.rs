//! Requests to providers: hosts that an admin configured, reached directly or through the egress proxy.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Method, header};
use portal_core::ports::FetchError;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use tokio::{sync::Semaphore, time::timeout};
use url::{Host, Url};

use crate::{
    addresses::Reach,
    failure::fetch_error,
    options::{FetchOptions, FetchSetupError},
    resolver::{Resolver, SystemResolver},
    tls,
    transport::{USER_AGENT, read_body},
};

/// Requests to providers under way at once; further calls wait.
pub const PROVIDER_REQUESTS_AT_ONCE_MAX: usize = 16;
/// Time for a whole request to a provider, unless it says otherwise.
pub const PROVIDER_TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest answer of a provider, in bytes, unless the request says otherwise.
pub const PROVIDER_BYTES_MAX: usize = 16 * 1_048_576;
/// Redirects that are followed, within one origin only.
pub const PROVIDER_REDIRECTS_MAX: usize = 3;

const IDLE_CONNECTIONS_MAX: usize = 8;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A request to a provider.
#[derive(Debug, Clone)]
pub struct ProviderRequest {
    /// The method.
    pub method: Method,
    /// The address: https, or http where an admin configured it so.
    pub url: Url,
    /// Headers; those that hold secrets should be marked sensitive.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Largest answer, in bytes.
    pub bytes_max: usize,
    /// Time for the whole request.
    pub total_timeout: Duration,
}

impl ProviderRequest {
    /// A request without headers and body, within the usual bounds.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
            bytes_max: PROVIDER_BYTES_MAX,
            total_timeout: PROVIDER_TOTAL_TIMEOUT,
        }
    }
}

/// A provider's complete answer, with any status.
#[derive(Debug, Clone)]
pub struct ProviderAnswer {
    /// The status. 3xx says that the provider redirects to another origin, or too often.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, within the request's bound.
    pub body: Vec<u8>,
}

/// Makes requests to hosts that an admin configured, on kept connections.
///
/// Their addresses may be public, private or loopback, never link-local or otherwise special. With a proxy, names are
/// resolved by the proxy, and addresses written out are still judged here; hosts on loopback are reached directly.
/// Redirects lead to the same origin or nowhere, so that credentials stay with the host they are for. There are no
/// cookies and no retries.
pub struct ProviderTransport {
    client: Client,
    room: Semaphore,
    timeout: Duration,
}

impl ProviderTransport {
    /// The transport. Certificate authorities are read now, once.
    ///
    /// # Errors
    /// [`FetchSetupError`] says what of the set-up cannot be used.
    pub fn new(options: &FetchOptions) -> Result<Self, FetchSetupError> {
        let resolver: Arc<dyn Resolver> = match &options.resolver {
            Some(resolver) => Arc::clone(resolver),
            None => Arc::new(SystemResolver::new()),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the place that vets addresses and bounds answers"
        )]
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls::client_config(options.extra_ca_file.as_deref())?)
            .redirect(redirect::Policy::custom(same_origin))
            .retry(reqwest::retry::never())
            .no_proxy()
            .dns_resolver(OrganisationNames { resolver, timeout: options.connect_timeout })
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .connect_timeout(options.connect_timeout)
            .user_agent(USER_AGENT);
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(proxy.reqwest_proxy()?);
        }
        let client = builder.build().map_err(|error| FetchSetupError::Client(error.to_string()))?;
        Ok(Self {
            client,
            room: Semaphore::new(PROVIDER_REQUESTS_AT_ONCE_MAX),
            timeout: options.provider_timeout,
        })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// [`FetchError`], never [`FetchError::Status`]: every status is an answer.
    pub async fn send(&self, request: ProviderRequest) -> Result<ProviderAnswer, FetchError> {
        let _place = self.room.acquire().await.map_err(|_| FetchError::Overloaded)?;
        let total = request.total_timeout.min(self.timeout);
        timeout(total, self.send_untimed(request)).await.unwrap_or(Err(FetchError::Timeout))
    }

    async fn send_untimed(&self, request: ProviderRequest) -> Result<ProviderAnswer, FetchError> {
        vet_address(&request.url)?;
        let ProviderRequest { method, url, headers, body, bytes_max, .. } = request;
        let mut asked = self.client.request(method, url).headers(headers);
        if !body.is_empty() {
            asked = asked.body(body);
        }
        let response = asked.send().await.map_err(|error| fetch_error(&error))?;
        let identity = HeaderValue::from_static("identity");
        let encoded = response.headers().get(header::CONTENT_ENCODING).is_some_and(|value| value != identity);
        // None was asked for, and what it unpacks to would not be bounded by the bytes read.
        if encoded {
            return Err(FetchError::NotText);
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read_body(response, bytes_max).await?;
        Ok(ProviderAnswer { status, headers, body })
    }
}

/// What can be said of an address before any name is resolved.
fn vet_address(url: &Url) -> Result<(), FetchError> {
    let refused = |reason: &str| Err(FetchError::Refused(reason.to_owned()));
    if !matches!(url.scheme(), "https" | "http") {
        return refused("only https and http addresses are fetched");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("the address names a user");
    }
    if url.port() == Some(0) {
        return refused("the address names port 0");
    }
    // Literals never reach the resolver.
    match url.host() {
        None => refused("the address has no host"),
        Some(Host::Ipv4(address)) => Reach::Organisation.vet(&[address.into()]),
        Some(Host::Ipv6(address)) => Reach::Organisation.vet(&[address.into()]),
        Some(Host::Domain(_)) => Ok(()),
    }
}

fn same_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let within = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if within && attempt.previous().len() <= PROVIDER_REDIRECTS_MAX {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// Resolves names of configured hosts, and of the proxy, and refuses those that lead to special addresses.
struct OrganisationNames {
    resolver: Arc<dyn Resolver>,
    timeout: Duration,
}

impl Resolve for OrganisationNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, limit) = (Arc::clone(&self.resolver), self.timeout);
        Box::pin(async move {
            let lookup = timeout(limit, resolver.resolve(name.as_str())).await;
            let answer: Vec<IpAddr> = lookup.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            Reach::Organisation.vet(&answer)?;
            // Port 0 stands for the port of the address.
            let addresses: Addrs = Box::new(answer.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

//! One bounded GET.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, StatusCode, header};
use portal_core::ports::FetchError;
use reqwest::{
    Client, Response,
    dns::{Name, Resolve, Resolving},
    redirect,
};
use rustls::ClientConfig;
use tokio::time::timeout;
use url::{Host, Url};

use crate::{
    addresses::Reach,
    failure::fetch_error,
    options::{FetchOptions, FetchSetupError},
    proxy::ProviderProxy,
    resolver::{Resolver, SystemResolver},
    tls,
    tunnel::Tunnel,
};

pub(crate) const USER_AGENT: &str = concat!("Portal/", env!("CARGO_PKG_VERSION"));

/// What one request may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) reach: Reach,
    pub(crate) bytes_max: usize,
    pub(crate) total_timeout: Duration,
    pub(crate) accept: &'static str,
}

/// A complete answer with status 200.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Makes requests, each on a connection of its own to addresses judged for it.
pub(crate) struct Transport {
    tls: ClientConfig,
    resolver: Arc<dyn Resolver>,
    connect_timeout: Duration,
    proxy: Option<ProviderProxy>,
}

impl Transport {
    pub(crate) fn new(options: &FetchOptions) -> Result<Self, FetchSetupError> {
        let resolver = match &options.resolver {
            Some(resolver) => Arc::clone(resolver),
            None => Arc::new(SystemResolver::new()),
        };
        let tls = tls::client_config(options.extra_ca_file.as_deref())?;
        Ok(Self { tls, resolver, connect_timeout: options.connect_timeout, proxy: None })
    }

    /// The same transport, through the proxy where the options want that for client documents.
    pub(crate) fn for_client_documents(options: &FetchOptions) -> Result<Self, FetchSetupError> {
        let proxy = options.proxy.clone().filter(|_| options.proxy_client_documents);
        Ok(Self { proxy, ..Self::new(options)? })
    }

    /// Fetches the address: resolve, judge, connect, read, all within the time and size of `ask`.
    pub(crate) async fn get(&self, url: &Url, ask: Ask) -> Result<Answer, FetchError> {
        timeout(ask.total_timeout, self.get_untimed(url, ask)).await.unwrap_or(Err(FetchError::Timeout))
    }

    async fn get_untimed(&self, url: &Url, ask: Ask) -> Result<Answer, FetchError> {
        vet_form(url)?;
        let addresses = self.addresses(url.host(), ask.reach).await?;
        // A proxy is elsewhere: what is on this machine is reached from this machine only.
        let local = addresses.iter().all(IpAddr::is_loopback);
        if let Some(proxy) = self.proxy.as_ref().filter(|_| !local && url.scheme() == "https") {
            return self.get_through(proxy, url, &addresses, ask).await;
        }
        let client = self.client(url, &addresses)?;
        let request = client.get(url.clone()).header(header::ACCEPT, ask.accept);
        let response = request.send().await.map_err(|error| fetch_error(&error))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        // None was asked for, and what it unpacks to would not be bounded by the bytes read.
        if response.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(FetchError::NotJson);
        }
        let headers = response.headers().clone();
        let body = read_body(response, ask.bytes_max).await?;
        Ok(Answer { headers, body })
    }

    async fn get_through(
        &self,
        proxy: &ProviderProxy,
        url: &Url,
        addresses: &[IpAddr],
        ask: Ask,
    ) -> Result<Answer, FetchError> {
        let port = url.port_or_known_default().unwrap_or(443);
        let targets: Vec<SocketAddr> = addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
        let of_proxy = self.addresses(proxy.host(), Reach::Organisation).await?;
        let proxy_addresses = of_proxy.into_iter().map(|ip| SocketAddr::new(ip, proxy.port())).collect();
        let tunnel = Tunnel { proxy, proxy_addresses, tls: Arc::new(self.tls.clone()) };
        tunnel.get(url, &targets, ask).await
    }

    /// A client for this address and nowhere else, after judging where it leads.
    pub(crate) async fn client_for(&self, url: &Url, reach: Reach) -> Result<Client, FetchError> {
        vet_form(url)?;
        let addresses = self.addresses(url.host(), reach).await?;
        self.client(url, &addresses)
    }

    /// The addresses of a host, every one of them within reach.
    async fn addresses(&self, host: Option<Host<&str>>, reach: Reach) -> Result<Vec<IpAddr>, FetchError> {
        let addresses = match host {
            None => return Err(FetchError::Refused("the address has no host".to_owned())),
            // Literals never reach a resolver. The parser has turned decimal, octal and short forms into addresses.
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => {
                let lookup = timeout(self.connect_timeout, self.resolver.resolve(name)).await;
                lookup.map_err(|_| FetchError::Timeout)?.map_err(|_| FetchError::Dns)?
            }
        };
        reach.vet(&addresses)?;
        Ok(addresses)
    }

    /// A client that can connect to the judged addresses of this host and nowhere else.
    fn client(&self, url: &Url, addresses: &[IpAddr]) -> Result<Client, FetchError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the place that vets addresses and bounds answers"
        )]
        let mut builder = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .dns_resolver(NoNames)
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(self.connect_timeout)
            .user_agent(USER_AGENT);
        if let Some(Host::Domain(name)) = url.host() {
            // Port 0 stands for the port of the address.
            let addresses: Vec<SocketAddr> = addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
            builder = builder.resolve_to_addrs(name, &addresses);
        }
        builder.build().map_err(|error| {
            tracing::error!(%error, "the outbound client could not be built");
            FetchError::Connect
        })
    }
}

/// What is refused of an address before any name is resolved.
fn vet_form(url: &Url) -> Result<(), FetchError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Refused("the address names a user".to_owned()));
    }
    if url.port() == Some(0) {
        return Err(FetchError::Refused("the address names port 0".to_owned()));
    }
    Ok(())
}

/// Resolves nothing: the judged addresses are handed in beside it, and whatever else would be asked for is a fault.
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Err("only judged addresses are connected to".into()) })
    }
}

/// Reads at most `bytes_max` bytes, and stops at the first piece beyond.
pub(crate) async fn read_body(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, FetchError> {
    let said = response.content_length().unwrap_or(0);
    if usize::try_from(said).map_or(true, |said| said > bytes_max) {
        return Err(FetchError::TooLarge(bytes_max));
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| fetch_error(&error))? {
        if body.len() + piece.len() > bytes_max {
            return Err(FetchError::TooLarge(bytes_max));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

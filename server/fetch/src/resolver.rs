//! From host names to addresses.

use std::{io, net::IpAddr};

use async_trait::async_trait;
use hickory_resolver::{TokioResolver, config::LookupIpStrategy};

/// Entries that the system resolver remembers.
const CACHE_SIZE: u64 = 256;

/// Finds the addresses of a host name. Tests put in their own answers.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of the name, of both families.
    ///
    /// # Errors
    /// The name has none, or the name servers cannot be reached.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system's configuration. Its lookups can be given up, unlike those of the C library, so that
/// slow name servers do not hold threads.
pub struct SystemResolver(Option<TokioResolver>);

impl SystemResolver {
    /// Reads the system's configuration (on Unix `/etc/resolv.conf` and `/etc/hosts`). Where it cannot be read, as in
    /// a container without a network, the C library is asked instead.
    #[must_use]
    pub fn new() -> Self {
        let configured = TokioResolver::builder_tokio().and_then(|mut builder| {
            let options = builder.options_mut();
            // One family alone would hide an address that must be refused.
            options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
            options.cache_size = CACHE_SIZE;
            builder.build()
        });
        let inspected = configured.inspect_err(|error| {
            tracing::warn!(%error, "the configuration of name servers cannot be read; the system's library is used");
        });
        Self(inspected.ok())
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let Some(resolver) = &self.0 else {
            return Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect());
        };
        let answer = resolver.lookup_ip(host).await.map_err(io::Error::other)?;
        Ok(answer.iter().collect())
    }
}

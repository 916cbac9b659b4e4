//! The egress proxy.

use std::{fmt, net::SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use url::{Host, Url};

use crate::options::FetchSetupError;

/// Hosts that are never reached through a proxy: they are this machine.
const DIRECT: &str = "localhost,127.0.0.0/8,::1";

/// An egress proxy (`[fetch] proxy`): an http or https address, possibly with a user and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderProxy {
    url: Url,
}

impl ProviderProxy {
    /// Takes the address of a proxy.
    ///
    /// # Errors
    /// What was expected, without the address: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected the address of a proxy, such as http://proxy.example:3128";
        let url = Url::parse(text.trim()).map_err(|_| EXPECTED)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !bare {
            return Err(EXPECTED);
        }
        Ok(Self { url })
    }

    pub(crate) fn reqwest_proxy(&self) -> Result<reqwest::Proxy, FetchSetupError> {
        let proxy = reqwest::Proxy::all(self.url.clone())
            .map_err(|_| FetchSetupError::Client("the proxy's address cannot be used".to_owned()))?;
        Ok(proxy.no_proxy(reqwest::NoProxy::from_string(DIRECT)))
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(crate) fn host(&self) -> Option<Host<&str>> {
        self.url.host()
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(3128)
    }

    /// The head of a request for a tunnel to an address (RFC 9110 section 9.3.6).
    pub(crate) fn connect_head(&self, target: SocketAddr) -> String {
        let authorization = self.authorization().map_or_else(String::new, |value| {
            format!("Proxy-Authorization: {}\r\n", value.to_str().unwrap_or_default())
        });
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n")
    }

    fn authorization(&self) -> Option<HeaderValue> {
        if self.url.username().is_empty() && self.url.password().is_none() {
            return None;
        }
        let decoded = |text: &str| {
            let pairs = format!("x={}", text.replace('+', "%2B"));
            url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned())
        };
        let user = decoded(self.url.username())?;
        let password = decoded(self.url.password().unwrap_or_default())?;
        HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).ok()
    }
}

impl fmt::Debug for ProviderProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ProviderProxy(..)")
    }
}

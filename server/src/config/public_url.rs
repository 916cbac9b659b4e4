//! The address under which Portal is reached: the OAuth issuer, byte for byte.

use std::{fmt, sync::Arc};

use url::{Host, Url};

/// Scheme, host and port of the one address of this Portal, exactly as a browser writes an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: Arc<str>,
    authority: String,
    loopback_port: Option<u16>,
    https: bool,
}

impl PublicUrl {
    /// Reads the address. It must be written as an origin (RFC 6454 section 6.2): lower case, no default port, no path,
    /// no trailing slash.
    ///
    /// # Errors
    /// What was expected, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected scheme, host and port only, such as https://portal.example.com";
        let url = Url::parse(text).map_err(|_| format!("{expected}; {text:?} is no address"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("expected an address that starts with https:// or http://, found {text:?}"));
        }
        let origin = url.origin().ascii_serialization();
        if origin != text {
            return Err(format!("{expected}; {text:?} must be written {origin:?}"));
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(format!("{expected}; {text:?} has no host")),
        };
        let authority = text.split_once("://").map(|(_, authority)| authority).unwrap_or_default().to_owned();
        Ok(Self {
            text: Arc::from(text),
            authority,
            loopback_port: url.port_or_known_default().filter(|_| loopback),
            https: url.scheme() == "https",
        })
    }

    /// The text, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Whether it is https, so that cookies are Secure.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether only this machine can reach it.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback_port.is_some()
    }

    /// Whether a request's `Host` (or HTTP/2 authority) means this Portal. On loopback the three names of the machine
    /// are one.
    #[must_use]
    pub fn matches_host(&self, host: &str) -> bool {
        if host.eq_ignore_ascii_case(&self.authority) {
            return true;
        }
        let Some(port) = self.loopback_port else {
            // A default port may be written, although public_url leaves it out.
            let default = if self.https { ":443" } else { ":80" };
            return host.strip_suffix(default).is_some_and(|host| host.eq_ignore_ascii_case(&self.authority));
        };
        let (name, written) = split_port(host);
        let same_port =
            written.map_or(port == if self.https { 443 } else { 80 }, |written| written.parse() == Ok(port));
        same_port && ["localhost", "127.0.0.1", "[::1]"].iter().any(|alias| name.eq_ignore_ascii_case(alias))
    }

    /// Whether an `Origin` header is this Portal's own.
    #[must_use]
    pub fn is_origin(&self, origin: &str) -> bool {
        origin == &*self.text
    }

    /// Whether an `Origin` header is this Portal by another name of the same machine. Never true off loopback.
    #[must_use]
    pub fn is_loopback_origin(&self, origin: &str) -> bool {
        let scheme = if self.https { "https://" } else { "http://" };
        self.is_loopback() && origin.strip_prefix(scheme).is_some_and(|host| self.matches_host(host))
    }
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_an_origin() {
        for text in [
            "http://localhost:3000",
            "https://portal.example.com",
            "https://portal.example.com:8443",
            "http://[::1]:3000",
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "portal.example.com",
            "localhost:3000",
            "https://portal.example.com/",
            "https://portal.example.com:443",
            "https://Portal.example.com",
            "https://portal.example.com/portal",
            "https://user@portal.example.com",
            "https://portal.example.com?x",
            "ftp://portal.example.com",
        ] {
            PublicUrl::parse(text).unwrap_err();
        }
    }

    #[test]
    fn hosts_other_than_its_own_do_not_match() {
        let public = PublicUrl::parse("https://portal.example.com").unwrap();
        for host in ["portal.example.com", "PORTAL.example.com", "portal.example.com:443"] {
            assert!(public.matches_host(host), "{host}");
        }
        for host in ["portal.example.com:80", "example.com", "portal.example.com.evil.test", "localhost", ""]
        {
            assert!(!public.matches_host(host), "{host}");
        }
    }

    #[test]
    fn the_names_of_the_own_machine_are_one() {
        let public = PublicUrl::parse("http://localhost:3000").unwrap();
        assert!(public.is_loopback() && !public.is_https());
        for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"] {
            assert!(public.matches_host(host), "{host}");
        }
        for host in
            ["localhost", "localhost:3001", "127.0.0.1", "[::1]", "evil.test:3000", "localhost:3000:3000"]
        {
            assert!(!public.matches_host(host), "{host}");
        }
    }
}

//! Redirect URIs: their form, and when one is the one that was registered.

use thiserror::Error;

use super::raw_url::{RawUrl, Scheme, UrlFault};

/// Why a text cannot be a redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectUriError {
    /// Its form.
    #[error("the redirect URI is not usable: {0}")]
    Form(#[from] UrlFault),
    /// A scheme of an app, such as `app.example:/callback`, or one that runs scripts.
    #[error("the redirect URI is not usable: only https, and http on loopback, are accepted")]
    SchemeNotAccepted,
    /// http on another host than `127.0.0.1`, `[::1]` or `localhost`.
    #[error("the redirect URI is not usable: http is accepted only for 127.0.0.1, [::1] and localhost")]
    HttpNotLoopback,
}

/// Where the answer to an authorization request may go: https anywhere, or http on loopback (OAuth 2.1 section 2.3,
/// RFC 8252 section 7.3). Kept byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    text: String,
    origin: String,
    host: String,
    loopback: bool,
    /// Byte range of the port with its colon, for http on loopback only: what the comparison leaves out.
    port: Option<(usize, usize)>,
}

impl RedirectUri {
    /// Reads a redirect URI.
    ///
    /// # Errors
    /// [`RedirectUriError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, RedirectUriError> {
        let parts = match RawUrl::split(text) {
            Ok(parts) => parts,
            Err(UrlFault::Scheme) if text.contains(':') => return Err(RedirectUriError::SchemeNotAccepted),
            Err(fault) => return Err(fault.into()),
        };
        let plain = parts.scheme == Scheme::Http;
        if plain && !parts.is_loopback_literal() {
            return Err(RedirectUriError::HttpNotLoopback);
        }
        let (scheme, default_port) = if plain { ("http", 80) } else { ("https", 443) };
        let mut origin = format!("{scheme}://{}", parts.host.to_ascii_lowercase());
        if let Some(port) = parts.port.filter(|port| *port != default_port) {
            origin = format!("{origin}:{port}");
        }
        let port = plain.then(|| {
            let start = scheme.len() + "://".len() + parts.host.len();
            (start, start + parts.port.map_or(0, |port| port.to_string().len() + 1))
        });
        Ok(Self {
            text: text.to_owned(),
            origin,
            host: parts.host_with_port(),
            loopback: parts.is_loopback(),
            port,
        })
    }

    /// The text, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `scheme://host`, with the port unless it is the scheme's own, as browsers write it in an `Origin` header and
    /// as a policy's `form-action` takes it.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host in lower case, with the port when one is written.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it leads to a program on the person's own computer, so that no web site vouches for the receiver.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether this registered URI covers the requested one: equal byte for byte (RFC 9700 section 2.1), or both http
    /// on the same loopback literal and equal but for the port, also when the registered one names a port.
    #[must_use]
    pub fn covers(&self, requested: &Self) -> bool {
        self.text == requested.text
            || (self.port.is_some() && self.without_port() == requested.without_port())
    }

    /// What stands before and after the port; `None` where the port counts.
    fn without_port(&self) -> Option<(&str, &str)> {
        let (start, end) = self.port?;
        Some((self.text.get(..start)?, self.text.get(end..)?))
    }
}

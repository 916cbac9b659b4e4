//! Addresses read byte for byte: what is compared later is what was written, never what a parser made of it.

use thiserror::Error;
use url::Url;

/// Longest address, in bytes.
pub const URL_LENGTH_MAX: usize = 2_048;

/// Host literals on which plain http is a program on the person's own computer (RFC 8252 section 7.3).
const LOOPBACK_LITERALS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// What is wrong with the form of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlFault {
    /// Above [`URL_LENGTH_MAX`].
    #[error("it is longer than {URL_LENGTH_MAX} bytes")]
    TooLong,
    /// A character that RFC 3986 does not allow, or a bad percent-encoding.
    #[error("it has a character that an address may not have")]
    Character,
    /// Neither https nor http.
    #[error("it must begin with https:// (http:// only for 127.0.0.1, [::1] and localhost)")]
    Scheme,
    /// A user name or password before the host.
    #[error("it must not name a user before the host")]
    Userinfo,
    /// A fragment.
    #[error("it must not have a fragment (#)")]
    Fragment,
    /// No host, or not the form in which browsers write it.
    #[error("its host is not usable")]
    Host,
    /// A port that is empty, 0 or above 65535.
    #[error("its port is not usable")]
    Port,
    /// A `.` or `..` segment, percent-encoded or not.
    #[error("it must not have . or .. segments")]
    DotSegment,
    /// Browsers and servers would read it as another address than the one written.
    #[error("it can be read in more than one way")]
    Ambiguous,
}

/// Scheme of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// The parts of an address, as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawUrl<'a> {
    pub(super) scheme: Scheme,
    /// Without the port; an IPv6 literal has its brackets.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    /// Empty, or from its slash on.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
}

impl<'a> RawUrl<'a> {
    /// Takes an http or https address apart.
    pub(super) fn split(text: &'a str) -> Result<Self, UrlFault> {
        if text.len() > URL_LENGTH_MAX {
            return Err(UrlFault::TooLong);
        }
        characters(text)?;
        let (scheme, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (Scheme::Https, rest),
            (_, Some(rest)) => (Scheme::Http, rest),
            _ => return Err(UrlFault::Scheme),
        };
        if rest.contains('#') {
            return Err(UrlFault::Fragment);
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let (host, port) = host_and_port(authority)?;
        if path.split('/').any(is_dot_segment) {
            return Err(UrlFault::DotSegment);
        }
        let parts = Self { scheme, host, port, path, query };
        parts.agree_with_browsers(text)?;
        Ok(parts)
    }

    /// Whether the host is one of the three literals that stand for the person's own computer.
    pub(super) fn is_loopback_literal(&self) -> bool {
        LOOPBACK_LITERALS.contains(&self.host)
    }

    /// Whether the host is the person's own computer in any spelling that got this far.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host.to_ascii_lowercase();
        let name = host.strip_suffix('.').unwrap_or(&host);
        let in_block = || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        self.is_loopback_literal() || name == "localhost" || name.ends_with(".localhost") || in_block()
    }

    /// Host in lower case, with the port when one is written.
    pub(super) fn host_with_port(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        self.port.map_or(host.clone(), |port| format!("{host}:{port}"))
    }

    /// The parser that browsers share must find the same host, path and query, so that the host that was vetted and
    /// shown is the one that is gone to.
    fn agree_with_browsers(&self, text: &str) -> Result<(), UrlFault> {
        let parsed = Url::parse(text).map_err(|_| UrlFault::Host)?;
        if parsed.host_str() != Some(self.host.to_ascii_lowercase().as_str()) {
            return Err(UrlFault::Host);
        }
        let path = if self.path.is_empty() { "/" } else { self.path };
        if parsed.path() != path || parsed.query() != self.query {
            return Err(UrlFault::Ambiguous);
        }
        Ok(())
    }
}

/// Only what RFC 3986 section 2 allows, and whole percent-encodings.
fn characters(text: &str) -> Result<(), UrlFault> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                [bytes.next(), bytes.next()]
                    .iter()
                    .flatten()
                    .filter(|digit| digit.is_ascii_hexdigit())
                    .count()
                    == 2
            }
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            _ => byte.is_ascii_graphic(),
        };
        if !fits {
            return Err(UrlFault::Character);
        }
    }
    Ok(())
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), UrlFault> {
    if authority.contains('@') {
        return Err(UrlFault::Userinfo);
    }
    let port_at = match authority.rfind(']') {
        Some(bracket) => {
            authority.get(bracket..).and_then(|rest| rest.find(':')).map(|colon| bracket + colon)
        }
        None => authority.find(':'),
    };
    let (host, port) = authority.split_at(port_at.unwrap_or(authority.len()));
    let port = match port.strip_prefix(':') {
        None => None,
        Some(digits) => Some(port_number(digits).ok_or(UrlFault::Port)?),
    };
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let is_literal = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || (!is_literal && !host.bytes().all(name)) {
        return Err(UrlFault::Host);
    }
    Ok((host, port))
}

/// A port from 1 to 65535, written without sign or leading zero.
fn port_number(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

fn is_dot_segment(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

//! What stands in an Authorization header: a bearer token (RFC 6750 section 2.1), or a client's id and secret (RFC 6749
//! section 2.3.1). The header must be there once.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::form_urlencoded;

use crate::secret::Secret;

/// Longest bearer token that is looked at, in bytes.
pub const BEARER_BYTES_MAX: usize = 512;
/// Longest credentials of a client, in bytes.
const BASIC_BYTES_MAX: usize = 8_192;

/// What the header says of a bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerHeader<'header> {
    /// There is none: no header, or one of another scheme.
    Missing,
    /// It is empty, too long, unreadable, or there are several.
    Malformed,
    /// This one.
    Given(&'header str),
}

/// The bearer token among the values of the Authorization header.
pub fn bearer_token<'header>(values: impl IntoIterator<Item = &'header [u8]>) -> BearerHeader<'header> {
    let mut values = values.into_iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return BearerHeader::Missing,
        (Some(value), None) => visible(value).unwrap_or_default(),
        _ => return BearerHeader::Malformed,
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = token.trim();
            if token.is_empty() || token.len() > BEARER_BYTES_MAX {
                BearerHeader::Malformed
            } else {
                BearerHeader::Given(token)
            }
        }
        // Another scheme is no bearer token at all.
        _ => BearerHeader::Missing,
    }
}

/// Id and secret of a client among the values of the Authorization header: each form-encoded, joined by a colon, then in
/// base64. `None` for what cannot be read.
pub fn basic_credentials<'header>(
    values: impl IntoIterator<Item = &'header [u8]>,
) -> Option<(String, Secret)> {
    let mut values = values.into_iter();
    let (value, None) = (visible(values.next()?)?, values.next()) else { return None };
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > BASIC_BYTES_MAX {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id)?, Secret::new(decoded(secret)?)))
}

/// A header's value as text: visible ASCII, spaces and tabs.
fn visible(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)).then_some(text)
}

/// One form-encoded value; `None` for what no encoder writes.
fn decoded(text: &str) -> Option<String> {
    if text.is_empty() || text.contains(['&', '=']) {
        return None;
    }
    form_urlencoded::parse(text.as_bytes()).next().map(|(value, _)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: RFC 6750 section 2.1: a token is taken from the Authorization header
    #[test]
    fn a_token_comes_once_and_by_the_bearer_scheme() {
        let given = |values: &[&'static str]| bearer_token(values.iter().map(|value| value.as_bytes()));
        assert_eq!(given(&["Bearer abc"]), BearerHeader::Given("abc"));
        assert_eq!(given(&["bearer  abc "]), BearerHeader::Given("abc"));
        assert_eq!(given(&[]), BearerHeader::Missing);
        assert_eq!(given(&["Basic abc"]), BearerHeader::Missing);
        assert_eq!(given(&["Bearer a", "Bearer b"]), BearerHeader::Malformed);
        assert_eq!(given(&["Bearer "]), BearerHeader::Malformed);
        let long = format!("Bearer {}", "x".repeat(BEARER_BYTES_MAX + 1));
        assert_eq!(bearer_token([long.as_bytes()]), BearerHeader::Malformed);
    }
}

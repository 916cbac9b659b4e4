//! Whether an event is authentic. Compares in constant time.

use portal_core::{ports::DirectoryEventRequest, secret::Secret};
use ring::{digest, hmac};

/// The value of a header, by its name in lower case, if it is sent exactly once.
#[must_use]
pub fn header_value<'a>(request: &DirectoryEventRequest<'a>, name: &str) -> Option<&'a str> {
    let mut found = request.headers.iter().filter(|(header, _)| header == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value.as_str()),
        _ => None,
    }
}

/// Whether `signature` is the HMAC-SHA-256 of these parts, one after the other, under the key.
#[must_use]
pub fn verify_hmac_sha256(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    !signature.is_empty() && hmac::verify(&key, &parts.concat(), signature).is_ok()
}

/// Whether a text is the secret. Lengths show no earlier than contents: digests are compared.
#[must_use]
pub fn same_secret(given: &str, secret: &Secret) -> bool {
    let digest = |text: &str| digest::digest(&digest::SHA256, text.as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, digest(secret.expose()).as_ref());
    let wanted = hmac::sign(&key, secret.expose().as_bytes());
    !secret.expose().is_empty() && hmac::verify(&key, given.as_bytes(), wanted.as_ref()).is_ok()
}

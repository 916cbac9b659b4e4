//! What must hold for any input. Each function takes raw bytes and panics when it does not hold.

use portal_core::oauth::{Client, ClientIdUrl, PinnedDocument, RedirectUri};
use url::Url;

/// A client document: whatever is taken is fit to show and to match against, and is of the client it names.
pub fn client_document(data: &[u8]) {
    let Ok(body) = std::str::from_utf8(data) else { return };
    let Ok(pinned) = PinnedDocument::parse(body.to_owned(), "2026-01-01".to_owned()) else { return };
    let Ok(Client { id, name, redirect_uris, .. }) = pinned.client() else {
        panic!("taken once and refused then")
    };
    assert_eq!(id.as_str(), pinned.client_id);
    assert!(!name.is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control));
    assert!(!redirect_uris.is_empty() && redirect_uris.len() <= 64);
    assert!(redirect_uris.iter().all(|uri| uri.covers(uri) && body.len() <= 5_120));
}

/// A client id: whatever is taken is kept byte for byte, and browsers and servers find the same host and path in it.
pub fn client_id_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for allow_loopback in [false, true] {
        let Ok(id) = ClientIdUrl::parse(text, allow_loopback) else { continue };
        let Ok(url) = Url::parse(text) else { panic!("{text} is no address") };
        assert_eq!(id.as_str(), text);
        assert_eq!(id.path(), url.path());
        let host = url.host_str().unwrap_or_default();
        assert!(id.host() == host || id.host().strip_prefix(host).is_some_and(|port| port.starts_with(':')));
        assert!(url.scheme() == "https" || (allow_loopback && is_loopback_literal(host)));
        assert!(url.username().is_empty() && url.password().is_none());
        assert!(url.query().is_none() && url.fragment().is_none());
    }
}

/// Two redirect URIs, one per line: the second fits the first only when they are equal, or http on the same loopback
/// literal and equal but for the port.
pub fn redirect_match(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((registered, requested)) = text.split_once('\n') else { return };
    let (Ok(first), Ok(second)) = (RedirectUri::parse(registered), RedirectUri::parse(requested)) else {
        return;
    };
    let (Ok(a), Ok(b)) = (Url::parse(registered), Url::parse(requested)) else {
        panic!("{text} are no addresses")
    };
    assert_eq!(b.origin().ascii_serialization(), second.origin());
    assert_eq!(first.covers(&second), second.covers(&first));
    if !first.covers(&second) || registered == requested {
        return;
    }
    assert_eq!((a.scheme(), b.scheme()), ("http", "http"));
    assert!(a.host_str().is_some_and(is_loopback_literal) && second.is_loopback());
    assert_eq!((a.host_str(), a.path(), a.query()), (b.host_str(), b.path(), b.query()));
}

fn is_loopback_literal(host: &str) -> bool {
    ["127.0.0.1", "[::1]", "localhost"].contains(&host)
}

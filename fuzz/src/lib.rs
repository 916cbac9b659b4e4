//! What must hold for any input. Each function takes raw bytes and panics when it does not hold.

mod assertion;

use portal_core::{
    oauth::{
        AuthorizeParameters, BEARER_BYTES_MAX, BearerHeader, Client, ClientIdUrl, PinnedDocument,
        RedirectUri, STATE_LENGTH_MAX, TokenKind, basic_credentials, bearer_token, redirect_answer,
    },
    secret::Secret,
};
use url::{Url, form_urlencoded};

pub use assertion::assertion;

/// The address of the MCP endpoint, as authorization requests name it.
const RESOURCE: &str = "https://portal.example.com/api/mcp-actions/v1";
const ISSUER: &str = "https://portal.example.com";
const KINDS: [TokenKind; 5] =
    [TokenKind::Access, TokenKind::Refresh, TokenKind::Static, TokenKind::Code, TokenKind::ClientSecret];

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

/// The value of an Authorization header: a bearer token that is taken has the form of at most one kind, and no other text
/// with its body has; a client's id and secret that are taken can be written again and read as the same.
pub fn token(data: &[u8]) {
    if let BearerHeader::Given(token) = bearer_token([data]) {
        assert!(!token.is_empty() && token.len() <= BEARER_BYTES_MAX && token.trim() == token);
        assert_eq!(bearer_token([data, data]), BearerHeader::Malformed);
        fits_one_kind(token);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        fits_one_kind(text);
    }
    if let Some((id, secret)) = basic_credentials([data]) {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let again = format!("{}:{}", encoded(&id), encoded(secret.expose()));
        let again = format!("basic {}", base64(again.as_bytes()));
        // Nothing that is this much longer is looked at.
        if again.len() <= 8_192 {
            let same = |(id_again, secret_again): (String, Secret)| {
                id_again == id && secret_again.expose() == secret.expose()
            };
            assert!(basic_credentials([again.as_bytes()]).is_some_and(same));
        }
    }
}

fn fits_one_kind(text: &str) {
    let kinds: Vec<&TokenKind> = KINDS.iter().filter(|kind| kind.fits(text)).collect();
    assert!(kinds.len() <= 1);
    let Some(kind) = kinds.first() else { return };
    assert!(text.starts_with(kind.prefix()) && text.len() == 54);
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    for position in 0..text.len() {
        let mut changed = text.as_bytes().to_vec();
        changed[position] = if changed[position] == b'7' { b'8' } else { b'7' };
        let Ok(changed) = String::from_utf8(changed) else { continue };
        assert!(!kind.fits(&changed) || changed == text, "{text} and {changed}");
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number =
            chunk.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = (number >> (18 - 6 * place)) as usize & 63;
            text.push(if place <= chunk.len() { char::from(DIGITS[digit]) } else { '=' });
        }
    }
    text
}

/// The query of an authorization request: what is taken asks for a code by S256 for Portal's own resource, each parameter
/// once, and an answer goes where the redirect URI says and nowhere else, with the state as it came.
pub fn authorize(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    let Ok(parameters) = AuthorizeParameters::from_query(query) else { return };
    let written: Vec<(String, String)> = form_urlencoded::parse(data).into_owned().collect();
    let value = |name: &str| {
        let mut all = written.iter().filter(|(written, _)| written == name);
        let first = all.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty());
        assert!(all.next().is_none(), "{name} twice");
        first
    };
    assert_eq!(parameters.state.as_deref(), value("state"));
    assert_eq!(parameters.redirect_uri.as_deref(), value("redirect_uri"));
    if parameters.check_lengths().is_err() {
        return;
    }
    assert!(parameters.state.as_ref().is_none_or(|state| state.len() <= STATE_LENGTH_MAX));
    if let Ok(checked) = parameters.check(RESOURCE) {
        assert_eq!(value("response_type"), Some("code"));
        assert_eq!(value("code_challenge_method"), Some("S256"));
        assert_eq!(value("code_challenge"), Some(checked.code_challenge.as_str()));
        assert!(
            checked.code_challenge.len() == 43 && value("resource").is_none_or(|asked| asked == RESOURCE)
        );
        assert!(!checked.prompt.none || !(checked.prompt.consent || checked.prompt.login));
        let asked: Vec<&str> = value("scope").unwrap_or_default().split(' ').collect();
        let granted = checked.scope.to_string();
        assert!(!granted.contains("mcp:destructive") || asked.contains(&"mcp:destructive"));
        assert!(
            !granted.contains("mcp:write")
                || asked.contains(&"mcp:write")
                || asked.contains(&"mcp:destructive")
        );
        assert!(!granted.contains("offline_access") || asked.contains(&"offline_access"));
    }
    if let Some(redirect_uri) = &parameters.redirect_uri {
        answer_goes_home(redirect_uri, parameters.state.as_deref());
    }
}

fn answer_goes_home(redirect_uri: &str, state: Option<&str>) {
    let Ok(redirect) = RedirectUri::parse(redirect_uri) else { return };
    let answer =
        redirect_answer(redirect_uri, &[("code", Some("c")), ("state", state), ("iss", Some(ISSUER))]);
    assert!(answer.bytes().all(|byte| byte.is_ascii_graphic()), "{answer}");
    let (Ok(home), Ok(answer)) = (Url::parse(redirect_uri), Url::parse(&answer)) else {
        panic!("{answer} is no address")
    };
    assert_eq!(answer.origin().ascii_serialization(), redirect.origin());
    assert_eq!((answer.origin(), answer.path(), answer.fragment()), (home.origin(), home.path(), None));
    let expected = home.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    let added = [("code", Some("c")), ("state", state), ("iss", Some(ISSUER))];
    let added = added.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let told = answer.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    assert!(told.eq(expected.chain(added)), "{answer}");
}

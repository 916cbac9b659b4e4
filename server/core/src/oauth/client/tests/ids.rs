use proptest::prelude::*;

use crate::oauth::{ClientIdError, ClientIdUrl, UrlFault};

use ClientIdError as E;
use UrlFault as F;

/// Texts that are no client ids, and the rule that each breaks.
const BROKEN: &[(&str, E)] = &[
    ("https://agent.example", E::PathMissing),
    ("https://agent.example?x", E::PathMissing),
    ("https://agent.example/c?x=1", E::Query),
    ("https://agent.example/c?", E::Query),
    ("https://agent.example/c#x", E::Form(F::Fragment)),
    ("https://agent.example/c#", E::Form(F::Fragment)),
    ("https://agent.example#@evil.example/c", E::Form(F::Fragment)),
    ("https://user@agent.example/c", E::Form(F::Userinfo)),
    ("https://user:word@agent.example/c", E::Form(F::Userinfo)),
    ("https://@agent.example/c", E::Form(F::Userinfo)),
    ("https://agent.example/./c", E::Form(F::DotSegment)),
    ("https://agent.example/a/../c", E::Form(F::DotSegment)),
    ("https://agent.example/a/..", E::Form(F::DotSegment)),
    ("https://agent.example/%2e/c", E::Form(F::DotSegment)),
    ("https://agent.example/a/%2E%2e/c", E::Form(F::DotSegment)),
    ("https://agent.example/a/.%2e/c", E::Form(F::DotSegment)),
    ("https://agent.example/a%2fb", E::EncodedSlash),
    ("https://agent.example/a/..%2Fb", E::EncodedSlash),
    ("https://agent.example/a%5cb", E::EncodedSlash),
    ("https://agent.example\\@evil.example/c", E::Form(F::Character)),
    ("https:\\\\agent.example/c", E::Form(F::Character)),
    ("https://agent.example/a b", E::Form(F::Character)),
    ("https://agent.example/a\tb", E::Form(F::Character)),
    (" https://agent.example/c", E::Form(F::Character)),
    ("https://agent.example/c\n", E::Form(F::Character)),
    ("https://agent.example/\u{e9}", E::Form(F::Character)),
    ("https://\u{ff11}27.0.0.1/c", E::Form(F::Character)),
    ("https://agent.example/%zz", E::Form(F::Character)),
    ("https://agent.example/%2", E::Form(F::Character)),
    ("https://agent.example/<c>", E::Form(F::Character)),
    ("https://agent.example:0/c", E::Form(F::Port)),
    ("https://agent.example:/c", E::Form(F::Port)),
    ("https://agent.example:65536/c", E::Form(F::Port)),
    ("https://agent.example:+443/c", E::Form(F::Port)),
    ("https://agent.example:0443/c", E::Form(F::Port)),
    ("https://agent.example:1:2/c", E::Form(F::Port)),
    ("https:///c", E::Form(F::Host)),
    ("https://", E::Form(F::Host)),
    ("https://2130706433/c", E::Form(F::Host)),
    ("https://0x7f.1/c", E::Form(F::Host)),
    ("https://0177.0.0.1/c", E::Form(F::Host)),
    ("https://8.8.2056/c", E::Form(F::Host)),
    ("https://[::ffff:8.8.8.8]/c", E::Form(F::Host)),
    ("https://[fe80::1%25eth0]/c", E::Form(F::Host)),
    ("https://[::1/c", E::Form(F::Port)),
    ("https://a]b/c", E::Form(F::Host)),
    ("https://agent%2eexample/c", E::Form(F::Host)),
    ("https://agent.example,evil.example/c", E::Form(F::Host)),
    ("https:/agent.example/c", E::Form(F::Scheme)),
    ("HTTPS://agent.example/c", E::Form(F::Scheme)),
    ("ftp://agent.example/c", E::Form(F::Scheme)),
    ("javascript:alert(1)", E::Form(F::Scheme)),
    ("agent.example/c", E::Form(F::Scheme)),
    ("", E::Form(F::Scheme)),
    ("http://agent.example/c", E::HttpsRequired),
    ("http://127.0.0.2/c", E::HttpsRequired),
    ("http://localhost/c", E::Loopback),
    ("https://localhost/c", E::Loopback),
    ("https://LocalHost/c", E::Loopback),
    ("https://localhost./c", E::Loopback),
    ("https://a.localhost/c", E::Loopback),
    ("https://127.9.9.9:8443/c", E::Loopback),
    ("https://[::1]/c", E::Loopback),
];

/// Rule: CIMD draft-02 section 3: client ids are compared as texts
#[test]
fn ids_are_kept_byte_for_byte() {
    for text in [
        "https://agent.example/client.json",
        "https://agent.example:443/client.json",
        "https://agent.example:8443/a/b/",
        "https://Agent.Example/Client",
        "https://agent.example/",
        "https://agent.example/a//b",
        "https://agent.example/a%20b",
        "https://xn--bcher-kva.example/client",
        "https://8.8.8.8/client",
    ] {
        assert_eq!(ClientIdUrl::parse(text, false).unwrap().as_str(), text);
    }
    let id = ClientIdUrl::parse("https://Agent.Example:8443/Client", false).unwrap();
    assert_eq!((id.host(), id.path(), id.is_loopback()), ("agent.example:8443", "/Client", false));
}

/// Rule: CIMD draft-02 section 3: a client id is an https address with a path, without userinfo, fragment or dot segments
/// Rule: CIMD draft-02 section 3: a client id has no query
/// Attack: 1.4: other schemes, userinfo, ports that are none, 64 tries
#[test]
fn every_broken_form_is_refused_by_its_rule() {
    for (text, error) in BROKEN {
        assert_eq!(ClientIdUrl::parse(text, false).as_ref(), Err(error), "{text}");
    }
    let long = format!("https://agent.example/{}", "a".repeat(2_048));
    assert_eq!(ClientIdUrl::parse(&long, false), Err(E::Form(F::TooLong)));
}

#[test]
fn loopback_is_taken_when_it_is_allowed() {
    for text in
        ["http://localhost:8080/c", "http://127.0.0.1/c", "http://[::1]:1/c", "https://localhost:8443/c"]
    {
        assert!(ClientIdUrl::parse(text, true).unwrap().is_loopback(), "{text}");
    }
    assert_eq!(ClientIdUrl::parse("http://LOCALHOST/c", true), Err(ClientIdError::HttpsRequired));
    assert_eq!(ClientIdUrl::parse("http://agent.example/c", true), Err(ClientIdError::HttpsRequired));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,120}", allow_loopback: bool) {
        let _ = ClientIdUrl::parse(&text, allow_loopback);
    }

    #[test]
    fn what_is_taken_is_what_browsers_read(text in "https?://[a-zA-Z0-9.:@\\[\\]%_-]{0,24}[/a-z0-9.%?#\\\\ ]{0,24}") {
        if let Ok(id) = ClientIdUrl::parse(&text, true) {
            let url = url::Url::parse(&text).unwrap();
            let host = id.host().strip_suffix(&format!(":{}", url.port_or_known_default().unwrap()));
            prop_assert_eq!(url.host_str().unwrap(), host.unwrap_or(id.host()));
            prop_assert_eq!(url.path(), id.path());
            prop_assert_eq!(id.as_str(), text);
        }
    }
}

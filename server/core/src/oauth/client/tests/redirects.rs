use proptest::prelude::*;

use crate::oauth::{RedirectUri, RedirectUriError, UrlFault};

fn covers(registered: &str, requested: &str) -> bool {
    let registered = RedirectUri::parse(registered).unwrap();
    RedirectUri::parse(requested).is_ok_and(|requested| registered.covers(&requested))
}

#[test]
fn a_redirect_uri_says_where_it_leads() {
    for (text, origin, host, loopback) in [
        ("https://Agent.Example/cb?x=1", "https://agent.example", "agent.example", false),
        ("https://agent.example:443/cb", "https://agent.example", "agent.example:443", false),
        ("https://agent.example:8443", "https://agent.example:8443", "agent.example:8443", false),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:33418", "127.0.0.1:33418", true),
        ("http://localhost/callback", "http://localhost", "localhost", true),
        ("http://[::1]:9/cb", "http://[::1]:9", "[::1]:9", true),
        ("https://localhost:8443/cb", "https://localhost:8443", "localhost:8443", true),
    ] {
        let uri = RedirectUri::parse(text).unwrap();
        assert_eq!(
            (uri.as_str(), uri.origin(), uri.host(), uri.is_loopback()),
            (text, origin, host, loopback)
        );
    }
}

/// Rule: RFC 6749 section 3.1.2: a redirect URI has no fragment
/// Rule: OAuth 2.1 draft-16 section 2.3: redirect URIs are https, or http on loopback
#[test]
fn only_https_and_http_on_loopback_are_redirect_uris() {
    use RedirectUriError as E;
    use UrlFault as F;
    for (text, error) in [
        ("javascript:alert(1)", E::SchemeNotAccepted),
        ("data:text/html,x", E::SchemeNotAccepted),
        ("cursor://anysphere.cursor-mcp/oauth/callback", E::SchemeNotAccepted),
        ("com.example.app:/callback", E::SchemeNotAccepted),
        ("HTTPS://agent.example/cb", E::SchemeNotAccepted),
        ("urn:ietf:wg:oauth:2.0:oob", E::SchemeNotAccepted),
        ("//agent.example/cb", E::Form(F::Scheme)),
        ("", E::Form(F::Scheme)),
        ("http://agent.example/cb", E::HttpNotLoopback),
        ("http://127.0.0.2/cb", E::HttpNotLoopback),
        ("http://LOCALHOST/cb", E::HttpNotLoopback),
        ("http://localhost.evil.example/cb", E::HttpNotLoopback),
        ("http://a.localhost/cb", E::HttpNotLoopback),
        ("http://192.168.0.1/cb", E::HttpNotLoopback),
        ("http://127.1/cb", E::Form(F::Host)),
        ("http://localhost@evil.example/cb", E::Form(F::Userinfo)),
        ("https://agent.example/cb#x", E::Form(F::Fragment)),
        ("https://agent.example/a/../cb", E::Form(F::DotSegment)),
        ("https://agent.example/a b", E::Form(F::Character)),
        ("https://agent.example/\r\nSet-Cookie:x", E::Form(F::Character)),
        ("https://agent.example\\.evil.example/cb", E::Form(F::Character)),
        ("https://*.agent.example/cb", E::Form(F::Host)),
        ("http://127.0.0.1:0/cb", E::Form(F::Port)),
        ("http://127.0.0.1:/cb", E::Form(F::Port)),
    ] {
        assert_eq!(RedirectUri::parse(text), Err(error), "{text:?}");
    }
}

/// Rule: RFC 9700 section 2.1: redirect URIs are compared as texts
/// Rule: CIMD draft-02 section 4.2: redirect URIs are those of the document
/// Attack: 1.1: near misses of a redirect URI: path, case, port, prefix, userinfo, encoding, address forms, 19 tries
#[test]
fn https_is_compared_byte_for_byte() {
    let registered = "https://agent.example/cb?a=1";
    assert!(covers(registered, registered));
    for requested in [
        "https://agent.example/cb",
        "https://agent.example/cb?a=1&b=2",
        "https://agent.example/cb?a=2",
        "https://agent.example/cb/?a=1",
        "https://agent.example/cb/x?a=1",
        "https://agent.example/CB?a=1",
        "https://Agent.example/cb?a=1",
        "https://agent.example:443/cb?a=1",
        "https://agent.example:8443/cb?a=1",
        "https://www.agent.example/cb?a=1",
        "https://agent.example.evil.example/cb?a=1",
        "https://agent.example./cb?a=1",
        "https://agent.example/%63b?a=1",
        "https://agent.example//cb?a=1",
        "http://agent.example/cb?a=1",
        "https://user@agent.example/cb?a=1",
        "https://agent.example/cb?a=1#x",
        "https://agent.example/cb?a=1 ",
    ] {
        assert!(!covers(registered, requested), "{requested}");
    }
    assert!(
        !covers("https://localhost:1/cb", "https://localhost:2/cb"),
        "ports count on https, also on loopback"
    );
}

/// Rule: RFC 8252 section 7.3: on loopback the port may differ, and nothing else
#[test]
fn only_the_port_may_differ_on_loopback() {
    for (registered, requested, fits) in [
        ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback", true),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:50000/", true),
        ("http://127.0.0.1:33418/", "http://127.0.0.1/", true),
        ("http://localhost/callback", "http://localhost:3118/callback", true),
        ("http://[::1]/callback", "http://[::1]:8080/callback", true),
        ("http://localhost/cb?a=1", "http://localhost:9/cb?a=1", true),
        ("http://localhost", "http://localhost:9", true),
        ("http://localhost/callback", "http://127.0.0.1:3118/callback", false),
        ("http://127.0.0.1/callback", "http://[::1]:3118/callback", false),
        ("http://127.0.0.1/callback", "https://127.0.0.1:3118/callback", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1:3118/callback/", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1:3118/Callback", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1:3118/callback?x=1", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1:3118/callback/id", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1:3118/mcp/oauth/callback", false),
        ("http://127.0.0.1/cb?a=1", "http://127.0.0.1:3118/cb", false),
        ("http://localhost", "http://localhost:9/", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1:99999/callback", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1:80@evil.example/callback", false),
        ("http://127.0.0.1/callback", "http://127.0.0.1.evil.example/callback", false),
        ("http://localhost/callback", "http://localhost:80.evil.example/callback", false),
        ("https://agent.example/cb", "http://localhost/cb", false),
    ] {
        assert_eq!(covers(registered, requested), fits, "{registered} {requested}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,120}") {
        let _ = RedirectUri::parse(&text);
    }

    #[test]
    fn any_port_of_a_loopback_uri_fits_and_no_other_change(
        host in prop::sample::select(vec!["127.0.0.1", "localhost", "[::1]"]),
        path in "(/[a-z0-9]{0,6}){1,3}",
        registered_port in prop::option::of(1_u16..),
        port in prop::option::of(1_u16..),
        change in "[/a-z0-9?]",
    ) {
        let with = |port: Option<u16>| port.map_or(String::new(), |port| format!(":{port}"));
        let registered = format!("http://{host}{}{path}", with(registered_port));
        let requested = format!("http://{host}{}{path}", with(port));
        prop_assert!(covers(&registered, &requested));
        let (longer, registered_longer) = (format!("{requested}{change}"), format!("{registered}{change}"));
        prop_assert!(!covers(&registered, &longer));
        prop_assert!(!covers(&registered_longer, &requested));
    }

    #[test]
    fn a_browser_goes_to_the_origin_that_is_shown(text in "https?://[a-z0-9.:@\\[\\]-]{0,20}[/a-z0-9.%?#]{0,20}") {
        if let Ok(uri) = RedirectUri::parse(&text) {
            let url = url::Url::parse(&text).unwrap();
            prop_assert_eq!(url.origin().ascii_serialization(), uri.origin());
        }
    }
}

use serde_json::{Value, json};

use crate::oauth::{Client, ClientError, PinnedDocument};

const ID: &str = "https://agent.example/client.json";

fn minimal() -> Value {
    json!({ "client_id": ID, "client_name": "Agent", "redirect_uris": ["https://agent.example/cb"] })
}

/// A minimal document with these members besides or instead; `null` takes one away.
fn with(changes: &Value) -> Value {
    let mut document = minimal();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => document.as_object_mut().unwrap().remove(name),
            value => document.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    document
}

fn judge_text(body: &str) -> Result<Client, String> {
    let pinned =
        PinnedDocument { client_id: ID.to_owned(), body: body.to_owned(), as_of: "2026-09".to_owned() };
    pinned.client().map_err(|error| match error {
        ClientError::DocumentInvalid(fault) => fault,
        other => panic!("{other}"),
    })
}

fn judge(changes: &Value) -> Result<Client, String> {
    judge_text(&with(changes).to_string())
}

#[test]
fn a_minimal_document_is_a_client() {
    let client = judge_text(&minimal().to_string()).unwrap();
    assert_eq!((client.id.as_str(), client.name.as_str(), client.lists_refresh_grant), (ID, "Agent", false));
    assert!(client.allows_redirect("https://agent.example/cb"));
    assert!(!client.allows_redirect("https://agent.example/cb/"));
}

#[test]
fn what_portal_does_not_know_is_ignored() {
    let client = judge(&json!({
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "refresh_token"],
        "response_types": ["code", "code id_token"],
        "logo_uri": "http://127.0.0.1/logo.svg",
        "client_uri": 7,
        "software_statement": "a.b.c",
        "jwks": { "keys": [{ "kty": "RSA", "n": "AQAB", "e": "AQAB", "x5c": ["MII"] }] },
        "x-own": { "deep": [[[1.5, -2, true]]] },
    }))
    .unwrap();
    assert!(client.lists_refresh_grant);
}

/// Rule: CIMD draft-02 section 3: client ids are compared as texts
/// Rule: CIMD draft-02 section 4: client_id is the document's own address
/// Rule: CIMD draft-02 section 4.1: there is no shared secret in a document
/// Attack: 1.4: documents with secrets, private keys, foreign ids, scripts as redirects, members twice, depth, 26 tries
#[test]
fn every_member_has_its_rule() {
    let many: Vec<String> = (1..=65).map(|port| format!("http://127.0.0.1:{port}/")).collect();
    for (changes, fault) in [
        (json!({ "client_id": null }), "client_id is missing"),
        (json!({ "client_id": 1 }), "client_id is not"),
        (json!({ "client_id": "https://agent.example/Client.json" }), "byte for byte"),
        (json!({ "client_id": "https://agent.example/client.json/" }), "byte for byte"),
        (json!({ "client_id": "https://agent.example:443/client.json" }), "byte for byte"),
        (json!({ "client_id": "https://AGENT.example/client.json" }), "byte for byte"),
        (json!({ "client_name": null }), "client_name is missing"),
        (json!({ "client_name": ["Agent"] }), "client_name is not a text"),
        (json!({ "client_name": " \u{202e}\u{200b} " }), "client_name is empty"),
        (json!({ "redirect_uris": null }), "redirect_uris is missing"),
        (json!({ "redirect_uris": "https://agent.example/cb" }), "redirect_uris is not a list"),
        (json!({ "redirect_uris": [] }), "0 entries"),
        (json!({ "redirect_uris": many }), "65 entries"),
        (json!({ "redirect_uris": [1] }), "not a text"),
        (json!({ "redirect_uris": ["https://agent.example/cb", "javascript:alert(1)"] }), "entry 2"),
        (json!({ "redirect_uris": ["http://agent.example/cb"] }), "entry 1"),
        (json!({ "redirect_uris": ["agent://cb"] }), "only https, and http on loopback"),
        (json!({ "client_secret": "" }), "client secret"),
        (json!({ "client_secret_expires_at": 0 }), "client secret"),
        (json!({ "jwks": {}, "jwks_uri": "https://agent.example/jwks" }), "exclude each other"),
        (json!({ "jwks_uri": "http://agent.example/jwks" }), "jwks_uri"),
        (json!({ "jwks": [] }), "no list of keys"),
        (json!({ "jwks": { "keys": ["x"] } }), "not an object"),
        (json!({ "response_types": ["token"] }), "response_types"),
        (json!({ "grant_types": ["client_credentials"] }), "grant_types"),
        (json!({ "grant_types": "authorization_code" }), "grant_types is not a list"),
    ] {
        let found = judge(&changes).expect_err(&changes.to_string());
        assert!(found.contains(fault), "{changes}: {found}");
    }
}

/// Rule: CIMD draft-02 section 4.1: there is no private key in a document
/// Attack: 1.4: documents with secrets, private keys, foreign ids, scripts as redirects, members twice, depth, 8 tries
#[test]
fn private_keys_are_refused() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let keys = json!([{ "kty": "EC", "x": "AA" }, { "kty": "EC", "x": "AA", member: "AA" }]);
        let found = judge(&json!({ "jwks": { "keys": keys } })).unwrap_err();
        assert!(found.contains("private key"), "{member}: {found}");
    }
}

/// Rule: CIMD draft-02 section 4.1: there is no shared secret in a document
/// Rule: CIMD draft-03 section 4.1: the plural list of methods has no shared secret either
/// Rule: CIMD draft-03 section 6: without any method none is meant; with the plural list alone that list counts
/// Rule: CIMD draft-03 section 6: the single method is one of the list
/// Rule: CIMD draft-03 section 6: a method that Portal lacks is no fault beside one that it has
/// Attack: 1.4: documents with secrets, private keys, foreign ids, scripts as redirects, members twice, depth, 12 tries
#[test]
fn methods_are_negotiated_and_none_is_preferred() {
    let (single, plural) = ("token_endpoint_auth_method", "token_endpoint_auth_methods_supported");
    for (changes, fault) in [
        (json!({}), None),
        (json!({ single: "none" }), None),
        (json!({ plural: ["none"] }), None),
        (json!({ single: "none", plural: ["none"] }), None),
        // As ChatGPT publishes it.
        (json!({ single: "private_key_jwt", plural: ["none", "private_key_jwt"] }), None),
        (json!({ plural: ["tls_client_auth", "none"] }), None),
        (json!({ single: "private_key_jwt" }), Some("neither jwks nor jwks_uri")),
        (json!({ plural: ["private_key_jwt"] }), Some("neither jwks nor jwks_uri")),
        (
            json!({ single: "private_key_jwt", plural: ["private_key_jwt"] }),
            Some("neither jwks nor jwks_uri"),
        ),
        (json!({ single: "tls_client_auth" }), Some("no way to sign in")),
        (json!({ plural: [] }), Some("no way to sign in")),
        (json!({ single: "none", plural: ["private_key_jwt"] }), Some("is not in")),
        (json!({ single: "client_secret_basic" }), Some("shared secret")),
        (json!({ single: "client_secret_post" }), Some("shared secret")),
        (json!({ single: "client_secret_jwt" }), Some("shared secret")),
        (json!({ single: "none", plural: ["none", "client_secret_post"] }), Some("shared secret")),
        (json!({ single: 1 }), Some("not a text")),
        (json!({ plural: "none" }), Some("not a list")),
    ] {
        match (judge(&changes), fault) {
            (Ok(_), None) => {}
            (Err(found), Some(fault)) => assert!(found.contains(fault), "{changes}: {found}"),
            (other, _) => panic!("{changes}: {other:?}"),
        }
    }
}

/// Rule: CIMD draft-02 section 8.2: a client that names private_key_jwt alone must sign
/// Rule: CIMD draft-03 section 6: without any method none is meant; with the plural list alone that list counts
#[test]
fn only_a_client_that_cannot_do_without_must_sign() {
    let (single, plural) = ("token_endpoint_auth_method", "token_endpoint_auth_methods_supported");
    let keys = "https://agent.example/jwks.json";
    for (changes, confidential, signs) in [
        (json!({}), false, false),
        (json!({ "jwks_uri": keys }), false, false),
        (json!({ single: "private_key_jwt", "jwks_uri": keys }), true, true),
        (json!({ plural: ["private_key_jwt", "tls_client_auth"], "jwks": { "keys": [] } }), true, true),
        (
            json!({ single: "private_key_jwt", plural: ["none", "private_key_jwt"], "jwks_uri": keys }),
            false,
            true,
        ),
        (json!({ single: "private_key_jwt", plural: ["none", "private_key_jwt"] }), false, false),
    ] {
        let client = judge(&changes).unwrap();
        assert_eq!((client.confidential, client.keys.is_some()), (confidential, signs), "{changes}");
    }
    let algorithm =
        json!({ single: "private_key_jwt", "jwks_uri": keys, "token_endpoint_auth_signing_alg": 1 });
    assert!(judge(&algorithm).unwrap_err().contains("signing_alg is not a text"));
}

/// Attack: 1.4: documents with secrets, private keys, foreign ids, scripts as redirects, members twice, depth, 13 tries
#[test]
fn json_is_read_strictly() {
    let good = minimal().to_string();
    let twice = good.replace('{', "{\"client_name\":\"Other\",");
    let nested = |levels: usize| {
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        good.replace('{', &format!("{{\"x\":{deep},"))
    };
    assert!(judge_text(&nested(15)).is_ok());
    for (body, fault) in [
        (twice, "twice"),
        (good.replace('{', "{\"x\":{\"a\":1,\"a\":2},"), "twice"),
        (nested(16), "too deep"),
        (nested(200), "too deep"),
        (format!("\u{feff}{good}"), "not usable JSON"),
        (format!("{good}{good}"), "trailing"),
        (format!("[{good}]"), "not a JSON object"),
        ("null".to_owned(), "not a JSON object"),
        (String::new(), "not usable JSON"),
        ("<html>".to_owned(), "not usable JSON"),
        (good.replace("Agent", "\\ud800"), "not usable JSON"),
        (good.replace('{', "{\"x\":NaN,"), "not usable JSON"),
        (format!("{good}{}", " ".repeat(5_200)), "larger than 5120 bytes"),
    ] {
        let found = judge_text(&body).expect_err(&body);
        assert!(found.contains(fault), "{body}: {found}");
    }
}

#[test]
fn the_hash_of_redirect_uris_ignores_order_and_repetition() {
    let hash = |uris: Value| judge(&json!({ "redirect_uris": uris })).unwrap().redirect_uris_hash();
    let (a, b) = ("https://agent.example/a", "https://agent.example/b");
    assert_eq!(hash(json!([a, b])), hash(json!([b, a, b])));
    assert_ne!(hash(json!([a, b])), hash(json!([a])));
    assert_eq!(hash(json!([a])).len(), 64);
}

#[test]
fn a_pinned_document_names_its_client() {
    let pinned = PinnedDocument::parse(minimal().to_string(), "2026-09-01".to_owned()).unwrap();
    assert_eq!(pinned.client_id, ID);
    let on_loopback = with(&json!({ "client_id": "http://localhost:8080/client.json" })).to_string();
    assert!(PinnedDocument::parse(on_loopback, String::new()).is_ok());
    for (changes, error) in [
        (json!({ "client_id": null }), "client_id is missing"),
        (json!({ "client_id": "https://agent.example" }), "it needs a path"),
        (json!({ "redirect_uris": [] }), "redirect_uris"),
    ] {
        let found = PinnedDocument::parse(with(&changes).to_string(), String::new()).unwrap_err().to_string();
        assert!(found.contains(error), "{found}");
    }
}

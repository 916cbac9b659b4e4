//! Clients with a document that sign: `private_key_jwt` (RFC 7523 sections 2.2 and 3, RFC 8725).

use http::StatusCode;
use portal_core::ports::FetchError;
use portal_testkit::app::{ASSERTION_TYPE, Answer, Signer, TestApp, TestClient};
use serde_json::{Value, json};

const KEYS: &str = "https://agent.example.net/jwks.json";

struct Story {
    app: TestApp,
    client: TestClient,
    signer: Signer,
}

/// Where a client has its keys.
enum Where {
    InDocument,
    AtAddress,
}

impl Story {
    /// A client whose only method is to sign.
    async fn begin(keys: &Where) -> Self {
        let app = TestApp::start().await;
        app.let_agents_sign_in().await;
        let story = Self { app, client: TestClient::default(), signer: Signer::new("first", 1) };
        let keys = match keys {
            Where::InDocument => json!({ "jwks": { "keys": [story.signer.jwk()] } }),
            Where::AtAddress => json!({ "jwks_uri": KEYS }),
        };
        story.publish(&json!(["private_key_jwt"]), &keys);
        story.app.fetcher.serve(KEYS, &json!({ "keys": [story.signer.jwk()] }));
        story
    }

    /// Publishes the document with these methods and members.
    fn publish(&self, methods: &Value, members: &Value) {
        let mut document = self.client.document();
        let all = document.as_object_mut().expect("an object");
        all.remove("token_endpoint_auth_method");
        all.insert("token_endpoint_auth_methods_supported".to_owned(), methods.clone());
        all.extend(members.as_object().cloned().unwrap_or_default());
        self.app.fetcher.serve(&self.client.id, &document);
    }

    /// A code for Ada, by the document as it stands.
    async fn code(&self, person: &str) -> String {
        let mut browser = self.app.as_user(person).await;
        self.client.code_as_published(&self.app, &mut browser, "mcp:read").await
    }

    fn claims(&self, id: &str) -> Value {
        Signer::claims(&self.client.id, self.app.url(), id, self.app.services.dependencies.clock.now())
    }

    fn assertion(&self, id: &str) -> String {
        self.signer.sign(&self.signer.header(), &self.claims(id))
    }

    async fn exchange(&self, code: &str, assertion: &str) -> Answer {
        let mut fields = self.client.exchange_fields(code);
        fields.push(("client_assertion_type", ASSERTION_TYPE));
        fields.push(("client_assertion", assertion));
        self.app.post_form("/oauth/token", &fields).await
    }
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["error"].as_str().expect("an error word").to_owned())
}

fn invalid_client() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

/// Rule: RFC 7523 section 2.2: private_key_jwt authenticates a client
/// Rule: CIMD draft-02 section 8.2: a client that names private_key_jwt alone must sign
#[tokio::test]
async fn a_client_that_can_only_sign_must_sign() {
    for keys in [Where::InDocument, Where::AtAddress] {
        let story = Story::begin(&keys).await;
        let server = story.app.get("/.well-known/oauth-authorization-server").await.json();
        assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["none", "private_key_jwt"]));
        let algorithms = json!(["RS256", "ES256", "EdDSA"]);
        assert_eq!(server["token_endpoint_auth_signing_alg_values_supported"], algorithms);
        let code = story.code("ada@example.com").await;
        let unsigned = story.app.post_form("/oauth/token", &story.client.exchange_fields(&code)).await;
        assert_eq!(error(&unsigned), invalid_client());
        let answer = story.exchange(&code, &story.assertion("1")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        // The token endpoint's own address is an audience too, and the form need not repeat the client's id.
        let code = story.code("eve@example.com").await;
        let mut claims = story.claims("2");
        claims["aud"] = json!([format!("{}/oauth/token", story.app.url())]);
        let assertion = story.signer.sign(&story.signer.header(), &claims);
        let mut fields = story.client.exchange_fields(&code);
        fields.retain(|(name, _)| *name != "client_id");
        fields.extend([("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)]);
        assert_eq!(story.app.post_form("/oauth/token", &fields).await.status, StatusCode::OK);
    }
}

/// Rule: RFC 7523 section 3: issuer, subject, audience, times and id of an assertion are checked
/// Rule: RFC 7523 section 3: an assertion is signed by a key of its client
/// Rule: RFC 8725 section 3.1: algorithms are listed: nothing symmetric, never none; the key decides
/// Rule: RFC 8725 section 3.11: a type that is named must be one for this purpose
/// Rule: CIMD draft-03 section 6: algorithms are listed and types checked, the recommended type among them
/// Attack: 1.2: assertions: forged, replayed, unsigned, symmetric, for others, too early, too late, 25 tries
#[tokio::test]
async fn an_assertion_that_breaks_a_rule_is_refused() {
    let story = Story::begin(&Where::AtAddress).await;
    let code = story.code("ada@example.com").await;
    let now = story.app.services.dependencies.clock.now().0 / 1_000;
    let other = "https://other.example.net/client.json";
    let claims = [
        ("iss", json!(other)),
        ("sub", json!(other)),
        ("aud", json!("https://other.test")),
        ("aud", json!([story.app.url(), "https://other.test"])),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", json!(now - 61)),
        ("exp", json!(now + 361)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("nbf", json!(now + 120)),
        ("iat", json!(now + 120)),
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("jti", Value::Null),
    ];
    for (number, (name, value)) in claims.into_iter().enumerate() {
        let mut changed = story.claims(&format!("claim-{number}"));
        changed[name] = value.clone();
        if value.is_null() {
            changed.as_object_mut().expect("an object").remove(name);
        }
        let answer = story.exchange(&code, &story.signer.sign(&story.signer.header(), &changed)).await;
        assert_eq!(error(&answer), invalid_client(), "{name} {value}");
    }
    // The next minute, so that the limit of failures is not what refuses; and a code that has not expired.
    story.app.pass(60_000);
    let code = story.code("eve@example.com").await;
    let headers = [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("alg", json!("PS256")),
        ("typ", json!("at+jwt")),
        ("crit", json!(["b64"])),
        ("kid", json!("unknown")),
    ];
    for (number, (name, value)) in headers.into_iter().enumerate() {
        let mut header = story.signer.header();
        header[name] = value.clone();
        let assertion = story.signer.sign(&header, &story.claims(&format!("header-{number}")));
        assert_eq!(error(&story.exchange(&code, &assertion).await), invalid_client(), "{name} {value}");
    }
    let stranger = Signer::new("first", 2);
    let forged = stranger.sign(&stranger.header(), &story.claims("forged"));
    assert_eq!(
        error(&story.exchange(&code, &forged).await),
        invalid_client(),
        "another key of the same name"
    );
    assert_eq!(error(&story.exchange(&code, "a.b").await), invalid_client());
    let good = story.assertion("good");
    let unsigned = format!("{}.", good.rsplit_once('.').expect("parts").0);
    assert_eq!(error(&story.exchange(&code, &unsigned).await), invalid_client());
    assert_eq!(story.exchange(&code, &good).await.status, StatusCode::OK, "none of it used the code");
}

/// Rule: RFC 7523 section 3: an assertion works once
/// Attack: 1.2: assertions: forged, replayed, unsigned, symmetric, for others, too early, too late
#[tokio::test]
async fn an_assertion_works_once() {
    let story = Story::begin(&Where::InDocument).await;
    let assertion = story.assertion("once");
    let (code, second) = (story.code("ada@example.com").await, story.code("eve@example.com").await);
    assert_eq!(story.exchange(&code, &assertion).await.status, StatusCode::OK);
    assert_eq!(error(&story.exchange(&second, &assertion).await), invalid_client());
    assert_eq!(story.exchange(&second, &story.assertion("twice")).await.status, StatusCode::OK);
}

/// Rule: CIMD draft-03 section 6: algorithms are listed and types checked, the recommended type among them
#[tokio::test]
async fn types_for_this_purpose_are_taken() {
    let story = Story::begin(&Where::InDocument).await;
    for (number, kind) in
        ["JWT", "client-authentication+jwt", "oauth-client-auth+jwt", "application/oauth-client-auth+jwt"]
            .into_iter()
            .enumerate()
    {
        let code = story.code(&format!("ada{number}@example.com")).await;
        let mut header = story.signer.header();
        header["typ"] = json!(kind);
        let assertion = story.signer.sign(&header, &story.claims(kind));
        let answer = story.exchange(&code, &assertion).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_new_key_is_found_and_nonsense_fetches_nothing() {
    let mut story = Story::begin(&Where::AtAddress).await;
    let fetches =
        |story: &Story| story.app.fetcher.fetched().iter().filter(|address| *address == KEYS).count();
    let code = story.code("ada@example.com").await;
    assert_eq!(story.exchange(&code, &story.assertion("1")).await.status, StatusCode::OK);
    assert_eq!(fetches(&story), 1);
    let code = story.code("eve@example.com").await;
    story.signer = Signer::new("second", 2);
    story.app.fetcher.serve(KEYS, &json!({ "keys": [story.signer.jwk()] }));
    assert_eq!(error(&story.exchange(&code, &story.assertion("2")).await), invalid_client());
    assert_eq!(fetches(&story), 1, "not at every request that names an unknown key");
    story.app.pass(60_000);
    let code = story.code("kim@example.com").await;
    let answer = story.exchange(&code, &story.assertion("3")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(fetches(&story), 2);
}

#[tokio::test]
async fn keys_that_cannot_be_had_cost_no_session() {
    let story = Story::begin(&Where::AtAddress).await;
    let code = story.code("ada@example.com").await;
    story.app.fetcher.fail(KEYS, FetchError::Timeout);
    let answer = story.exchange(&code, &story.assertion("1")).await;
    assert_eq!(error(&answer), (503, "temporarily_unavailable".to_owned()));
    assert_ne!(answer.header("retry-after"), "");
    story.app.fetcher.serve(KEYS, &json!({ "keys": [story.signer.jwk()] }));
    story.app.pass(5_000);
    assert_eq!(story.exchange(&code, &story.assertion("2")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_offers_both_may_do_either() {
    let story = Story::begin(&Where::AtAddress).await;
    let methods = json!(["none", "private_key_jwt"]);
    story.publish(&methods, &json!({ "jwks_uri": KEYS, "token_endpoint_auth_method": "private_key_jwt" }));
    let code = story.code("ada@example.com").await;
    let unsigned = story.app.post_form("/oauth/token", &story.client.exchange_fields(&code)).await;
    assert_eq!(unsigned.status, StatusCode::OK, "{}", unsigned.text());
    let code = story.code("eve@example.com").await;
    let forged = Signer::new("first", 9);
    let forged = forged.sign(&forged.header(), &story.claims("1"));
    assert_eq!(error(&story.exchange(&code, &forged).await), invalid_client(), "what is presented must hold");
    assert_eq!(story.exchange(&code, &story.assertion("2")).await.status, StatusCode::OK);
}

/// Attack: 1.1: a document that changes after consent
#[tokio::test]
async fn a_document_that_comes_to_demand_signatures_is_obeyed() {
    let story = Story::begin(&Where::AtAddress).await;
    story.publish(&json!(["none"]), &json!({}));
    let code = story.code("ada@example.com").await;
    // Fetched again when it is no longer fresh, as somebody else connects.
    story.publish(&json!(["private_key_jwt"]), &json!({ "jwks_uri": KEYS }));
    story.app.pass(30_000);
    let unsigned = story.app.post_form("/oauth/token", &story.client.exchange_fields(&code)).await;
    assert_eq!(unsigned.status, StatusCode::OK, "the old document still counts");
    story.app.pass(300_000);
    let second = story.code("eve@example.com").await;
    let unsigned = story.app.post_form("/oauth/token", &story.client.exchange_fields(&second)).await;
    assert_eq!(error(&unsigned), invalid_client());
    assert_eq!(story.exchange(&second, &story.assertion("1")).await.status, StatusCode::OK);
}

//! Rules of the OAuth documents that no other story comes across.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, StatusCode};
use portal_core::{identity::Admin, oauth::ClientRequest, ports::FetchError};
use portal_testkit::app::{Answer, TestApp, TestClient, form, query};
use serde_json::json;

fn word(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

/// Rule: RFC 6749 section 3.1: parameters that nobody knows are ignored
#[tokio::test]
async fn parameters_that_nobody_knows_are_ignored() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    let path = format!("{}&audience=x&nonce=y&ui_locales=de", client.authorize_path(&app, "mcp:read"));
    let begun = app.get(&path).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    let code = client.code(&app, &mut app.as_user("ada@example.com").await, "mcp:read").await;
    let mut fields = client.exchange_fields(&code);
    fields.push(("audience", "x"));
    assert_eq!(app.post_form("/oauth/token", &fields).await.status, StatusCode::OK);
}

/// Rule: RFC 6749 section 3.3: the answer names the scope where it is not the one asked for
#[tokio::test]
async fn the_answer_says_what_of_the_scope_was_granted() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    for (person, asked, granted) in [
        ("ada@example.com", "mcp:read unknown openid", "mcp:read"),
        ("eve@example.com", "mcp:write", "mcp:read mcp:write"),
        ("kim@example.com", "", "mcp:read"),
    ] {
        let code = client.code(&app, &mut app.as_user(person).await, asked).await;
        let answer = app.post_form("/oauth/token", &client.exchange_fields(&code)).await.json();
        assert_eq!(answer["scope"], granted, "{asked}");
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], 3_600);
    }
}

/// Rule: RFC 7009 section 2.1: the client authenticates as at the token endpoint, for its own tokens only
/// Rule: RFC 7009 section 2.1: a wrong hint changes nothing
#[tokio::test]
async fn a_client_that_must_authenticate_must_do_so_to_revoke_and_only_for_itself() {
    let app = TestApp::start().await;
    let register = async |name: &str| {
        let request = ClientRequest {
            name: name.to_owned(),
            redirect_uris: "http://127.0.0.1/callback".to_owned(),
            method: "client_secret_basic".to_owned(),
            refresh_grant: false,
        };
        let made = app.services.registry.create(&Admin::command_line(), &request).await.expect("a client");
        (made.client.client_id, made.secret.expect("a secret").expose().to_owned())
    };
    let ((own, own_secret), (other, other_secret)) = (register("Own").await, register("Other").await);
    let post = async |path: &str, id: &str, secret: &str, fields: &[(&str, &str)]| {
        let request = Request::post(path)
            .header("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
            .header("content-type", "application/x-www-form-urlencoded");
        app.send(request.body(Body::from(form(fields))).expect("a request")).await
    };
    let client = TestClient { id: own.clone(), ..TestClient::default() };
    let code = client.code_as_published(&app, &mut app.as_user("ada@example.com").await, "mcp:read").await;
    let mut fields = client.exchange_fields(&code);
    fields.retain(|(name, _)| *name != "client_id");
    let tokens = post("/oauth/token", &own, &own_secret, &fields).await.json();
    let token = tokens["access_token"].as_str().expect("a token");
    let alive = async || {
        let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        app.mcp(Some(token), &ping).await.status == StatusCode::OK
    };
    let unproved = app.post_form("/oauth/revoke", &[("token", token), ("client_id", &own)]).await;
    assert_eq!(word(&unproved), (401, "invalid_client".to_owned()));
    let wrong = post("/oauth/revoke", &own, &other_secret, &[("token", token)]).await;
    assert_eq!(word(&wrong), (401, "invalid_client".to_owned()));
    let foreign = post("/oauth/revoke", &other, &other_secret, &[("token", token)]).await;
    assert!(foreign.status == StatusCode::OK || foreign.status == StatusCode::BAD_REQUEST);
    assert!(alive().await, "the token of another client");
    let hinted = [("token", token), ("token_type_hint", "refresh_token")];
    assert_eq!(
        post("/oauth/revoke", &own, &own_secret, &hinted).await.status,
        StatusCode::OK,
        "a wrong hint"
    );
    assert!(!alive().await);
}

/// Rule: CIMD draft-02 section 4: client_id is the document's own address
/// Rule: CIMD draft-02 section 5.1: a document that cannot be had ends the request
/// Rule: CIMD draft-02 section 5.2: errors and documents that break a rule are not kept
#[tokio::test]
async fn a_document_that_cannot_be_had_or_used_ends_the_request_on_our_page() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let path = client.authorize_path(&app, "mcp:read");
    let faults = [
        FetchError::Status(404),
        FetchError::Status(302),
        FetchError::Status(500),
        FetchError::Timeout,
        FetchError::Dns,
        FetchError::NotJson,
        FetchError::TooLarge(5_120),
    ];
    for fault in faults {
        app.fetcher.fail(&client.id, fault.clone());
        app.pass(60_000);
        let answer = app.get(&path).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{fault}");
    }
    for (name, value) in [
        ("client_id", json!("https://agent.example.net/other.json")),
        ("client_secret", json!("s")),
        ("token_endpoint_auth_method", json!("client_secret_post")),
    ] {
        let mut document = client.document();
        document[name] = value;
        app.fetcher.serve(&client.id, &document);
        app.pass(60_000);
        let answer = app.get(&path).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{name}");
    }
    // Nothing of that was kept: the good document is taken as soon as it is there.
    app.fetcher.serve(&client.id, &client.document());
    app.pass(60_000);
    assert_eq!(app.get(&path).await.status, StatusCode::SEE_OTHER);
}

/// Rule: RFC 9207 section 2: answers and errors name the issuer
/// Rule: RFC 9207 section 3: the metadata say that the issuer is named
/// Rule: MCP 2026-07-28 section authorization: the metadata list S256
/// Attack: 1.1: mix-up of issuers, 3 tries
#[tokio::test]
async fn answers_of_every_kind_name_the_issuer_of_the_metadata() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let server = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["response_types_supported"], json!(["code"]));
    let issuer = server["issuer"].as_str().expect("an issuer").to_owned();
    let mut ada = app.as_user("ada@example.com").await;
    app.fetcher.serve(&client.id, &client.document());
    let path = client.authorize_path(&app, "mcp:read");
    for decision in ["allow", "cancel"] {
        let begun = ada.get(&path).await;
        let pending = query(begun.location(), "request").expect("a request");
        let fields = [("request", pending.as_str()), ("decision", decision), ("scope", "mcp:read")];
        let back = ada.post("/_ui/consent", &fields).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER);
        assert_eq!(query(back.location(), "iss").as_deref(), Some(issuer.as_str()), "{decision}");
    }
    let refused = app.get(&path.replacen("response_type=code", "response_type=token", 1)).await;
    assert_eq!(query(refused.location(), "iss").as_deref(), Some(issuer.as_str()));
}

//! What the token endpoint refuses, and how.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_testkit::app::{Answer, TestApp, TestClient, form};

/// A code for Ada, ready to be exchanged.
async fn code(app: &TestApp, client: &TestClient) -> String {
    client.code(app, &mut app.as_user("ada@example.com").await, "mcp:read").await
}

fn error(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    (answer.status.as_u16(), answer.json()["error"].as_str().expect("an error word").to_owned())
}

async fn post(app: &TestApp, content_type: &str, body: String) -> Answer {
    let request = Request::post("/oauth/token").header("content-type", content_type);
    app.send(request.body(Body::from(body)).expect("a request")).await
}

/// Rule: RFC 6749 section 3.1: a parameter is there at most once
/// Rule: RFC 6749 section 5.1: token answers are kept by no cache
/// Rule: RFC 6749 section 5.2: each fault of a token request has its word
/// Rule: RFC 7636 section 4.6: a verifier that does not fit is invalid_grant
/// Rule: RFC 8707 section 2: an unknown resource is invalid_target
/// Rule: RFC 9700 section 2.4: there is no password grant
/// Attack: 1.2: GET, JSON, multipart, duplicates, several ways to authenticate, 13 tries
#[tokio::test]
async fn each_fault_has_its_word() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let code = code(&app, &client).await;
    let good = client.exchange_fields(&code);
    let with = |name: &str, value: Option<&'static str>| {
        let mut fields: Vec<(&str, &str)> = good.clone();
        fields.retain(|(field, _)| *field != name || value.is_some());
        for field in &mut fields {
            if let (true, Some(value)) = (field.0 == name, value) {
                field.1 = value;
            }
        }
        form(&fields)
    };
    let short = "x".repeat(42);
    let table = [
        (with("grant_type", None), 400, "invalid_request"),
        (with("grant_type", Some("password")), 400, "unsupported_grant_type"),
        (with("grant_type", Some("client_credentials")), 400, "unsupported_grant_type"),
        (with("code", None), 400, "invalid_request"),
        (with("code", Some("ptlc_made-up")), 400, "invalid_grant"),
        (with("client_id", None), 400, "invalid_request"),
        (with("code_verifier", None), 400, "invalid_request"),
        (with("code_verifier", Some("another-verifier_of~43.characters-0123456789")), 400, "invalid_grant"),
        (with("code_verifier", Some(Box::leak(short.into_boxed_str()))), 400, "invalid_grant"),
        (with("redirect_uri", Some("http://127.0.0.1:33419/callback")), 400, "invalid_grant"),
        (format!("{}&code=twice", form(&good)), 400, "invalid_request"),
        (format!("{}&resource=https%3A%2F%2Fother.test%2F", form(&good)), 400, "invalid_target"),
        (format!("{}&client_secret=s", form(&good)), 401, "invalid_client"),
    ];
    for (body, status, word) in table {
        let answer = post(&app, "application/x-www-form-urlencoded", body.clone()).await;
        assert_eq!(error(&answer), (status, word.to_owned()), "{body}");
    }
}

/// Rule: RFC 6749 section 3.2: the token endpoint is used by POST
/// Rule: RFC 6749 section 5.2: who tried the Authorization header is answered 401 with the scheme
/// Attack: 1.2: GET, JSON, multipart, duplicates, several ways to authenticate, 5 tries
#[tokio::test]
async fn only_forms_by_post_without_credentials_are_taken() {
    let app = TestApp::start().await;
    let json = post(&app, "application/json", "{}".to_owned()).await;
    assert_eq!(error(&json), (400, "invalid_request".to_owned()));

    let basic = Request::post("/oauth/token")
        .header("authorization", "Basic YTpi")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("grant_type=authorization_code"))
        .expect("a request");
    let basic = app.send(basic).await;
    assert_eq!(error(&basic), (401, "invalid_client".to_owned()));
    assert!(basic.header("www-authenticate").starts_with("Basic "));

    for path in ["/oauth/token", "/oauth/revoke"] {
        let get = app.get(path).await;
        assert_eq!((get.status, get.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"), "{path}");
    }
    let large = post(&app, "application/x-www-form-urlencoded", "x".repeat(70_000)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// Rule: RFC 6749 section 4.1.2: a code works once
/// Rule: RFC 6749 section 4.1.2: a second use of a code ends what the first one gave
/// Attack: 1.2: a code twice, four at once
#[tokio::test]
async fn a_code_works_once_and_its_second_use_ends_what_the_first_gave() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let code = code(&app, &client).await;
    let fields = client.exchange_fields(&code);
    let first = app.post_form("/oauth/token", &fields).await.json();
    let token = first["access_token"].as_str().expect("a token");
    let ping = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(app.mcp(Some(token), &ping).await.status, StatusCode::OK);

    let second = app.post_form("/oauth/token", &fields).await;
    assert_eq!(error(&second), (400, "invalid_grant".to_owned()));
    app.pass(1_000);
    assert_eq!(app.mcp(Some(token), &ping).await.status, StatusCode::UNAUTHORIZED);
}

/// Rule: Portal section 2: an outage is 503 and costs nobody a token
#[tokio::test]
async fn an_outage_costs_neither_code_nor_token() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let code = code(&app, &client).await;
    app.break_store(true);
    let answer = app.post_form("/oauth/token", &client.exchange_fields(&code)).await;
    assert_eq!(error(&answer), (503, "temporarily_unavailable".to_owned()));
    assert_ne!(answer.header("retry-after"), "");
    app.break_store(false);
    let answer = app.post_form("/oauth/token", &client.exchange_fields(&code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// Rule: RFC 7009 section 2.2: an unknown token is answered with 200
#[tokio::test]
async fn revoking_ends_the_session_and_says_nothing_about_unknown_tokens() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let agent = app.agent(&mut app.as_user("ada@example.com").await, "mcp:read").await;
    let client = TestClient::default();
    let unknown = app.post_form("/oauth/revoke", &[("token", "unknown"), ("client_id", &client.id)]).await;
    assert_eq!(unknown.status, StatusCode::OK);
    let missing = app.post_form("/oauth/revoke", &[("client_id", &client.id)]).await;
    assert_eq!(error(&missing), (400, "invalid_request".to_owned()));
    assert_eq!(agent.call("auth_who_am_i", serde_json::json!({})).await.status, StatusCode::OK);
    let revoked = app.post_form("/oauth/revoke", &[("token", &agent.token), ("client_id", &client.id)]).await;
    assert_eq!(revoked.status, StatusCode::OK);
    app.pass(1_000);
    assert_eq!(agent.call("auth_who_am_i", serde_json::json!({})).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn tokens_survive_a_restart() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let token = app.agent(&mut app.as_user("ada@example.com").await, "mcp:read").await.token;
    let app = app.restart().await;
    let ping = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(app.mcp(Some(&token), &ping).await.status, StatusCode::OK);
    app.pass(61 * 60 * 1_000);
    assert_eq!(app.mcp(Some(&token), &ping).await.status, StatusCode::UNAUTHORIZED);
}

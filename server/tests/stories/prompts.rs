//! `prompt`, and consent that is remembered.

use http::StatusCode;
use portal_core::{oauth::ConsentDecision, secret::Secret};
use portal_model::Scope;
use portal_testkit::app::{Browser, TestApp, TestClient, query};

/// A client whose answers go to a web site, so that consent can be remembered.
fn on_the_web() -> TestClient {
    TestClient { redirect_uri: "https://agent.example.net/callback".to_owned(), ..TestClient::default() }
}

async fn ask(
    app: &TestApp,
    browser: &mut Browser<'_>,
    client: &TestClient,
    scope: &str,
    more: &str,
) -> String {
    let path = format!("{}{more}", client.authorize_path(app, scope));
    let answer = browser.get(&path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.location().to_owned()
}

fn is_asked(location: &str) -> bool {
    location.starts_with("/oauth/consent?")
}

/// Rule: RFC 6749 section 3.3: the answer names the scope where it is not the one asked for
/// Rule: OpenID Connect Core section 3.1.2.1: login, consent and select_account ask
/// Rule: Portal section 3: remembered consent is of one person, client, scope and set of redirect URIs
/// Attack: 1.1: consent skipped by what was remembered for somebody or something else, 7 tries
#[tokio::test]
async fn what_was_allowed_once_is_not_asked_again() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    let mut ada = app.as_user("ada@example.com").await;
    client.code(&app, &mut ada, "mcp:write").await;
    for scope in ["mcp:write", "mcp:read"] {
        let back = ask(&app, &mut ada, &client, scope, "").await;
        assert!(back.starts_with("https://agent.example.net/callback?"), "{back}");
        assert_eq!(query(&back, "state").as_deref(), Some(client.state.as_str()));
        assert_eq!(query(&back, "iss").as_deref(), Some(app.url()));
        let code = query(&back, "code").expect("a code");
        let tokens = app.post_form("/oauth/token", &client.exchange_fields(&code)).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text());
        let granted = tokens.json()["scope"].as_str().expect("a scope").to_owned();
        assert_eq!(granted.contains("mcp:write"), scope == "mcp:write", "no more than is asked: {granted}");
    }
    // More than was allowed, another person, and nobody at all are asked.
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:destructive", "").await));
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read offline_access", "").await));
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read", "&prompt=consent").await));
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read", "&prompt=login").await));
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read", "&prompt=select_account").await));
    let mut eve = app.as_user("eve@example.com").await;
    assert!(is_asked(&ask(&app, &mut eve, &client, "mcp:read", "").await));
    assert!(is_asked(&ask(&app, &mut app.as_nobody(), &client, "mcp:read", "").await));
}

/// Rule: RFC 8252 section 8.6: consent for programs on the own computer is asked for every time
/// Attack: 1.1: consent skipped by what was remembered for somebody or something else, 2 tries
/// Attack: 1.1: another program on the computer under a genuine client id, 2 tries
#[tokio::test]
async fn programs_on_the_own_computer_are_always_asked_for() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let mut ada = app.as_user("ada@example.com").await;
    client.code(&app, &mut ada, "mcp:read").await;
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read", "").await));
    // Nor does an answer to a program stand for the client's web site.
    assert!(is_asked(&ask(&app, &mut ada, &on_the_web(), "mcp:read", "").await));
}

/// Rule: CIMD draft-02 section 8.4: a client whose name or redirect URIs change is asked for anew
/// Rule: Portal section 3: remembered consent is of one person, client, scope and set of redirect URIs
/// Attack: 1.1: a document that changes after consent, 2 tries
#[tokio::test]
async fn a_client_that_changes_is_asked_for_anew() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    let mut ada = app.as_user("ada@example.com").await;
    client.code(&app, &mut ada, "mcp:read").await;
    for (name, uris) in [
        ("Another name", vec!["https://agent.example.net/callback"]),
        ("Test agent", vec!["https://agent.example.net/callback", "https://evil.test/callback"]),
    ] {
        let mut document = client.document();
        document["client_name"] = name.into();
        document["redirect_uris"] = uris.into();
        app.fetcher.serve(&client.id, &document);
        app.pass(301_000);
        assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read", "").await), "{name}");
    }
}

#[tokio::test]
async fn cancelling_and_disconnecting_take_it_back() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    let mut ada = app.as_user("ada@example.com").await;
    client.code(&app, &mut ada, "mcp:read").await;
    let asked = ask(&app, &mut ada, &client, "mcp:read", "&prompt=consent").await;
    let request = Secret::new(query(&asked, "request").expect("a request"));
    let bound = ada.cookie("portal_authorize").map(Secret::new);
    let person = ada.signed_in().await;
    let authorization = &app.services.authorization;
    let back = authorization
        .decide(&request, bound.as_ref(), &person, ConsentDecision::Cancel)
        .await
        .expect("an answer");
    assert_eq!(query(&back, "error").as_deref(), Some("access_denied"));
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read", "").await));

    let code = client.code(&app, &mut ada, "mcp:read").await;
    app.post_form("/oauth/token", &client.exchange_fields(&code)).await;
    assert!(!is_asked(&ask(&app, &mut ada, &client, "mcp:read", "").await));
    app.services.agent_sessions.end_all(&ada.signed_in().await).await.expect("ended");
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:read", "").await));
}

/// Rule: Portal section 3: remembered consent is of one person, client, scope and set of redirect URIs
/// Attack: 1.1: consent skipped by what was remembered for somebody or something else
#[tokio::test]
async fn a_smaller_grant_does_not_stand_for_the_larger_wish() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    app.fetcher.serve(&client.id, &client.document());
    let mut ada = app.as_user("ada@example.com").await;
    let asked = ask(&app, &mut ada, &client, "mcp:write", "").await;
    let request = Secret::new(query(&asked, "request").expect("a request"));
    let bound = ada.cookie("portal_authorize").map(Secret::new);
    let person = ada.signed_in().await;
    let decision = ConsentDecision::Allow(Scope::Read);
    app.services.authorization.decide(&request, bound.as_ref(), &person, decision).await.expect("an answer");
    assert!(is_asked(&ask(&app, &mut ada, &client, "mcp:write", "").await));
    assert!(!is_asked(&ask(&app, &mut ada, &client, "mcp:read", "").await));
}

/// Rule: RFC 9207 section 2: answers and errors name the issuer
/// Rule: OpenID Connect Core section 3.1.2.1: prompt=none asks nothing: login_required, consent_required or an answer
/// Rule: OpenID Connect Core section 3.1.2.1: prompt=none with another is refused
#[tokio::test]
async fn without_a_prompt_it_is_answered_at_once_or_not_at_all() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    app.fetcher.serve(&client.id, &client.document());
    let mut ada = app.as_user("ada@example.com").await;
    let told = |location: &str| {
        assert_eq!(query(location, "state").as_deref(), Some(client.state.as_str()), "{location}");
        assert_eq!(query(location, "iss").as_deref(), Some(app.url()), "{location}");
        query(location, "error")
    };
    let nobody = ask(&app, &mut app.as_nobody(), &client, "mcp:read", "&prompt=none").await;
    assert_eq!(told(&nobody).as_deref(), Some("login_required"));
    let unknown = ask(&app, &mut ada, &client, "mcp:read", "&prompt=none").await;
    assert_eq!(told(&unknown).as_deref(), Some("consent_required"));
    client.code(&app, &mut ada, "mcp:read").await;
    let known = ask(&app, &mut ada, &client, "mcp:read", "&prompt=none").await;
    assert_eq!(told(&known), None);
    assert!(query(&known, "code").is_some());
    let mixed = ask(&app, &mut ada, &client, "mcp:read", "&prompt=none%20login").await;
    assert_eq!(told(&mixed).as_deref(), Some("invalid_request"));
    let native = TestClient::default();
    let loopback = ask(&app, &mut ada, &native, "mcp:read", "&prompt=none").await;
    assert_eq!(told(&loopback).as_deref(), Some("consent_required"));
}

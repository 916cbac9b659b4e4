//! What a copy of the database is worth to a thief, and what a clock that jumps changes.

use http::StatusCode;
use portal_core::{identity::Admin, tokens::StaticTokenRequest};
use portal_testkit::app::{TestApp, TestClient, query};
use serde_json::json;

/// Attack: 1.5: a copy of the database, 12 tries
#[tokio::test]
async fn a_copy_of_the_database_holds_nothing_that_opens_a_door() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let mut ada = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut ada, "mcp:read offline_access").await;
    let refresh = agent.refresh_token.clone().expect("a token");
    let client = TestClient::default();
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("client_id", &client.id)];
    let successor = app.post_form("/oauth/token", &fields).await.json();
    let begun = ada.get(&client.authorize_path(&app, "mcp:read")).await;
    let request = StaticTokenRequest {
        name: "CI".to_owned(),
        owner: "ada@example.com".to_owned(),
        scope: "mcp:read".to_owned(),
        ..StaticTokenRequest::default()
    };
    let fixed = app.services.static_tokens.create(&Admin::command_line(), &request).await.expect("a token");
    let code = client.code(&app, &mut ada, "mcp:read").await;
    let secrets = [
        agent.token.clone(),
        refresh,
        successor["access_token"].as_str().expect("a token").to_owned(),
        successor["refresh_token"].as_str().expect("a token").to_owned(),
        fixed.secret.expose().to_owned(),
        code,
        query(begun.location(), "request").expect("a request"),
        ada.cookie("portal_session").expect("a session").to_owned(),
        ada.cookie("portal_browser").expect("a browser").to_owned(),
        ada.cookie("portal_authorize").expect("a binding").to_owned(),
        portal_testkit::app::PASSWORD.to_owned(),
        client.verifier.clone(),
    ];
    assert_eq!(secrets.len(), 12);
    app.services.activity.flush().await.expect("the activity log");
    let dump = app.dump().await;
    assert!(dump.contains("ada@example.com") && dump.len() > 1_000, "it is a dump");
    for secret in secrets {
        assert!(!dump.contains(&secret), "the database holds {secret}");
        let body = secret.split_once('_').map_or(secret.as_str(), |(_, body)| body);
        assert!(!dump.contains(body), "the database holds {secret} without its prefix");
        // PostgreSQL shows bytes in hexadecimal.
        let hex: String = body.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!dump.contains(&hex), "the database holds the bytes of {secret}");
    }
}

/// Attack: 1.5: a clock that jumps both ways, a restart, 7 tries
#[tokio::test]
async fn a_clock_that_jumps_revives_nothing_that_was_ended() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let client = TestClient::default();
    let mut ada = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut ada, "mcp:read offline_access").await;
    let refresh = agent.refresh_token.clone().expect("a token");
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("client_id", &client.id)];
    // Found expired once, it stays expired when the clock is set back.
    app.pass(31 * 86_400_000);
    assert_eq!(app.post_form("/oauth/token", &fields).await.status, StatusCode::BAD_REQUEST);
    app.pass(-31 * 86_400_000);
    assert_eq!(app.post_form("/oauth/token", &fields).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);

    let mut eve = app.as_user("eve@example.com").await;
    let revoked = app.agent(&mut eve, "mcp:read").await;
    let fields = [("token", revoked.token.as_str()), ("client_id", &client.id)];
    app.post_form("/oauth/revoke", &fields).await;
    for jump in [-7_200_000, 3_600_000, 86_400_000, -86_400_000] {
        app.pass(jump);
        assert_eq!(revoked.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED, "{jump}");
    }
    let app = app.restart().await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert!(app.mcp(None, &ping).await.status == StatusCode::UNAUTHORIZED);
}

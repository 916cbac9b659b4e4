//! Switching off a way in: the question tells whom it touches, and offers to end it all now. Without scripts.

use http::StatusCode;
use portal_core::{identity::Admin, oauth::registered::RegisteredClientFilter};
use portal_testkit::app::{Browser, TestApp, TestClient};
use serde_json::json;

const GENERAL: &str = "/settings/general";

async fn question(admin: &mut Browser<'_>, function: &str) -> String {
    let asked = admin.post(function, &[]).await;
    assert!(asked.location().starts_with("/settings/general/confirm?change="), "{}", asked.location());
    let page = admin.get(asked.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    page.text()
}

/// A client that has registered itself, and a token of it.
async fn registered_itself(app: &TestApp, browser: &mut Browser<'_>, name: &str) -> String {
    let metadata = json!({ "client_name": name, "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none" });
    let request = http::Request::post("/oauth/register").header("content-type", "application/json");
    let answer =
        app.send(request.body(axum::body::Body::from(metadata.to_string())).expect("a request")).await;
    let id = answer.json()["client_id"].as_str().expect("an id").to_owned();
    let client = TestClient { id, ..TestClient::default() };
    let code = client.code(app, browser, "mcp:read").await;
    let tokens = app.post_form("/oauth/token", &client.exchange_fields(&code)).await.json();
    tokens["access_token"].as_str().expect("a token").to_owned()
}

async fn works(app: &TestApp, token: &str) -> bool {
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    app.mcp(Some(token), &ping).await.status == StatusCode::OK
}

#[tokio::test]
async fn documents_go_off_with_or_without_their_sessions() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    let mut admin = app.as_admin("root@example.com").await;
    let (mut ada, mut eve) = (app.as_user("ada@example.com").await, app.as_user("eve@example.com").await);
    let (one, two) = (app.agent(&mut ada, "mcp:read").await, app.agent(&mut eve, "mcp:read").await);
    let other = registered_itself(&app, &mut ada, "Old agent").await;

    let page = question(&mut admin, "/_ui/settings_cimd").await;
    assert!(page.contains("2 agent sessions of 2 people"), "{page}");
    assert!(page.contains("agent.example.net") && page.contains("End 2 sessions now"), "{page}");
    assert!(!page.contains("Old agent"), "it is not known by a document: {page}");
    // Only off: they go on until their tokens end.
    admin.post("/_ui/settings_cimd", &[("confirmed", "1")]).await;
    assert!(!app.services.settings.current().await.expect("settings").cimd_enabled);
    assert!(works(&app, &one.token).await);
    // Off, and ended now; though it is off already.
    admin.post("/_ui/settings_cimd", &[("confirmed", "1"), ("end", "on")]).await;
    let shown = admin.get(GENERAL).await.text();
    assert!(shown.contains("2 sessions ended."), "{shown}");
    assert!(!works(&app, &one.token).await && !works(&app, &two.token).await);
    assert!(works(&app, &other).await, "the others go on");
    let page = question(&mut admin, "/_ui/settings_cimd").await;
    assert!(page.contains("No such agent is signed in right now.") && !page.contains("now</span>"), "{page}");
}

#[tokio::test]
async fn refresh_tokens_go_off_with_the_sessions_that_have_them() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut admin = app.as_admin("root@example.com").await;
    let mut ada = app.as_user("ada@example.com").await;
    let plain = app.agent(&mut ada, "mcp:read").await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let lasting = app.agent(&mut ada, "mcp:read offline_access").await;
    let page = question(&mut admin, "/_ui/settings_refresh").await;
    assert!(page.contains("1 agent session of 1 person") && page.contains("End 1 session now"), "{page}");
    admin.post("/_ui/settings_refresh", &[("confirmed", "1"), ("end", "on")]).await;
    assert!(!works(&app, &lasting.token).await && works(&app, &plain.token).await);
    assert!(!app.services.settings.current().await.expect("settings").refresh_enabled);
}

#[tokio::test]
async fn dynamic_registration_asks_before_it_goes_off() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    let mut admin = app.as_admin("root@example.com").await;
    let mut ada = app.as_user("ada@example.com").await;
    let known = app.agent(&mut ada, "mcp:read").await;
    let token = registered_itself(&app, &mut ada, "Old <b>agent</b>").await;
    let page = question(&mut admin, "/_ui/settings_dcr").await;
    assert!(page.contains("1 agent session of 1 person") && page.contains("Old &lt;b&gt;agent"), "{page}");
    assert!(app.services.settings.current().await.expect("settings").dcr_enabled, "nothing happened yet");
    let clients = admin.get("/settings/clients").await.text();
    assert!(clients.contains("id=\"dcr-question\"") && clients.contains("End 1 session now"), "{clients}");
    admin.post("/_ui/settings_dcr", &[("confirmed", "1"), ("end", "on")]).await;
    assert!(admin.get("/settings/clients").await.text().contains("1 session ended."));
    assert!(!works(&app, &token).await && works(&app, &known.token).await);
}

#[tokio::test]
async fn everything_that_a_search_finds_ends_together() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut admin = app.as_admin("root@example.com").await;
    let (mut ada, mut eve) = (app.as_user("ada@example.com").await, app.as_user("eve@example.com").await);
    let (one, two) = (app.agent(&mut ada, "mcp:read").await, app.agent(&mut eve, "mcp:read").await);
    let found = admin.get("/settings/agents?q=ada%40").await.text();
    assert!(found.contains("End all found…") && found.contains("found=1&amp;search=ada%40"), "{found}");
    let asked = admin.post("/_ui/sessions_end", &[("found", "1"), ("search", "ada@")]).await;
    let page = admin.get(asked.location()).await.text();
    assert!(page.contains("1 session of 1 person") && page.contains("“ada@”"), "{page}");
    assert!(works(&app, &one.token).await, "nothing happened yet");
    admin.post("/_ui/sessions_end", &[("found", "1"), ("search", "ada@"), ("confirmed", "1")]).await;
    assert!(!works(&app, &one.token).await && works(&app, &two.token).await);
    admin.post("/_ui/sessions_end", &[("found", "1"), ("confirmed", "1")]).await;
    assert!(!works(&app, &two.token).await, "a search for nothing means all");
}

#[tokio::test]
async fn a_client_that_is_deleted_takes_its_sessions_along() {
    let app = TestApp::start().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    let mut admin = app.as_admin("root@example.com").await;
    let mut ada = app.as_user("ada@example.com").await;
    let token = registered_itself(&app, &mut ada, "Old agent").await;
    let shell = Admin::command_line();
    let clients = app
        .services
        .registry
        .list(&shell, &RegisteredClientFilter::default(), None, 10)
        .await
        .expect("clients");
    let asked = admin.post("/_ui/client_delete", &[("client", &clients[0].client_id)]).await;
    let page = admin.get(asked.location()).await.text();
    assert!(page.contains("It has 1 open session of 1 person, which end at once."), "{page}");
    admin.post("/_ui/client_delete", &[("client", &clients[0].client_id), ("confirmed", "1")]).await;
    assert!(!works(&app, &token).await);
}

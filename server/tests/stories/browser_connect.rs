//! The same path as people walk it: every page and form without scripts, from the first admin to the agent's token.

use http::StatusCode;
use portal_core::{activity::CallOutcome, identity::Admin};
use portal_testkit::app::{Browser, PASSWORD, TestApp, TestClient, query};
use serde_json::json;

/// A Portal whose first admin has just come in by the one-time link, and that admin's browser.
async fn first_admin(app: &TestApp) -> Browser<'_> {
    let link = app.services.identity.first_admin_link().await.expect("a link").expect("no admin yet");
    let mut browser = app.as_nobody();
    let opened = browser.get(&format!("/first-admin?token={}", link.expose())).await;
    // The token is out of the address before anything of the page is loaded.
    assert_eq!((opened.status, opened.location()), (StatusCode::SEE_OTHER, "/first-admin"));
    assert_eq!(browser.get("/first-admin").await.status, StatusCode::OK);
    let fields = [("email", "root@example.com"), ("name", "Root"), ("password", PASSWORD)];
    let made = browser.post("/_ui/first_admin", &fields).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/"), "{}", made.text());
    browser
}

/// Rule: RFC 6749 section 4.1.2: state comes back as it was sent
/// Rule: RFC 9700 section 4.12: forms are answered by 303, never 307
/// Attack: 1.1: consent from another site, browser, person; replayed; widened; too late, 2 tries
#[tokio::test]
async fn from_the_first_admin_to_an_agents_first_call() {
    let app = TestApp::start().await;
    let mut admin = first_admin(&app).await;
    assert_eq!(admin.get("/settings/general").await.status, StatusCode::OK);
    for (path, fields) in
        [("/_ui/settings_cimd", [("enabled", "on")]), ("/_ui/settings_policy", [("policy", "any")])]
    {
        assert_eq!(admin.post(path, &fields).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    app.as_user("ada@example.com").await;

    // The agent opens a browser in which nobody is signed in.
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    let mut browser = app.as_nobody();
    let begun = browser.get(&client.authorize_path(&app, "mcp:read")).await;
    let consent = begun.location().to_owned();
    assert!(consent.starts_with("/oauth/consent?request="), "{consent}");
    let to_sign_in = browser.get(&consent).await;
    assert_eq!(to_sign_in.status, StatusCode::SEE_OTHER);
    assert!(to_sign_in.location().starts_with("/sign-in?"), "{}", to_sign_in.location());
    let return_to = query(to_sign_in.location(), "return_to").expect("a way back");
    let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("return_to", &return_to)];
    let signed_in = browser.post("/_ui/sign_in", &fields).await;
    assert_eq!((signed_in.status, signed_in.location()), (StatusCode::SEE_OTHER, consent.as_str()));

    // The page names the host that is vouched for, and lets its form lead to the agent, nowhere else.
    let page = browser.get(&consent).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("agent.example.net") && page.text().contains("Allow"));
    let policy = page.header("content-security-policy").to_owned();
    let form_action =
        policy.split(';').find(|part| part.trim().starts_with("form-action")).unwrap_or_default();
    assert_eq!(form_action.trim(), "form-action 'self' http://127.0.0.1:33418");

    let pending = query(&consent, "request").expect("a request");
    let allow = [("request", pending.as_str()), ("decision", "allow"), ("scope", "mcp:read")];
    let mut stranger = app.as_user("eve@example.com").await;
    let foreign = stranger.post("/_ui/consent", &allow).await;
    assert!(!foreign.location().contains("code="), "another browser cannot answer: {}", foreign.location());
    let back = browser.post("/_ui/consent", &allow).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let told = |name| query(back.location(), name);
    assert!(back.location().starts_with(&format!("{}?", client.redirect_uri)), "{}", back.location());
    assert_eq!(told("state").as_deref(), Some(client.state.as_str()));
    assert_eq!(told("iss").as_deref(), Some(app.url()));
    assert_eq!(back.header("referrer-policy"), "no-referrer");
    let again = browser.post("/_ui/consent", &allow).await;
    assert!(!again.location().contains("code="), "a form works once: {}", again.location());

    let code = told("code").expect("a code");
    let tokens = app.post_form("/oauth/token", &client.exchange_fields(&code)).await.json();
    let call =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "auth_who_am_i"}});
    let who = app.mcp(tokens["access_token"].as_str(), &call).await.json();
    assert_eq!(who["result"]["structuredContent"]["userInfo"]["userEntityRef"], "user:default/ada", "{who}");
}

/// Rule: RFC 6749 section 4.1.2.1: a person who says no is told as access_denied
#[tokio::test]
async fn saying_no_is_told_to_the_agent() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    let mut browser = app.as_user("ada@example.com").await;
    let begun = browser.get(&client.authorize_path(&app, "mcp:read")).await;
    let pending = query(begun.location(), "request").expect("a request");
    let back = browser.post("/_ui/consent", &[("request", &pending), ("decision", "cancel")]).await;
    assert_eq!(query(back.location(), "error").as_deref(), Some("access_denied"));
    assert_eq!(query(back.location(), "iss").as_deref(), Some(app.url()));
    assert_eq!(query(back.location(), "code"), None);
}

#[tokio::test]
async fn switching_agents_off_leaves_those_connected_and_refuses_new_ones() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut browser = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut browser, "mcp:read").await;
    app.set(&[("mcp.cimd.enabled", "false")]).await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK);
    let refused = browser.get(&TestClient::default().authorize_path(&app, "mcp:read")).await;
    assert_eq!((refused.status, refused.location()), (StatusCode::BAD_REQUEST, ""));
}

/// Rule: Portal section 2: who was disabled or signed out everywhere is refused at the next call
#[tokio::test]
async fn signing_out_everywhere_ends_agents_too() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut browser = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut browser, "mcp:read").await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK);
    browser.clone().post("/_ui/sign_out_everywhere", &[]).await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);
    assert!(browser.get("/").await.location().starts_with("/sign-in"), "the copied cookie is worth nothing");
    let admin = Admin::command_line();
    let ada = app.services.identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    app.services.activity.flush().await.expect("the activity log");
    let calls = app
        .services
        .dependencies
        .store
        .read()
        .await
        .expect("a transaction")
        .tool_call_list(&ada.id, 10)
        .await;
    let outcomes: Vec<_> = calls.expect("calls").iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [CallOutcome::Done], "refused tokens belong to nobody");
}

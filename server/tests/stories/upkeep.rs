//! What is over is over: sessions that ran out, browsers that were known, and where a change came from.

use http::StatusCode;
use portal_core::{
    audit::{AuditEvent, AuditFilter},
    changes::{STALENESS_MAX_MS, Topic},
    identity::{Admin, UserChange, local_location_id},
    secret::Secret,
    time::{DAY_MS, HOUR_MS},
};
use portal_testkit::app::{TestApp, TestClient};
use serde_json::json;

async fn rows(app: &TestApp, action: &str) -> Vec<AuditEvent> {
    let filter = AuditFilter { action_prefix: Some(action.to_owned()), ..AuditFilter::default() };
    app.services.audit.list(&Admin::command_line(), &filter, None, 100).await.expect("rows")
}

async fn end_expired(app: &TestApp) -> u64 {
    let settings = app.services.settings.current().await.expect("settings");
    app.services.agent_sessions.end_expired(&settings).await.expect("an answer")
}

#[tokio::test]
async fn sessions_whose_life_is_over_are_not_counted_as_open() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut admin = app.as_admin("root@example.com").await;
    let mut ada = app.as_user("ada@example.com").await;
    app.agent(&mut ada, "mcp:read").await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    app.agent(&mut ada, "mcp:read offline_access").await;
    assert_eq!(end_expired(&app).await, 0);
    app.pass(HOUR_MS);
    assert_eq!(end_expired(&app).await, 1, "the one without refresh tokens");
    assert!(admin.get("/settings/agents").await.text().contains("1 session of 1 person"));
    app.pass(7 * DAY_MS - HOUR_MS);
    assert_eq!(end_expired(&app).await, 1, "the other was not used for seven days");
    assert_eq!(rows(&app, "agent-session.expired").await.len(), 2);
}

/// Rule: Portal section 2: whoever is removed from the catalog is refused at the next call
#[tokio::test]
async fn whoever_leaves_the_catalog_is_refused_at_the_next_call() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut ada = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut ada, "mcp:read").await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK);
    let entity_ref = ada.signed_in().await.user().entity_ref.clone();
    let mut tx = app.services.dependencies.store.write().await.expect("a write");
    assert!(tx.entity_delete(&local_location_id(), &entity_ref).await.expect("a deletion"));
    tx.change_record(Topic::Catalog).await.expect("a change");
    tx.commit().await.expect("a commit");
    app.pass(STALENESS_MAX_MS);
    let refused = agent.call("auth_who_am_i", json!({})).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    app.break_store(true);
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// Rule: Portal section 1: of the lifetime at the grant and the one now, the smaller counts
/// What ran out under a smaller limit stays over when the limit is raised, though nobody has used it meanwhile.
#[tokio::test]
async fn a_larger_limit_brings_nothing_back() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let mut ada = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut ada, "mcp:read offline_access").await;
    let token = agent.refresh_token.expect("a token");
    app.set(&[("mcp.refresh.token_lifetime_days", "1")]).await;
    app.pass(DAY_MS);
    app.set(&[("mcp.refresh.token_lifetime_days", "14")]).await;
    let client = TestClient::default();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &token), ("client_id", &client.id)];
    let answer = app.post_form("/oauth/token", &fields).await;
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (StatusCode::BAD_REQUEST, json!("invalid_grant"))
    );
}

#[tokio::test]
async fn known_browsers_are_forgotten_with_a_new_password_and_a_disabled_account() {
    let app = TestApp::start().await;
    let admin = Admin::command_line();
    let browser = app.as_user("ada@example.com").await;
    let identity = &app.services.identity;
    let ada = identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    let known = browser.cookie("portal_browser").map(Secret::new).expect("a browser");
    let is_known = async |browser: &Secret| {
        let mut store = app.services.dependencies.store.read().await.expect("a read");
        store.known_browser_exists(&ada.id, &browser.hash()).await.expect("an answer")
    };
    assert!(is_known(&known).await);
    let reset = identity.user_reset_password(&admin, &ada.id).await.expect("a link");
    assert!(is_known(&known).await, "the old password works until the link is used");
    let origin = portal_core::identity::RequestOrigin::default();
    let session = identity.link_accept(&reset.link, &Secret::new("another quiet heron"), &origin).await;
    let new = session.expect("a session").known_browser;
    assert!(!is_known(&known).await && is_known(&new).await);
    identity.user_change(&admin, &ada.id, UserChange::Disable).await.expect("a change");
    assert!(!is_known(&new).await);
}

#[tokio::test]
async fn what_an_agent_changes_says_where_it_came_from() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: pay}\n\
                spec: {type: service, lifecycle: production, owner: user:default/ada}\n";
    let url = "https://files.example.org/catalog-info.yaml";
    app.reader.put(url, text);
    let mut ada = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut ada, "mcp:destructive").await;
    let made = agent.call("catalog_register_entity", json!({ "locationUrl": url })).await.json();
    assert_eq!(made["result"]["isError"], json!(false), "{made}");
    let gone =
        agent.call("catalog_unregister_entity", json!({ "type": { "locationUrl": url } })).await.json();
    assert_eq!(gone["result"]["isError"], json!(false), "{gone}");
    let written = rows(&app, "location.").await;
    assert_eq!(written.len(), 2, "{written:?}");
    for row in written {
        assert_eq!(row.address.as_deref(), Some("203.0.113.7"), "{row:?}");
        assert!(row.request_id.is_some(), "{row:?}");
    }
}

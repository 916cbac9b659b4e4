//! Static tokens: rotation in peace, refusals by address, and services that are no persons.

use axum::{body::Body, extract::ConnectInfo};
use http::{Request, StatusCode};
use portal_core::{
    audit::{AuditEvent, AuditFilter},
    catalog::StagedEntity,
    changes::{STALENESS_MAX_MS, Topic},
    identity::{Admin, local_location_id},
    services::MCP_PATH,
    time::{DAY_MS, HOUR_MS},
    tokens::{MadeStaticToken, OldTokenEnds, StaticTokenRequest},
};
use portal_model::EntityRef;
use portal_testkit::app::{Answer, TestApp};
use serde_json::{Value, json};

fn who_am_i() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "auth_who_am_i", "arguments": {}}})
}

async fn status(app: &TestApp, token: &str) -> StatusCode {
    app.mcp(Some(token), &who_am_i()).await.status
}

async fn make(app: &TestApp, owner: &str, ranges: &str, days: &str) -> MadeStaticToken {
    let request = StaticTokenRequest {
        name: "CI".to_owned(),
        owner: owner.to_owned(),
        scope: "mcp:read".to_owned(),
        ranges: ranges.to_owned(),
        expires_days: days.to_owned(),
        ..StaticTokenRequest::default()
    };
    app.services.static_tokens.create(&Admin::command_line(), &request).await.expect("a token")
}

async fn rotate(app: &TestApp, old: &MadeStaticToken, ends: OldTokenEnds) -> Option<MadeStaticToken> {
    app.services.static_tokens.rotate(&Admin::command_line(), &old.token.id, ends).await.ok()
}

async fn rows(app: &TestApp, action: &str) -> Vec<AuditEvent> {
    let filter = AuditFilter { action_prefix: Some(action.to_owned()), ..AuditFilter::default() };
    app.services.audit.list(&Admin::command_line(), &filter, None, 100).await.expect("rows")
}

/// Rule: Portal section 4: a rotated token goes on for an hour, unless it shall not
#[tokio::test]
async fn a_rotated_token_goes_on_for_an_hour_unless_it_shall_not() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let old = make(&app, "ada@example.com", "", "").await;
    assert_eq!(status(&app, old.secret.expose()).await, StatusCode::OK);
    let new = rotate(&app, &old, OldTokenEnds::InOneHour).await.expect("a token");
    let beside = app.neighbour().await;
    for place in [&app, &beside] {
        assert_eq!(status(place, old.secret.expose()).await, StatusCode::OK);
        assert_eq!(status(place, new.secret.expose()).await, StatusCode::OK);
    }
    assert!(rotate(&app, &old, OldTokenEnds::InOneHour).await.is_none(), "it was rotated before");
    app.pass(HOUR_MS - 1);
    assert_eq!(status(&app, old.secret.expose()).await, StatusCode::OK);
    app.pass(1);
    for place in [&app, &beside] {
        assert_eq!(status(place, old.secret.expose()).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(place, new.secret.expose()).await, StatusCode::OK);
    }
    let newest = rotate(&app, &new, OldTokenEnds::AtOnce).await.expect("a token");
    assert_eq!(status(&app, new.secret.expose()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&app, newest.secret.expose()).await, StatusCode::OK);
    // The hour does not outlive the token, and a revocation does not wait for it.
    app.pass(90 * DAY_MS - HOUR_MS / 2);
    let last = rotate(&app, &newest, OldTokenEnds::InOneHour).await.expect("a token");
    app.pass(HOUR_MS / 2);
    assert_eq!(status(&app, newest.secret.expose()).await, StatusCode::UNAUTHORIZED);
    rotate(&app, &last, OldTokenEnds::InOneHour).await.expect("a token");
    app.services.static_tokens.revoke(&Admin::command_line(), &last.token.id).await.expect("an end");
    assert_eq!(status(&app, last.secret.expose()).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_admin_chooses_when_the_old_token_ends() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    let old = make(&app, "root@example.com", "", "").await;
    let id = old.token.id.as_str();
    let asked = admin.post("/_ui/token_rotate", &[("token", id)]).await;
    let page = admin.get(asked.location()).await.text();
    assert!(page.contains("In one hour") && page.contains("At once"), "{page}");
    admin.post("/_ui/token_rotate", &[("token", id), ("confirmed", "1"), ("old_ends", "nonsense")]).await;
    assert!(admin.get("/settings/external-access").await.text().contains("invalid"));
    admin.post("/_ui/token_rotate", &[("token", id), ("confirmed", "1"), ("old_ends", "in-one-hour")]).await;
    let page = admin.get("/settings/external-access").await.text();
    assert!(page.contains("Replaced, ends at"), "{page}");
    assert_eq!(status(&app, old.secret.expose()).await, StatusCode::OK);
    admin.post("/_ui/token_revoke", &[("token", id), ("confirmed", "1")]).await;
    assert_eq!(status(&app, old.secret.expose()).await, StatusCode::UNAUTHORIZED);
}

/// A call through these proxies, from this peer.
async fn through(app: &TestApp, token: &str, peer: &str, forwarded: &str) -> Answer {
    let request = Request::post(MCP_PATH)
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("mcp-protocol-version", "2025-11-25")
        .header("authorization", format!("Bearer {token}"))
        .header("x-forwarded-for", forwarded);
    let mut request = request.body(Body::from(who_am_i().to_string())).expect("a request");
    let peer: std::net::SocketAddr = format!("{peer}:50000").parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    app.send(request).await
}

/// Attack: 1.5: static tokens beyond scope, source, address, time, owner, 4 tries
#[tokio::test]
async fn address_ranges_hold_behind_trusted_proxies() {
    let app = TestApp::start().await.behind_proxies(&["10.0.0.0/8"]);
    app.as_user("ada@example.com").await;
    let made = make(&app, "ada@example.com", "198.51.100.0/24", "").await;
    let token = made.secret.expose();
    for (peer, forwarded, expected) in [
        ("10.0.0.1", "198.51.100.7", StatusCode::OK),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", StatusCode::OK),
        ("10.0.0.1", "203.0.113.9", StatusCode::FORBIDDEN),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9", StatusCode::FORBIDDEN),
        // Nobody else is believed.
        ("203.0.113.9", "198.51.100.7", StatusCode::FORBIDDEN),
        ("10.0.0.1", "", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(through(&app, token, peer, forwarded).await.status, expected, "{peer} {forwarded}");
    }
}

#[tokio::test]
async fn a_refusal_by_address_is_written_down_once_an_hour() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let (bound, other) = (
        make(&app, "ada@example.com", "192.0.2.1", "").await,
        make(&app, "ada@example.com", "192.0.2.2", "").await,
    );
    let beside = app.neighbour().await;
    for place in [&app, &beside, &app] {
        assert_eq!(status(place, bound.secret.expose()).await, StatusCode::FORBIDDEN);
    }
    let written = rows(&app, "static-token.refused").await;
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].target.as_deref(), Some(bound.token.id.as_str()));
    assert_eq!(written[0].address.as_deref(), Some("203.0.113.7"));
    assert!(written[0].request_id.is_some());
    status(&app, other.secret.expose()).await;
    assert_eq!(rows(&app, "static-token.refused").await.len(), 2, "another token is another row");
    app.pass(HOUR_MS);
    status(&beside, bound.secret.expose()).await;
    status(&app, bound.secret.expose()).await;
    assert_eq!(rows(&app, "static-token.refused").await.len(), 3);
    app.break_store(true);
    assert_ne!(status(&app, bound.secret.expose()).await, StatusCode::OK);
}

#[tokio::test]
async fn a_service_is_nobody_and_says_so() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let team: EntityRef = "group:default/team-a".parse().expect("a reference");
    let document = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Group",
        "metadata": {"name": "team-a"}, "spec": {"type": "team", "children": []}});
    let entity = StagedEntity {
        entity_ref: team.clone(),
        document: document.to_string(),
        search: Vec::new(),
        relations: Vec::new(),
    };
    let mut tx = app.services.dependencies.store.write().await.expect("a write");
    tx.entity_put(&local_location_id(), &entity).await.expect("a group");
    tx.change_record(Topic::Catalog).await.expect("a change");
    tx.commit().await.expect("a commit");
    app.pass(STALENESS_MAX_MS);
    let service = make(&app, "group:default/team-a", "", "").await;
    let answer = app.mcp(Some(service.secret.expose()), &who_am_i()).await.json();
    let who = &answer["result"]["structuredContent"];
    assert_eq!(who["principal"], "service", "{answer}");
    assert_eq!(who.get("userInfo"), None, "a group is no user: {answer}");
    assert_eq!(who["service"]["groupEntityRef"], "group:default/team-a");
    assert_eq!(who["service"]["ownershipEntityRefs"], json!(["group:default/team-a"]));
    let person = make(&app, "ada@example.com", "", "").await;
    let answer = app.mcp(Some(person.secret.expose()), &who_am_i()).await.json();
    let who = &answer["result"]["structuredContent"];
    assert_eq!((&who["principal"], who.get("service")), (&json!("user"), None));
    assert_eq!(who["userInfo"]["userEntityRef"], "user:default/ada");
}

//! Clients that register themselves share their places: no network can take those of others.

use axum::{body::Body, extract::ConnectInfo};
use http::{Request, StatusCode};
use portal_core::{
    identity::Admin,
    oauth::{DYNAMIC_UNUSED_PER_NETWORK_MAX, registered::RegisteredClientFilter},
};
use portal_testkit::app::{TestApp, TestClient};
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;

async fn register(app: &TestApp, address: &str) -> (StatusCode, String) {
    let metadata =
        json!({ "redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none" });
    let request = Request::post("/oauth/register").header("content-type", "application/json");
    let mut request = request.body(Body::from(metadata.to_string())).expect("a request");
    let peer: std::net::SocketAddr = format!("{address}:40000").parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = app.send(request).await;
    let id = answer.json()["client_id"].as_str().unwrap_or_default().to_owned();
    (answer.status, id)
}

async fn known(app: &TestApp, id: &str) -> bool {
    app.services.registry.find(&Admin::command_line(), id).await.expect("an answer").is_some()
}

async fn count(app: &TestApp) -> usize {
    let filter = RegisteredClientFilter { dynamic: Some(true), ..RegisteredClientFilter::default() };
    let found = app.services.registry.list(&Admin::command_line(), &filter, None, 200).await;
    found.expect("clients").len()
}

#[tokio::test]
async fn a_network_evicts_its_own_unused_clients_only() {
    let app = TestApp::start().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    let share = usize::try_from(DYNAMIC_UNUSED_PER_NETWORK_MAX).expect("a number");
    let (_, of_another) = register(&app, "198.51.100.7").await;
    let (_, used) = register(&app, "203.0.113.7").await;
    let client = TestClient { id: used.clone(), ..TestClient::default() };
    let code = client.code(&app, &mut app.as_user("ada@example.com").await, "mcp:read").await;
    assert_eq!(app.post_form("/oauth/token", &client.exchange_fields(&code)).await.status, StatusCode::OK);
    let mut mine = Vec::new();
    for _ in 0..3 {
        app.pass(HOUR_MS);
        for _ in 0..19 {
            let (status, id) = register(&app, "203.0.113.7").await;
            assert_eq!(status, StatusCode::CREATED);
            mine.push(id);
        }
    }
    assert_eq!(count(&app).await, share + 2);
    assert!(
        known(&app, &of_another).await && known(&app, &used).await,
        "neither another's nor a used one goes"
    );
    assert!(
        !known(&app, &mine[0]).await && known(&app, mine.last().expect("one")).await,
        "the oldest go first"
    );
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_share_one_place() {
    let app = TestApp::start().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    for number in 0..20 {
        assert_eq!(register(&app, &format!("[2001:db8:1:2::{number:x}]")).await.0, StatusCode::CREATED);
    }
    assert_eq!(register(&app, "[2001:db8:1:2:ffff::1]").await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(register(&app, "[2001:db8:1:3::1]").await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn such_clients_are_marked_where_admins_see_them() {
    let app = TestApp::start().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    register(&app, "203.0.113.7").await;
    let page = app.as_admin("root@example.com").await.get("/settings/clients").await.text();
    assert!(page.contains("Legacy") && page.contains("Itself, from 203.0.113.7"), "{page}");
}

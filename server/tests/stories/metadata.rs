//! The metadata documents.

use http::{Request, StatusCode};
use portal_testkit::app::TestApp;
use serde_json::{Value, json};

const RESOURCE: [&str; 2] =
    ["/.well-known/oauth-protected-resource/api/mcp-actions/v1", "/.well-known/oauth-protected-resource"];
const SERVER: [&str; 3] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/",
    "/.well-known/openid-configuration",
];

/// Rule: RFC 8414 section 3.3: the issuer is the address byte for byte
/// Rule: CIMD draft-02 section 6: the metadata say that documents are taken, while they are
#[tokio::test]
async fn while_agents_cannot_sign_in_there_is_no_way_into_oauth() {
    let app = TestApp::start().await;
    for path in RESOURCE {
        assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let challenge = app.mcp(None, &json!({})).await;
    assert_eq!(challenge.header("www-authenticate"), "Bearer scope=\"mcp:read\"");
    for path in SERVER {
        let document = app.get(path).await.json();
        assert_eq!(document["issuer"], app.url());
        assert_eq!(document.get("client_id_metadata_document_supported"), None, "{path}");
    }
}

#[tokio::test]
async fn switching_agents_on_and_off_works_at_once() {
    let app = TestApp::start().await;
    for (enabled, status) in
        [("true", StatusCode::OK), ("false", StatusCode::NOT_FOUND), ("true", StatusCode::OK)]
    {
        app.set(&[("mcp.cimd.enabled", enabled)]).await;
        for path in RESOURCE {
            assert_eq!(app.get(path).await.status, status, "{path}");
        }
    }
}

/// Rule: RFC 8414 section 3: the document is at its well-known address
/// Rule: RFC 9728 section 3: the document is at the resource's well-known address, and at the host's
/// Rule: RFC 9728 section 3.3: resource is the endpoint's address byte for byte
#[tokio::test]
async fn the_documents_are_the_same_wherever_clients_look() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let first = app.get(SERVER[0]).await.json();
    let scopes: Vec<&str> =
        first["scopes_supported"].as_array().expect("scopes").iter().filter_map(Value::as_str).collect();
    assert_eq!(scopes, ["mcp:read", "mcp:write", "mcp:destructive", "offline_access"]);
    for path in SERVER {
        assert_eq!(app.get(path).await.json(), first);
    }
    let resource = app.get(RESOURCE[0]).await.json();
    assert_eq!(resource["resource"], format!("{}/api/mcp-actions/v1", app.url()));
    assert_eq!(app.get(RESOURCE[1]).await.json(), resource);
    // No issuer of ours has a path: a document there would not be ours.
    let inserted = "/.well-known/oauth-authorization-server/api/mcp-actions/v1";
    assert_eq!(app.get(inserted).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn scripts_of_every_origin_may_read_them() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    for path in RESOURCE.iter().chain(&SERVER) {
        let request = Request::get(*path).header("origin", "https://inspector.example");
        let answer = app.send(request.body(axum::body::Body::empty()).expect("a request")).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let preflight = Request::options(*path)
            .header("origin", "https://inspector.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "mcp-protocol-version");
        let answer = app.send(preflight.body(axum::body::Body::empty()).expect("a request")).await;
        assert_eq!(answer.header("access-control-allow-headers"), "*");
    }
}

/// Rule: Portal section 2: an outage is 503 and costs nobody a token
#[tokio::test]
async fn an_outage_is_not_a_no() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.break_store(true);
    for path in RESOURCE.iter().chain(&SERVER).chain(&["/readyz"]) {
        assert_eq!(app.get(path).await.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
    app.break_store(false);
    assert_eq!(app.get("/readyz").await.status, StatusCode::OK);
}

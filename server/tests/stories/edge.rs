//! What every request meets first: host, origin of forms, ids, headers, limits.

use std::net::SocketAddr;

use axum::{body::Body, extract::ConnectInfo};
use http::{Request, StatusCode};
use portal_testkit::app::TestApp;

fn get(path: &str, host: &str) -> Request<Body> {
    Request::get(path).header("host", host).body(Body::empty()).expect("a request")
}

/// Attack: 1.7: poisoned host headers, 21 tries
#[tokio::test]
async fn other_hosts_get_nothing() {
    let app = TestApp::start().await;
    for host in ["evil.test", "portal.example.com.evil.test", "127.0.0.1", "localhost:3000", ""] {
        for path in
            ["/", "/.well-known/oauth-authorization-server", "/api/mcp-actions/v1", "/oauth/authorize"]
        {
            assert_eq!(
                app.send(get(path, host)).await.status,
                StatusCode::MISDIRECTED_REQUEST,
                "{host} {path}"
            );
        }
    }
    let mut twice = get("/.well-known/oauth-authorization-server", "portal.example.com");
    twice.headers_mut().append("host", "evil.test".parse().expect("a host"));
    assert_eq!(app.send(twice).await.status, StatusCode::MISDIRECTED_REQUEST);
    // Probes ask by address.
    assert_eq!(app.send(get("/readyz", "10.0.0.5:3000")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn on_loopback_the_machines_names_are_one() {
    let app = TestApp::start_at("http://localhost:3000").await;
    let path = "/.well-known/oauth-authorization-server";
    for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"] {
        let answer = app.send(get(path, host)).await;
        assert_eq!(answer.json()["issuer"], "http://localhost:3000", "{host}");
    }
    assert_eq!(app.send(get(path, "localhost:3001")).await.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(app.send(get(path, "rebound.test:3000")).await.status, StatusCode::MISDIRECTED_REQUEST);
}

/// Rule: RFC 6749 section 10.13: no page can be framed
/// Rule: RFC 9700 section 4.16: pages that ask for a decision cannot be framed
/// Attack: 1.1: clickjacking, 6 tries
#[tokio::test]
async fn every_answer_carries_its_id_and_the_protective_headers() {
    let app = TestApp::start().await;
    for path in ["/", "/nothing/here", "/oauth/token", "/api/mcp-actions/v1", "/healthz", "/oauth/authorize"]
    {
        let answer = app.get(path).await;
        assert_ne!(answer.header("x-request-id"), "", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_ne!(answer.header("referrer-policy"), "", "{path}");
        assert_ne!(answer.header("permissions-policy"), "", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
        assert!(["no-store", "private, no-cache"].contains(&answer.header("cache-control")), "{path}");
    }
    let plain = TestApp::start_at("http://localhost:3000").await;
    assert_eq!(plain.get("/healthz").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn ids_of_strangers_are_not_taken_over() {
    let app = TestApp::start().await;
    let mut request = get("/healthz", "portal.example.com");
    request.headers_mut().insert("x-request-id", "chosen-by-the-client".parse().expect("an id"));
    request.extensions_mut().insert(ConnectInfo::<SocketAddr>("203.0.113.9:1".parse().expect("an address")));
    let answer = app.send(request).await;
    assert_ne!(answer.header("x-request-id"), "chosen-by-the-client");
}

#[tokio::test]
async fn unknown_addresses_are_not_found() {
    let app = TestApp::start().await;
    for path in ["/nothing/here", "/.well-known/made-up", "/api", "/assets/none.js"] {
        assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

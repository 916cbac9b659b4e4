//! Attacks on the MCP endpoint.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_core::services::MCP_PATH;
use portal_testkit::app::{Agent, Answer, TestApp, TestClient};
use serde_json::json;

async fn app_with_agents() -> TestApp {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app
}

async fn agent<'app>(app: &'app TestApp, scope: &str) -> Agent<'app> {
    app.agent(&mut app.as_user("ada@example.com").await, scope).await
}

fn post(token: &str) -> http::request::Builder {
    Request::post(MCP_PATH)
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
}

async fn send(app: &TestApp, request: http::request::Builder, body: impl Into<Body>) -> Answer {
    app.send(request.body(body.into()).expect("a request")).await
}

/// Rule: RFC 6750 section 3: a request without a good token is challenged
/// Attack: 1.3: no, malformed, foreign or repeated tokens; cookies; tokens in address or form, 16 tries
#[tokio::test]
async fn only_a_good_access_token_in_the_header_opens_the_door() {
    let app = app_with_agents().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let mut ada = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut ada, "mcp:read offline_access").await;
    let client = TestClient::default();
    let code = client.code(&app, &mut ada, "mcp:read").await;
    let session = ada.cookie("portal_session").expect("a session").to_owned();
    let (token, refresh) = (agent.token.clone(), agent.refresh_token.clone().expect("a token"));
    let headers = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer made-up".to_owned(),
        format!("Bearer {refresh}"),
        format!("Bearer {code}"),
        format!("Bearer {session}"),
        format!("Bearer {}", token.to_lowercase()),
        format!("Bearer {}", token.replacen("ptla_", "ptls_", 1)),
        format!("Bearer {token}{token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer \"{token}\""),
        format!("Basic {token}"),
        format!("Token {token}"),
        token.clone(),
        format!("Bearer {}", "x".repeat(5_000)),
    ];
    assert_eq!(headers.len(), 15);
    for header in headers {
        let mut request = post("").header("x", "y");
        request.headers_mut().expect("headers").insert("authorization", header.parse().expect("a header"));
        let answer =
            send(&app, request, json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{header}");
    }
    let twice = post(&token).header("authorization", format!("Bearer {token}"));
    assert_eq!(send(&app, twice, "{}").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(agent.request("ping", json!({})).await.status, StatusCode::OK);
}

/// Rule: RFC 6750 section 3.1: a token that is refused is invalid_token, 401
/// Rule: RFC 8707 section 2.2: tokens are for the resource that was granted
/// Rule: MCP 2026-07-28 section authorization: tokens for another audience are refused
/// Attack: 1.3: expired, revoked, other audience, 3 tries
#[tokio::test]
async fn a_token_ends_with_its_time_its_revocation_and_its_audience() {
    let app = app_with_agents().await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let expiring = agent(&app, "mcp:read").await.token;
    app.pass(3_600_000 - 1);
    assert_eq!(app.mcp(Some(&expiring), &ping).await.status, StatusCode::OK);
    app.pass(1);
    assert_eq!(app.mcp(Some(&expiring), &ping).await.status, StatusCode::UNAUTHORIZED);
    app.pass(-1);
    assert_eq!(app.mcp(Some(&expiring), &ping).await.status, StatusCode::OK, "only the time was over");

    let revoked = app.agent(&mut app.as_user("eve@example.com").await, "mcp:read").await.token;
    let fields = [("token", revoked.as_str()), ("client_id", &TestClient::default().id)];
    assert_eq!(app.post_form("/oauth/revoke", &fields).await.status, StatusCode::OK);
    assert_eq!(app.mcp(Some(&revoked), &ping).await.status, StatusCode::UNAUTHORIZED);

    // A token that was given for another resource, as after Portal has moved.
    let moved = app.agent(&mut app.as_user("kim@example.com").await, "mcp:read").await.token;
    app.tamper("UPDATE agent_sessions SET resource = 'https://elsewhere.example/api/mcp-actions/v1'").await;
    let app = app.restart().await;
    let refused = app.mcp(Some(&moved), &ping).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.header("www-authenticate").contains("invalid_token"));
}

/// Rule: MCP 2026-07-28 section transport: a foreign Origin is refused with 403
/// Attack: 1.3: DNS rebinding: foreign Host and Origin, 12 tries
#[tokio::test]
async fn a_rebound_name_or_a_foreign_page_gets_nothing() {
    let app = app_with_agents().await;
    let token = agent(&app, "mcp:read").await.token;
    let ping = || json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    for host in [
        "rebound.test",
        "127.0.0.1:3000",
        "localhost",
        "portal.example.com.evil.test",
        "portal.example.com:444",
    ] {
        let answer = send(&app, post(&token).header("host", host), ping()).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    for origin in [
        "https://evil.test",
        "null",
        "http://portal.example.com",
        "https://portal.example.com.evil.test",
        "https://portal.example.com:444",
        "file://",
        "chrome-extension://abc",
    ] {
        let answer = send(&app, post(&token).header("origin", origin), ping()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
    assert_eq!(send(&app, post(&token), ping()).await.status, StatusCode::OK);
}

/// Rule: MCP 2026-07-28 section transport: headers and body agree, or 400 with -32020
/// Attack: 1.3: headers that disagree with the body, 6 tries
#[tokio::test]
async fn headers_that_say_something_else_than_the_body_are_refused() {
    let app = app_with_agents().await;
    let reader = agent(&app, "mcp:read").await;
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "catalog_unregister_entity", "arguments": {}, "_meta": meta}});
    let table = [
        ("2026-07-28", "tools/call", Some("auth_who_am_i")),
        ("2026-07-28", "tools/call", Some("=?base64?YXV0aF93aG9fYW1faQ==?=")),
        ("2026-07-28", "tools/list", Some("catalog_unregister_entity")),
        ("2026-07-28", "tools/call", None),
        ("2025-11-25", "tools/call", Some("auth_who_am_i")),
        ("1999-01-01", "tools/call", Some("catalog_unregister_entity")),
    ];
    assert_eq!(table.len(), 6);
    for (version, method, name) in table {
        let mut request =
            post(&reader.token).header("mcp-protocol-version", version).header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let answer = send(&app, request, call.to_string()).await;
        // Either the fault is told, or what the body says is judged: never what the header says.
        assert!(answer.status.is_client_error(), "{version} {method} {name:?}: {}", answer.text());
        assert!(!answer.text().contains("userEntityRef"));
    }
}

/// Rule: MCP 2026-07-28 section tools: unknown tools and made-up cursors are -32602
/// Attack: 1.3: tools that are hidden, made-up cursors, methods that Portal lacks, 19 tries
#[tokio::test]
async fn hidden_tools_made_up_cursors_and_foreign_methods_are_unknown() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:destructive").await;
    app.set(&[("mcp.sources.catalog.enabled", "false")]).await;
    for tool in [
        "catalog_unregister_entity",
        "catalog.unregister-entity",
        "CATALOG_unregister_entity",
        "",
        "../auth_who_am_i",
    ] {
        let answer = agent.call(tool, json!({})).await;
        assert_eq!(answer.json()["error"]["code"], -32602, "{tool}: {}", answer.text());
    }
    app.set(&[("mcp.sources.catalog.enabled", "true")]).await;
    for cursor in [json!("made-up"), json!("eyJvZmZzZXQiOi0xfQ"), json!("' OR 1=1 --"), json!("\u{0}")] {
        let answer = agent.request("tools/list", json!({ "cursor": cursor })).await;
        assert_eq!(answer.json()["error"]["code"], -32602, "{cursor}: {}", answer.text());
        let query = json!({"kind": "User", "cursor": cursor});
        let answer = agent.call("catalog_query_catalog_entities", query).await.json();
        assert_eq!(answer["result"]["isError"], true, "{cursor}: {answer}");
    }
    for method in [
        "resources/read",
        "completion/complete",
        "logging/setLevel",
        "tasks/get",
        "sampling/createMessage",
        "rpc.discover",
    ] {
        let answer = agent.request(method, json!({"uri": "file:///etc/passwd"})).await;
        assert!(answer.json().get("result").is_none(), "{method}: {}", answer.text());
    }
}

/// Attack: 1.3: 100,000 levels, 10 MB, NaN, half surrogates, batches, a member twice, 15 tries
#[tokio::test]
async fn messages_that_are_no_messages_are_refused_within_their_limits() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:read").await;
    let deep = |levels: usize| {
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{{\"x\":{}{}}}}}",
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let bodies: [(&str, Vec<u8>); 14] = [
        ("200 levels", deep(200).into_bytes()),
        ("100,000 levels", deep(100_000).into_bytes()),
        ("NaN", br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":NaN}}"#.to_vec()),
        ("half a surrogate", br#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#.to_vec()),
        ("no UTF-8", b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec()),
        ("a batch", br#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#.to_vec()),
        ("an empty batch", b"[]".to_vec()),
        ("nothing", Vec::new()),
        ("a text", b"\"ping\"".to_vec()),
        (
            "two messages",
            br#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}"#.to_vec(),
        ),
        ("cut off", br#"{"jsonrpc":"2.0","id":1,"method":"ping""#.to_vec()),
        ("no version", br#"{"id":1,"method":"ping"}"#.to_vec()),
        ("a BOM", b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}".to_vec()),
        ("10 MB", format!("{{\"x\":\"{}\"}}", "x".repeat(10_000_000)).into_bytes()),
    ];
    for (name, body) in bodies {
        let answer = send(&app, post(&agent.token).header("mcp-protocol-version", "2025-11-25"), body).await;
        assert!(answer.status.is_client_error(), "{name}: {} {}", answer.status, answer.text());
    }
    // Twice the same member: what is authorized must be what is done.
    let twice = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"auth_who_am_i","name":"catalog_unregister_entity","arguments":{}}}"#;
    let answer =
        send(&app, post(&agent.token).header("mcp-protocol-version", "2025-11-25"), twice.to_vec()).await;
    assert!(!answer.status.is_success() || answer.json().get("error").is_some(), "{}", answer.text());
    assert_eq!(agent.request("ping", json!({})).await.status, StatusCode::OK, "Portal is well");
}

//! The MCP endpoint: who may call, what is refused and how, and what tools answer.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use portal_core::{identity::Admin, identity::UserChange, services::MCP_PATH};
use portal_testkit::app::{Agent, Answer, TestApp};
use serde_json::{Value, json};

async fn app_with_agents() -> TestApp {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app
}

async fn agent<'app>(app: &'app TestApp, scope: &str) -> Agent<'app> {
    app.agent(&mut app.as_user("ada@example.com").await, scope).await
}

/// Status and error code of a JSON-RPC error.
fn error(answer: &Answer) -> (u16, i64) {
    (
        answer.status.as_u16(),
        answer.json()["error"]["code"].as_i64().unwrap_or_else(|| panic!("{}", answer.text())),
    )
}

/// Rule: RFC 6750 section 3: a request without a good token is challenged
/// Rule: RFC 6750 section 3: where no token came, the challenge has no error word
/// Rule: RFC 6750 section 3.1: a token that is refused is invalid_token, 401
/// Rule: RFC 9728 section 5.1: the challenge names the document
#[tokio::test]
async fn the_challenge_says_what_is_wrong() {
    let app = app_with_agents().await;
    let metadata =
        format!("resource_metadata=\"{}/.well-known/oauth-protected-resource{MCP_PATH}\"", app.url());
    let missing = app.mcp(None, &json!({})).await;
    assert_eq!(missing.header("www-authenticate"), format!("Bearer {metadata}, scope=\"mcp:read\""));
    for token in ["made-up", "ptla_0000000000000000000000000000000000000000000", ""] {
        let refused = app.mcp(Some(token), &json!({})).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{token}");
        let challenge = format!("Bearer error=\"invalid_token\", {metadata}, scope=\"mcp:read\"");
        assert_eq!(refused.header("www-authenticate"), challenge, "{token}");
    }
}

/// Rule: RFC 6750 section 2.3: no token is taken from a form or an address
/// Attack: 1.3: no, malformed, foreign or repeated tokens; cookies; tokens in address or form, 2 tries
#[tokio::test]
async fn a_browser_session_is_no_token_and_neither_is_an_address() {
    let app = app_with_agents().await;
    let mut browser = app.as_admin("root@example.com").await;
    let token = agent(&app, "mcp:read").await.token;
    assert_eq!(browser.post(MCP_PATH, &[]).await.status, StatusCode::UNAUTHORIZED);
    let address = format!("{MCP_PATH}?access_token={token}");
    assert_eq!(browser.post(&address, &[("access_token", &token)]).await.status, StatusCode::UNAUTHORIZED);
}

/// Rule: MCP 2026-07-28 section transport: methods other than POST are told so
#[tokio::test]
async fn methods_other_than_post_are_told_so() {
    let app = app_with_agents().await;
    let token = agent(&app, "mcp:read").await.token;
    let ask = async |method: Method, token: Option<&str>, accept: &str| {
        let mut request = Request::builder().method(method).uri(MCP_PATH).header("accept", accept);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        app.send(request.body(Body::empty()).expect("a request")).await
    };
    for method in [Method::GET, Method::DELETE] {
        let known = ask(method.clone(), Some(&token), "text/event-stream").await;
        assert_eq!(
            (known.status, known.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "POST"),
            "{method}"
        );
        let unknown = ask(method, None, "text/event-stream").await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
        assert_ne!(unknown.header("www-authenticate"), "");
    }
    // A person who opens the address in a browser reads what it is for.
    let page = ask(Method::GET, None, "text/html,application/xhtml+xml").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert_ne!(page.header("www-authenticate"), "");
    assert!(page.text().contains(&format!("{}{MCP_PATH}", app.url())), "{}", page.text());
}

/// Rule: RFC 6750 section 3.1: too small a scope is insufficient_scope, 403, with the scope needed
/// Rule: MCP 2026-07-28 section authorization: a challenge for more names all scopes of the call at once
/// Attack: 1.3: a good token beyond its scope, 2 tries
#[tokio::test]
async fn a_tool_beyond_the_scope_asks_for_more() {
    let app = app_with_agents().await;
    let reader = agent(&app, "mcp:read").await;
    for (tool, scope) in [
        ("catalog_register_entity", "mcp:read mcp:write"),
        ("catalog_unregister_entity", "mcp:read mcp:write mcp:destructive"),
    ] {
        let refused = reader.call(tool, json!({})).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{tool}");
        let challenge = refused.header("www-authenticate");
        assert!(
            challenge.starts_with("Bearer error=\"insufficient_scope\", resource_metadata="),
            "{challenge}"
        );
        assert!(challenge.ends_with(&format!("scope=\"{scope}\"")), "{challenge}");
    }
    // It is listed all the same, so that the agent knows that it could ask.
    assert!(reader.tool_names().await.contains(&"catalog_unregister_entity".to_owned()));
}

/// Rule: MCP 2026-07-28 section tools: unknown tools and made-up cursors are -32602
/// Attack: 1.3: tools that are hidden, made-up cursors, methods that Portal lacks, 3 tries
#[tokio::test]
async fn unknown_tools_and_tools_of_a_source_that_is_off_look_alike() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:destructive").await;
    app.set(&[("mcp.sources.catalog.enabled", "false")]).await;
    let without_name = |mut answer: Value| {
        answer["error"]["message"] = "[message]".into();
        answer
    };
    let unknown = agent.call("no_such_tool", json!({})).await;
    assert_eq!(error(&unknown), (200, -32602));
    for tool in ["catalog_get_catalog_entity", "catalog_unregister_entity", "catalog.get-catalog-entity"] {
        let off = agent.call(tool, json!({})).await;
        assert_eq!(off.status, unknown.status);
        assert_eq!(without_name(off.json()), without_name(unknown.json()), "{tool}");
    }
    assert_eq!(agent.tool_names().await, ["auth_who_am_i"]);
    app.set(&[("mcp.sources.auth.enabled", "false"), ("mcp.sources.catalog.enabled", "true")]).await;
    assert_eq!(error(&agent.call("auth_who_am_i", json!({})).await), (200, -32602));
    assert!(!agent.tool_names().await.contains(&"auth_who_am_i".to_owned()));
}

/// Rule: MCP 2026-07-28 section tools: the order of tools is stable
#[tokio::test]
async fn the_reference_names_work_and_are_not_listed() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:read").await;
    for name in ["auth_who_am_i", "auth.who-am-i", "auth_who-am-i"] {
        let answer = agent.call(name, json!({})).await.json();
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
    let listed = agent.tool_names().await;
    let plain = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    assert!(listed.iter().all(plain), "{listed:?}");
    let mut sorted = listed.clone();
    sorted.dedup();
    assert_eq!(listed, sorted, "each tool once");
    assert_eq!(listed, agent.tool_names().await, "in a stable order");
}

/// Rule: MCP 2026-07-28 section transport: a notification is answered by 202
#[tokio::test]
async fn faults_of_the_message_are_the_protocols() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:read").await;
    assert_eq!(agent.request("no/such/method", json!({})).await.json()["error"]["code"], -32601);
    assert_eq!(error(&agent.request("tools/list", json!({"cursor": "made-up"})).await), (200, -32602));
    let batch = json!([{"jsonrpc": "2.0", "id": 1, "method": "ping"}]);
    assert!(agent.post(&batch).await.status.is_client_error());
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(agent.post(&notification).await.status, StatusCode::ACCEPTED);
    let large = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "x".repeat(1_100_000)}});
    assert_eq!(agent.post(&large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// Rule: MCP 2026-07-28 section tools: faults of the input are results that the agent reads
#[tokio::test]
async fn faults_of_the_input_are_answers_that_the_agent_reads() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:read").await;
    let answer = agent.call("auth_who_am_i", json!({"surprise": 1})).await.json();
    assert_eq!(answer["result"]["isError"], true);
    let text = answer["result"]["content"][0]["text"].as_str().expect("a text");
    insta::assert_snapshot!(text, @"InputError: surprise: this tool takes no input");
}

/// Rule: MCP 2026-07-28 section transport: a foreign Origin is refused with 403
/// Attack: 1.3: DNS rebinding: foreign Host and Origin, 8 tries
#[tokio::test]
async fn origins_are_those_of_portal() {
    let app = app_with_agents().await;
    let token = agent(&app, "mcp:read").await.token;
    let ask = async |method: Method, origin: &str| {
        let request = Request::builder()
            .method(method)
            .uri(MCP_PATH)
            .header("origin", origin)
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json");
        let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
        app.send(request.body(Body::from(ping)).expect("a request")).await
    };
    let own = ask(Method::POST, app.url()).await;
    assert_eq!((own.status, own.header("access-control-allow-origin")), (StatusCode::OK, app.url()));
    assert_eq!(ask(Method::OPTIONS, app.url()).await.status, StatusCode::NO_CONTENT);
    for origin in
        ["https://evil.test", "null", "http://portal.example.com", "https://portal.example.com.evil.test"]
    {
        let refused = ask(Method::POST, origin).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(refused.header("access-control-allow-origin"), "");
        assert_eq!(ask(Method::OPTIONS, origin).await.status, StatusCode::FORBIDDEN);
    }
}

/// Rule: Portal section 2: who was disabled or signed out everywhere is refused at the next call
#[tokio::test]
async fn who_is_disabled_is_refused_at_once() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:read").await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK);
    let admin = Admin::command_line();
    let identity = &app.services.identity;
    let ada = identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    identity.user_change(&admin, &ada.id, UserChange::Disable).await.expect("a change");
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);
}

/// Rule: Portal section 2: an outage is 503 and costs nobody a token
#[tokio::test]
async fn an_outage_is_not_a_bad_token() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:read").await;
    app.break_store(true);
    let answer = agent.call("auth_who_am_i", json!({})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_ne!(answer.header("retry-after"), "");
    assert_eq!(answer.header("www-authenticate"), "");
    app.break_store(false);
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn calls_are_written_down_with_their_outcome() {
    let app = app_with_agents().await;
    let agent = agent(&app, "mcp:read").await;
    agent.call("auth_who_am_i", json!({})).await;
    app.pass(10);
    agent.call("auth_who_am_i", json!({"surprise": 1})).await;
    app.pass(10);
    agent.call("catalog_unregister_entity", json!({})).await;
    app.services.activity.flush().await.expect("the activity log");
    let admin = Admin::command_line();
    let ada = app.services.identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    let calls = app
        .services
        .dependencies
        .store
        .read()
        .await
        .expect("a transaction")
        .tool_call_list(&ada.id, 10)
        .await;
    let calls: Vec<String> = calls
        .expect("calls")
        .iter()
        .map(|call| format!("{} {} {} {:?}", call.source, call.tool, call.outcome.as_str(), call.address))
        .collect();
    insta::assert_snapshot!(calls.join("\n"), @r#"
    catalog catalog_unregister_entity refused Some("203.0.113.7")
    auth auth_who_am_i failed Some("203.0.113.7")
    auth auth_who_am_i done Some("203.0.113.7")
    "#);
}

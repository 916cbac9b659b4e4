//! An agent that knows nothing but the address of the MCP endpoint, up to its first tool call.

use http::StatusCode;
use portal_testkit::app::{TestApp, TestClient, query};
use serde_json::{Value, json};

/// What a client reads from a challenge's parameter.
fn parameter(challenge: &str, name: &str) -> String {
    let start = challenge.find(&format!("{name}=\"")).expect("the parameter") + name.len() + 2;
    challenge[start..].split('"').next().expect("an end").to_owned()
}

fn text<'json>(document: &'json Value, name: &str) -> &'json str {
    document[name].as_str().unwrap_or_else(|| panic!("{name} in {document}"))
}

/// Rule: RFC 6749 section 5.1: token answers are kept by no cache
/// Rule: RFC 8414 section 2: the document has every member that clients need
/// Rule: RFC 8414 section 3.3: the issuer is the address byte for byte
/// Rule: RFC 9728 section 5.1: the challenge names the document
/// Rule: CIMD draft-02 section 6: the metadata say that documents are taken, while they are
/// Rule: MCP 2026-07-28 section authorization: the resource names its authorization server
#[tokio::test]
async fn an_agent_finds_its_way_from_the_challenge_to_who_am_i() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;

    // The challenge names the resource's metadata, that the server, and that the endpoints.
    let refused = app.mcp(None, &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let challenge = refused.header("www-authenticate");
    insta::assert_snapshot!(challenge, @r#"Bearer resource_metadata="https://portal.example.com/.well-known/oauth-protected-resource/api/mcp-actions/v1", scope="mcp:read""#);
    let resource_url = parameter(challenge, "resource_metadata");
    let resource = app.get(resource_url.strip_prefix(app.url()).expect("our own address")).await.json();
    insta::assert_json_snapshot!("protected_resource", resource);
    let issuer = resource["authorization_servers"][0].as_str().expect("an issuer").to_owned();
    assert_eq!(issuer, app.url());
    let server = app.get("/.well-known/oauth-authorization-server").await.json();
    insta::assert_json_snapshot!("authorization_server", server);
    assert_eq!(text(&server, "issuer"), issuer);

    // The person signs in and allows; the code comes back with state and issuer.
    let mut browser = app.as_user("ada@example.com").await;
    let client = TestClient::default();
    let code = client.code(&app, &mut browser, &parameter(challenge, "scope")).await;
    let token_path = text(&server, "token_endpoint").strip_prefix(app.url()).expect("our own address");
    let answer = app.post_form(token_path, &client.exchange_fields(&code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let tokens = answer.json();
    insta::assert_json_snapshot!("token_answer", tokens, { ".access_token" => "[token]" });
    assert!(text(&tokens, "access_token").starts_with("ptla_"));

    // The agent begins as the protocol says, and asks for whom it acts.
    let token = Some(text(&tokens, "access_token"));
    let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    insta::assert_json_snapshot!("initialize", app.mcp(token, &initialize).await.json());
    let list = app.mcp(token, &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).await.json();
    insta::assert_json_snapshot!("who_am_i_as_listed", list["result"]["tools"][0]);
    let call =
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "auth_who_am_i"}});
    let who = app.mcp(token, &call).await.json();
    let content = &who["result"]["structuredContent"];
    assert_eq!(content["userInfo"]["userEntityRef"], "user:default/ada", "{who}");
    insta::assert_json_snapshot!("who_am_i", content);
    let block: Value = serde_json::from_str(text(&who["result"]["content"][0], "text")).expect("JSON");
    assert_eq!(&block, content, "the text block says the same");
}

/// Rule: MCP 2026-07-28 section transport: headers and body agree, or 400 with -32020
/// Rule: MCP 2026-07-28 section server: server/discover answers without a handshake
/// Rule: MCP 2026-07-28 section server: lists say how long and for whom they may be kept
#[tokio::test]
async fn the_modern_revision_needs_no_handshake() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let agent = app.agent(&mut app.as_user("ada@example.com").await, "mcp:read").await;
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"}});
    let discover = agent.modern("server/discover", None, json!({"_meta": meta})).await;
    assert_eq!(discover.status, StatusCode::OK, "{}", discover.text());
    insta::assert_json_snapshot!("discover", discover.json());
    let list = agent.modern("tools/list", None, json!({"_meta": meta})).await.json();
    assert_eq!(list["result"]["cacheScope"], "private");
    assert!(list["result"]["ttlMs"].is_u64());
    let call = json!({"_meta": meta, "name": "auth_who_am_i", "arguments": {}});
    let who = agent.modern("tools/call", Some("auth_who_am_i"), call.clone()).await.json();
    assert_eq!(who["result"]["resultType"], "complete", "{who}");
    assert_eq!(who["result"]["structuredContent"]["userInfo"]["userEntityRef"], "user:default/ada");

    // A name in the header that is not the one in the body is a mismatch, whatever the caller may call.
    let other = agent.modern("tools/call", Some("catalog_get_catalog_entity"), call).await;
    assert_eq!((other.status, &other.json()["error"]["code"]), (StatusCode::BAD_REQUEST, &json!(-32020)));
}

/// Rule: RFC 6749 section 4.1.2.1: nobody is redirected before client and redirect URI are good
/// Attack: 1.1: unknown or refused clients, markup in the id, 6 tries
#[tokio::test]
async fn a_request_that_names_no_good_client_stays_on_our_page() {
    let app = TestApp::start().await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    let path = client.authorize_path(&app, "mcp:read");

    // Switched off: a clear page, no redirect.
    let off = app.get(&path).await;
    assert_eq!((off.status, off.location()), (StatusCode::BAD_REQUEST, ""));
    assert!(off.text().contains("Agents cannot sign in here yet"), "{}", off.text());
    assert!(off.text().contains("cimd-disabled"), "the code to quote to an admin");

    app.let_agents_sign_in().await;
    for (from, to) in [
        (
            "redirect_uri=http%3A%2F%2F127.0.0.1%3A33418%2Fcallback",
            "redirect_uri=https%3A%2F%2Fevil.test%2Fcallback",
        ),
        ("client_id=https", "client_id=http"),
        ("response_type=code", "response_type=code&response_type=code"),
        ("&scope=", "&client_id=x&scope="),
        ("client_id=", "no_client_id="),
    ] {
        let bad = path.replacen(from, to, 1);
        assert_ne!(bad, path);
        let answer = app.get(&bad).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{to}");
        assert!(answer.header("content-security-policy").contains("script-src 'none'"));
        assert!(answer.cookies().is_empty());
    }

    // Once client and redirect URI are good, the client is told: with state and issuer.
    let bad = path.replacen("response_type=code", "response_type=token", 1);
    let answer = app.get(&bad).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let told = |name| query(answer.location(), name);
    assert!(answer.location().starts_with("http://127.0.0.1:33418/callback?"));
    assert_eq!(told("error").as_deref(), Some("unsupported_response_type"));
    assert_eq!(told("state").as_deref(), Some(client.state.as_str()));
    assert_eq!(told("iss").as_deref(), Some(app.url()));
}

#[tokio::test]
async fn the_authorization_endpoint_never_answers_scripts() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    let request = http::Request::get(client.authorize_path(&app, "mcp:read"))
        .header("origin", "https://agent.example.net")
        .body(axum::body::Body::empty())
        .expect("a request");
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

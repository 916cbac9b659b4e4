//! Clients that are registered here: by an admin, and by themselves (RFC 7591).

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, StatusCode};
use portal_core::{
    identity::Admin,
    oauth::{ClientRequest, MadeClient},
};
use portal_testkit::app::{Answer, TestApp, TestClient, form};
use serde_json::{Value, json};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";
const DAY_MS: i64 = 86_400_000;

/// Has an admin register a client with this method.
async fn register(app: &TestApp, method: &str) -> MadeClient {
    let request = ClientRequest {
        name: "Build agent".to_owned(),
        redirect_uris: "http://127.0.0.1/callback\nhttps://agent.example.net/cb".to_owned(),
        method: method.to_owned(),
        refresh_grant: true,
    };
    app.services.registry.create(&Admin::command_line(), &request).await.expect("a client")
}

fn test_client(id: &str) -> TestClient {
    TestClient { id: id.to_owned(), ..TestClient::default() }
}

/// Posts to the token endpoint with Basic credentials.
async fn post_basic(app: &TestApp, id: &str, secret: &str, fields: &[(&str, &str)]) -> Answer {
    let request = Request::post("/oauth/token")
        .header("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
        .header("content-type", "application/x-www-form-urlencoded");
    app.send(request.body(Body::from(form(fields))).expect("a request")).await
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["error"].as_str().expect("an error word").to_owned())
}

fn invalid_client() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

fn text(json: &Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("{name} in {json}")).to_owned()
}

/// The fields without the client's id.
fn without_id<'a>(mut fields: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    fields.retain(|(name, _)| *name != "client_id");
    fields
}

/// Rule: RFC 6749 section 5.2: who tried the Authorization header is answered 401 with the scheme
/// Rule: CIMD draft-02 section 7.1: ids that Portal makes do not look like addresses
#[tokio::test]
async fn a_registered_client_signs_in_while_documents_are_off() {
    let app = TestApp::start().await;
    assert_eq!(app.get(RESOURCE).await.status, StatusCode::NOT_FOUND);
    let made = register(&app, "client_secret_basic").await;
    let (id, secret) = (made.client.client_id.as_str(), made.secret.expect("a secret"));
    assert!(id.starts_with("ptl-client-") && secret.expose().starts_with("ptlk_"));
    assert_eq!(app.get(RESOURCE).await.status, StatusCode::OK, "there is a way to sign in now");
    let server = app.get(SERVER).await.json();
    let methods = json!(["none", "client_secret_basic", "client_secret_post"]);
    assert_eq!(server["token_endpoint_auth_methods_supported"], methods);
    assert_eq!(server.get("client_id_metadata_document_supported"), None);
    assert_eq!(server.get("registration_endpoint"), None);

    let client = test_client(id);
    let mut ada = app.as_user("ada@example.com").await;
    let begun = ada.get(&client.authorize_path(&app, "mcp:read")).await;
    let page = ada.get(begun.location()).await.text();
    assert!(page.contains("Registered in this Portal by an admin"), "{page}");
    assert!(page.contains("Build agent") && page.contains(id));

    let code = client.code(&app, &mut ada, "mcp:read").await;
    let fields = without_id(client.exchange_fields(&code));
    let wrong = post_basic(&app, id, "wrong secret of the agent", &fields).await;
    assert_eq!(error(&wrong), invalid_client());
    assert_eq!(wrong.header("www-authenticate"), "Basic realm=\"Portal\"");
    let answer = post_basic(&app, id, secret.expose(), &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "a wrong secret has not used the code: {}", answer.text());
    let token = text(&answer.json(), "access_token");
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(app.mcp(Some(&token), &ping).await.status, StatusCode::OK);

    // Deleting it ends what it had, and closes the way it came.
    let ended = app.services.registry.delete(&Admin::command_line(), id).await.expect("deleted");
    assert_eq!(ended, 1);
    assert_eq!(app.mcp(Some(&token), &ping).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.get(RESOURCE).await.status, StatusCode::NOT_FOUND);
    let gone = ada.get(&client.authorize_path(&app, "mcp:read")).await;
    assert_eq!((gone.status, gone.location()), (StatusCode::BAD_REQUEST, ""));
}

/// Rule: RFC 6749 section 2.3: a client authenticates in one way only in a request
/// Rule: RFC 6749 section 4.1.2: a code is bound to its client and redirect URI
/// Attack: 1.2: a code with another client, redirect, verifier, resource; at its last millisecond
#[tokio::test]
async fn a_client_authenticates_by_its_own_method_only() {
    let app = TestApp::start().await;
    let mut ada = app.as_user("ada@example.com").await;
    let (basic, post, public) = (
        register(&app, "client_secret_basic").await,
        register(&app, "client_secret_post").await,
        register(&app, "none").await,
    );
    assert!(public.secret.is_none());
    let secret = |made: &MadeClient| made.secret.as_ref().expect("a secret").expose().to_owned();
    let (basic_secret, post_secret) = (secret(&basic), secret(&post));
    let client = test_client(&basic.client.client_id);
    let code = client.code(&app, &mut ada, "mcp:read").await;
    let fields = client.exchange_fields(&code);
    assert_eq!(error(&app.post_form("/oauth/token", &fields).await), invalid_client(), "no credentials");
    let by_post = [fields.clone(), vec![("client_secret", basic_secret.as_str())]].concat();
    assert_eq!(error(&app.post_form("/oauth/token", &by_post).await), invalid_client(), "another method");
    let both = post_basic(&app, &client.id, &basic_secret, &by_post).await;
    assert_eq!(error(&both), (400, "invalid_request".to_owned()), "two methods");
    // The secret of one client proves nothing about another (RFC 6749 section 2.3).
    let other = post_basic(&app, &client.id, &post_secret, &fields).await;
    assert_eq!(error(&other), invalid_client());
    let posted = [("client_id", post.client.client_id.as_str()), ("client_secret", post_secret.as_str())];
    let stolen = [without_id(fields.clone()), posted.to_vec()].concat();
    let answer = app.post_form("/oauth/token", &stolen).await;
    assert_eq!(error(&answer), (400, "invalid_grant".to_owned()), "a code of another client");
    assert_eq!(post_basic(&app, &client.id, &basic_secret, &fields).await.status, StatusCode::OK);

    let client = test_client(&post.client.client_id);
    let code = client.code(&app, &mut ada, "mcp:read").await;
    let fields = [client.exchange_fields(&code), vec![("client_secret", post_secret.as_str())]].concat();
    assert_eq!(app.post_form("/oauth/token", &fields).await.status, StatusCode::OK);

    let client = test_client(&public.client.client_id);
    let code = client.code(&app, &mut ada, "mcp:read").await;
    let fields = client.exchange_fields(&code);
    let with_secret = [fields.clone(), vec![("client_secret", "anything")]].concat();
    assert_eq!(error(&app.post_form("/oauth/token", &with_secret).await), invalid_client());
    assert_eq!(app.post_form("/oauth/token", &fields).await.status, StatusCode::OK);
}

/// Rule: Portal section 1: a client that authenticates keeps its session when an old token comes back
#[tokio::test]
async fn a_replayed_refresh_token_of_a_confidential_client_ends_nothing() {
    let app = TestApp::start().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let made = register(&app, "client_secret_basic").await;
    let (id, secret) = (made.client.client_id.as_str(), made.secret.expect("a secret"));
    let client = test_client(id);
    let code = client.code(&app, &mut app.as_user("ada@example.com").await, "mcp:read").await;
    let post = async |fields: &[(&str, &str)]| post_basic(&app, id, secret.expose(), fields).await;
    let first = text(&post(&client.exchange_fields(&code)).await.json(), "refresh_token");
    let refresh = |token: &str| {
        vec![
            ("grant_type".to_owned(), "refresh_token".to_owned()),
            ("refresh_token".to_owned(), token.to_owned()),
        ]
    };
    let send = async |token: &str| {
        let fields = refresh(token);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        post(&fields).await
    };
    let second = text(&send(&first).await.json(), "refresh_token");
    let third = text(&send(&second).await.json(), "refresh_token");
    assert_eq!(error(&send(&first).await), (400, "invalid_grant".to_owned()));
    let unauthenticated = [("grant_type", "refresh_token"), ("refresh_token", &third), ("client_id", id)];
    assert_eq!(error(&app.post_form("/oauth/token", &unauthenticated).await), invalid_client());
    assert_eq!(send(&third).await.status, StatusCode::OK, "the session lives");
    let filter = portal_core::audit::AuditFilter {
        action_prefix: Some("agent-session.replay-refused".to_owned()),
        ..portal_core::audit::AuditFilter::default()
    };
    let rows = app.services.audit.list(&Admin::command_line(), &filter, None, 10).await.expect("rows");
    assert_eq!(rows.len(), 1);
}

/// Rule: RFC 6749 section 2.3.1: guessing of client secrets is slowed down
/// Attack: 1.2: guessed client secrets, 21 tries
#[tokio::test]
async fn guessing_secrets_is_slowed_down() {
    let app = TestApp::start().await;
    let made = register(&app, "client_secret_basic").await;
    let id = made.client.client_id.as_str();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for _ in 0..20 {
        assert_eq!(error(&post_basic(&app, id, "guess", &fields).await), invalid_client());
    }
    let slowed = post_basic(&app, id, "guess", &fields).await;
    assert_eq!(error(&slowed), (429, "slow_down".to_owned()));
    assert_ne!(slowed.header("retry-after"), "");
    app.pass(60_000);
    let right = made.secret.expect("a secret");
    let answer = post_basic(&app, id, right.expose(), &fields).await;
    assert_eq!(error(&answer), (400, "invalid_grant".to_owned()), "known again after a minute");
}

#[tokio::test]
async fn a_new_secret_replaces_the_old_one_at_once() {
    let app = TestApp::start().await;
    let made = register(&app, "client_secret_basic").await;
    let (id, old) = (made.client.client_id.as_str(), made.secret.expect("a secret"));
    let admin = Admin::command_line();
    let new = app.services.registry.rotate_secret(&admin, id).await.expect("a secret");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    assert_eq!(error(&post_basic(&app, id, old.expose(), &fields).await), invalid_client());
    let answer = post_basic(&app, id, new.expose(), &fields).await;
    assert_eq!(error(&answer), (400, "invalid_grant".to_owned()));
    let public = register(&app, "none").await;
    app.services.registry.rotate_secret(&admin, &public.client.client_id).await.expect_err("it has none");
}

async fn register_itself(app: &TestApp, metadata: &Value) -> Answer {
    let request = Request::post("/oauth/register")
        .header("content-type", "application/json")
        .header("origin", "https://agent.example.net");
    app.send(request.body(Body::from(metadata.to_string())).expect("a request")).await
}

/// Rule: RFC 7591 section 3.2.1: the answer is 201 with what was registered
#[tokio::test]
async fn an_agent_registers_itself_where_that_is_allowed() {
    let app = TestApp::start().await;
    let metadata = json!({ "client_name": "Old \u{202e}agent", "redirect_uris": ["http://127.0.0.1:9999/callback"],
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"], "x": 1 });
    let off = register_itself(&app, &metadata).await;
    assert_eq!(off.status, StatusCode::NOT_FOUND, "off by default");
    assert_eq!(app.get(SERVER).await.json().get("registration_endpoint"), None);

    app.set(&[("mcp.dcr.enabled", "true")]).await;
    let server = app.get(SERVER).await.json();
    assert_eq!(server["registration_endpoint"], format!("{}/oauth/register", app.url()));
    assert_eq!(app.get(RESOURCE).await.status, StatusCode::OK);
    let answer = register_itself(&app, &metadata).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(
        (answer.header("cache-control"), answer.header("access-control-allow-origin")),
        ("no-store", "*")
    );
    let registered = answer.json();
    insta::assert_json_snapshot!("registration", registered, { ".client_id" => "[id]" });

    let client = test_client(&text(&registered, "client_id"));
    let mut ada = app.as_user("ada@example.com").await;
    let begun = ada.get(&client.authorize_path(&app, "mcp:read")).await;
    let page = ada.get(begun.location()).await.text();
    assert!(page.contains("This agent registered itself (legacy)."), "{page}");
    let code = client.code(&app, &mut ada, "mcp:read").await;
    let fields = client.exchange_fields(&code);

    // While it is off, such a client gets nothing; on again, it goes on.
    app.set(&[("mcp.dcr.enabled", "false")]).await;
    let refused = app.post_form("/oauth/token", &fields).await;
    assert_eq!(error(&refused), (400, "unauthorized_client".to_owned()));
    assert_eq!(ada.get(&client.authorize_path(&app, "mcp:read")).await.status, StatusCode::BAD_REQUEST);
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    assert_eq!(app.post_form("/oauth/token", &fields).await.status, StatusCode::OK);
}

/// Rule: RFC 7591 section 2: a client that names no method gets client_secret_basic
/// Rule: RFC 7591 section 3.2.2: metadata that cannot be used are refused by their word
#[tokio::test]
async fn metadata_that_cannot_be_used_are_refused_by_their_word() {
    let app = TestApp::start().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    let uri = "http://127.0.0.1/callback";
    for (metadata, word) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://a.example/#x"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://a.example/"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": vec![uri; 21] }), "invalid_redirect_uri"),
        (
            json!({ "redirect_uris": [uri], "token_endpoint_auth_method": "private_key_jwt" }),
            "invalid_client_metadata",
        ),
        (json!({ "redirect_uris": [uri], "grant_types": ["client_credentials"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [uri], "response_types": ["token"] }), "invalid_client_metadata"),
        (json!([1]), "invalid_client_metadata"),
        (json!({ "redirect_uris": [uri], "client_name": "x".repeat(20_000) }), "invalid_client_metadata"),
    ] {
        let answer = register_itself(&app, &metadata).await;
        assert_eq!(error(&answer), (400, word.to_owned()), "{metadata}");
    }
    assert_eq!(app.get("/oauth/register").await.status, StatusCode::METHOD_NOT_ALLOWED);
    // A client that names no method gets a secret (RFC 7591 section 2).
    let confidential = register_itself(&app, &json!({ "redirect_uris": [uri] })).await.json();
    assert_eq!(confidential["token_endpoint_auth_method"], "client_secret_basic");
    assert!(text(&confidential, "client_secret").starts_with("ptlk_"));
    assert_eq!(confidential["client_secret_expires_at"], 0);
}

/// Rule: RFC 7591 section 5: registrations are limited, and expire unused
#[tokio::test]
async fn registrations_are_limited_and_expire_unused() {
    let app = TestApp::start().await;
    app.set(&[("mcp.dcr.enabled", "true")]).await;
    let metadata =
        json!({ "redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none" });
    let unused = text(&register_itself(&app, &metadata).await.json(), "client_id");
    for _ in 1..20 {
        assert_eq!(register_itself(&app, &metadata).await.status, StatusCode::CREATED);
    }
    let slowed = register_itself(&app, &metadata).await;
    assert_eq!(error(&slowed), (429, "slow_down".to_owned()));
    app.pass(3_600_000);
    let used = text(&register_itself(&app, &metadata).await.json(), "client_id");

    app.pass(20 * DAY_MS);
    let client = test_client(&used);
    let mut ada = app.as_user("ada@example.com").await;
    let code = client.code(&app, &mut ada, "mcp:read").await;
    assert_eq!(app.post_form("/oauth/token", &client.exchange_fields(&code)).await.status, StatusCode::OK);
    app.pass(11 * DAY_MS);
    let pruned = portal_core::audit::prune(&app.services.dependencies).await.expect("pruned");
    // The oldest had given way to the twenty-first.
    assert_eq!(pruned.clients, 19);
    let admin = Admin::command_line();
    assert!(app.services.registry.find(&admin, &unused).await.expect("an answer").is_none());
    assert!(app.services.registry.find(&admin, &used).await.expect("an answer").is_some());
}

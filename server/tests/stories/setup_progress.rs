//! The guided setup while an agent connects, examples to try, and what agents did.

use http::StatusCode;
use portal_core::{
    catalog::StagedEntity,
    changes::{Changes, Topic},
    identity::local_location_id,
    setup::{Agent, SetupState},
    time::{DAY_MS, SECOND_MS},
};
use portal_model::EntityRef;
use portal_testkit::app::{Browser, TestApp, TestClient};
use serde_json::json;

const GUIDE: &str = "/mcp/setup?agent=claude-code";

async fn state(app: &TestApp, browser: &Browser<'_>, agent: Option<Agent>) -> SetupState {
    let signed_in = browser.signed_in().await;
    app.services.setup.progress(&signed_in, agent).await.expect("progress").state
}

async fn version(app: &TestApp, browser: &Browser<'_>) -> String {
    let signed_in = browser.signed_in().await;
    app.services.setup.progress_version(&signed_in, Some(Agent::ClaudeCode)).await.expect("a version")
}

async fn changes(app: &TestApp) -> Changes {
    app.services.dependencies.changes.current().await.expect("counters")
}

#[tokio::test]
async fn the_page_goes_from_waiting_to_connected_step_by_step() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut ada = app.as_user("ada@example.com").await;
    let client = TestClient::default();
    let mut versions = Vec::new();

    let page = ada.get(GUIDE).await.text();
    assert!(
        page.contains("Waiting for your agent…") && page.contains("Refresh"),
        "it works without scripting"
    );
    assert!(page.contains("/_live/setup?agent=claude-code") && page.contains("id=\"attempt-state\""));
    versions.push(version(&app, &ada).await);

    app.pass(SECOND_MS);
    app.fetcher.serve(&client.id, &client.document());
    ada.get(&client.authorize_path(&app, "mcp:read")).await;
    assert!(ada.get(GUIDE).await.text().contains("Signing in…"));
    versions.push(version(&app, &ada).await);

    app.pass(SECOND_MS);
    let agent = app.agent(&mut ada, "mcp:read").await;
    assert!(ada.get(GUIDE).await.text().contains("Waiting for its first call…"));
    versions.push(version(&app, &ada).await);

    app.pass(SECOND_MS);
    let before = changes(&app).await;
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}});
    assert_eq!(agent.request("initialize", hello).await.status, StatusCode::OK);
    assert_eq!(app.services.attempts.flush().await.expect("a store"), 1);
    assert!(changes(&app).await.attempts > before.attempts, "{} is raised", Topic::Attempts.as_str());
    let page = ada.get(GUIDE).await.text();
    for part in
        ["Claude Code is connected", "Connected at", "Test agent", "agent.example.net", "user:default/ada"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("What Portal answers to “Who am I?”") && page.contains("Add another"));
    versions.push(version(&app, &ada).await);
    let mut different = versions.clone();
    different.dedup();
    assert_eq!(different, versions, "every step is another version");

    // Further calls change nothing of it.
    app.pass(SECOND_MS);
    agent.call("auth_who_am_i", json!({})).await;
    app.services.activity.flush().await.expect("the activity log");
    assert_eq!(version(&app, &ada).await, versions[3]);
    assert!(ada.get("/mcp/setup").await.text().contains("is connected."));
}

#[tokio::test]
async fn an_agent_belongs_to_the_guide_that_was_open() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut ada = app.as_user("ada@example.com").await;
    let bob = app.as_user("bob@example.com").await;
    let agent = app.agent(&mut ada, "mcp:read").await;
    agent.call("auth_who_am_i", json!({})).await;
    app.pass(SECOND_MS);
    // The client says of itself nothing that Portal knows, and it came before the guide was opened.
    ada.get("/mcp/setup?agent=codex").await;
    assert_eq!(state(&app, &ada, Some(Agent::Codex)).await, SetupState::Waiting);
    assert_eq!(state(&app, &ada, Some(Agent::Other)).await, SetupState::Connected);
    assert_eq!(state(&app, &ada, None).await, SetupState::Connected);
    assert_eq!(state(&app, &bob, None).await, SetupState::Waiting, "it is not Bob's");
    app.pass(SECOND_MS);
    let agent = app.agent(&mut ada, "mcp:read").await;
    agent.call("auth_who_am_i", json!({})).await;
    assert_eq!(state(&app, &ada, Some(Agent::Codex)).await, SetupState::Connected);
    ada.post("/_ui/agent_disconnect_all", &[("confirmed", "1")]).await;
    assert_eq!(state(&app, &ada, Some(Agent::Codex)).await, SetupState::Waiting);
}

#[tokio::test]
async fn a_token_connects_too_and_survives_a_restart() {
    let app = TestApp::start().await;
    app.set(&[("tokens.personal.enabled", "true")]).await;
    let mut ada = app.as_user("ada@example.com").await;
    let fields = [
        ("agent", "gemini-cli"),
        ("name", "Gemini CLI on my machine"),
        ("scope", "mcp:read"),
        ("expires_days", "90"),
    ];
    ada.post("/_ui/own_token_create", &fields).await;
    let page = ada.get("/mcp/setup?agent=gemini-cli").await.text();
    let start = page.find("ptls_").expect("the token, once");
    let token: String =
        page[start..].chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    assert_eq!(state(&app, &ada, Some(Agent::GeminiCli)).await, SetupState::Waiting);
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    assert_eq!(app.mcp(Some(&token), &list).await.status, StatusCode::OK);
    assert_eq!(state(&app, &ada, Some(Agent::GeminiCli)).await, SetupState::Connected);
    assert_eq!(state(&app, &ada, Some(Agent::Zed)).await, SetupState::Waiting);
    let cookie = ada.cookie("portal_session").expect("a session").to_owned();
    let app = app.restart().await;
    let mut ada = app.as_nobody();
    ada.put_cookie("portal_session", &cookie);
    assert_eq!(app.mcp(Some(&token), &list).await.status, StatusCode::OK);
    app.pass(DAY_MS / 4);
    assert_eq!(state(&app, &ada, Some(Agent::GeminiCli)).await, SetupState::Connected);
    assert!(ada.get("/mcp/setup?agent=gemini-cli").await.text().contains("by a token"));
}

/// Puts entities into the catalog, each with its owner.
async fn put(app: &TestApp, entities: &[(&str, &str)]) {
    let mut tx = app.services.dependencies.store.write().await.expect("a write");
    for (text, owner) in entities {
        let entity_ref: EntityRef = text.parse().expect("a reference");
        let owner: EntityRef = owner.parse().expect("a reference");
        let search = [("kind", entity_ref.kind()), ("metadata.name", entity_ref.name())];
        let entity = StagedEntity {
            document: json!({"kind": entity_ref.kind(), "metadata": {"name": entity_ref.name()}}).to_string(),
            search: search.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
            relations: vec![
                (entity_ref.clone(), "ownedBy".to_owned(), owner.clone()),
                (owner, "ownerOf".to_owned(), entity_ref.clone()),
            ],
            entity_ref,
        };
        tx.entity_put(&local_location_id(), &entity).await.expect("an entity");
    }
    tx.change_record(Topic::Catalog).await.expect("a change");
    tx.commit().await.expect("a commit");
    app.services.dependencies.changes.expire();
}

#[tokio::test]
async fn examples_name_what_is_the_persons() {
    let app = TestApp::start().await;
    let mut ada = app.as_user("ada@example.com").await;
    let bare = ada.get(GUIDE).await.text();
    assert_eq!(bare.matches("<q>").count(), 4, "there are general ones for people who own nothing");
    let entities = [
        ("component:default/payments", "user:default/ada"),
        ("api:default/payments-v2", "user:default/ada"),
        ("system:default/checkout", "user:default/ada"),
        ("component:default/foreign", "user:default/bob"),
    ];
    put(&app, &entities).await;
    let page = ada.get(GUIDE).await.text();
    for name in ["payments", "payments-v2", "checkout"] {
        assert!(page.contains(name), "{name}");
    }
    assert!(!page.contains("foreign"));
    assert_eq!(page.matches("<q>").count(), 5);
}

#[tokio::test]
async fn people_see_what_their_own_agents_did() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut ada = app.as_user("ada@example.com").await;
    let mut bob = app.as_user("bob@example.com").await;
    assert!(ada.get("/me/agents").await.text().contains("No calls yet"));
    let agent = app.agent(&mut ada, "mcp:read").await;
    for _ in 0..26 {
        app.pass(SECOND_MS);
        agent.call("auth_who_am_i", json!({})).await;
    }
    agent.call("catalog_register_entity", json!({})).await;
    app.services.activity.flush().await.expect("the activity log");
    let page = ada.get("/me/agents").await.text();
    assert!(
        page.contains("Refused") && page.contains("Test agent") && page.contains("25 calls on this page")
    );
    let start = page.find("/me/agents?before=").expect("older calls");
    let next: String = page[start..].chars().take_while(|letter| !matches!(letter, '"' | '#')).collect();
    let older = ada.get(&next).await.text();
    assert!(older.contains("2 calls on this page") && older.contains("Newest calls"));
    assert!(bob.get("/me/agents").await.text().contains("No calls yet"), "they are Ada's");
    assert!(bob.get(&next).await.text().contains("No calls yet"));
    assert_eq!(ada.get("/me/agents?before=nonsense").await.status, StatusCode::OK);
}

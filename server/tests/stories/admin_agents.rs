//! Admins see everyone's agents and end them.

use http::StatusCode;
use portal_testkit::app::TestApp;
use serde_json::json;

#[tokio::test]
async fn an_admin_finds_and_ends_sessions() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut admin = app.as_admin("root@example.com").await;
    let (mut ada, mut eve) = (app.as_user("ada@example.com").await, app.as_user("eve@example.com").await);
    let agents = [
        app.agent(&mut ada, "mcp:read").await,
        app.agent(&mut ada, "mcp:read").await,
        app.agent(&mut eve, "mcp:read").await,
    ];
    let all = admin.get("/settings/agents").await.text();
    assert!(all.contains("3 sessions of 2 people") && all.contains("agent.example.net"), "{all}");
    let found = admin.get("/settings/agents?q=eve%40").await.text();
    assert!(found.contains("1 session of 1 person"), "{found}");
    assert!(admin.get("/settings/agents?q=nothing").await.text().contains("No agent is connected"));

    let id = between(&found, "name=\"session\" value=\"", "\"");
    admin.post("/_ui/session_end", &[("session", &id)]).await;
    assert!(admin.get("/settings/agents").await.text().contains("The session has ended."));
    let works = async |number: usize| agents[number].call("auth_who_am_i", json!({})).await.status;
    assert_eq!((works(0).await, works(2).await), (StatusCode::OK, StatusCode::UNAUTHORIZED));

    let person = ada.signed_in().await.user().id.0.clone();
    let asked = admin.post("/_ui/sessions_end", &[("person", &person)]).await;
    let question = admin.get(asked.location()).await.text();
    assert!(question.contains("2 sessions of 1 person"), "{question}");
    assert_eq!(works(0).await, StatusCode::OK, "nothing happened yet");
    admin.post("/_ui/sessions_end", &[("person", &person), ("confirmed", "1")]).await;
    assert_eq!((works(0).await, works(1).await), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    let log = admin.get("/settings/audit?action=agent-session.").await.text();
    assert!(log.contains("agent-session.ended") && log.contains("agent-session.all-ended"), "{log}");
}

#[tokio::test]
async fn all_sessions_of_a_client_end_together() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let mut admin = app.as_admin("root@example.com").await;
    let agent = app.agent(&mut app.as_user("ada@example.com").await, "mcp:read").await;
    let client = "https://agent.example.net/oauth/client.json";
    for fields in [&[("client", client), ("person", "x"), ("confirmed", "1")][..], &[("confirmed", "1")]] {
        admin.post("/_ui/sessions_end", fields).await;
        assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK, "{fields:?}");
    }
    admin.post("/_ui/sessions_end", &[("client", client), ("confirmed", "1")]).await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);
}

fn between(text: &str, before: &str, after: &str) -> String {
    let start = text.find(before).expect("the start") + before.len();
    text[start..].split(after).next().expect("the end").to_owned()
}

//! Registered clients as an admin sees them, without scripts.

use http::StatusCode;
use portal_testkit::app::{Browser, TestApp};

const PAGE: &str = "/settings/clients";

async fn register(admin: &mut Browser<'_>, method: &str) -> String {
    let fields = [
        ("name", "Build <b>agent</b>"),
        ("redirect_uris", "http://127.0.0.1/callback\r\nhttps://agent.example.net/cb"),
        ("method", method),
    ];
    let answer = admin.post("/_ui/client_register", &fields).await;
    assert!(answer.status.is_redirection(), "{} {}", answer.status, answer.text());
    admin.get(PAGE).await.text()
}

/// What stands in the read-only field of this id.
fn field(page: &str, id: &str) -> Option<String> {
    let at = page.find(&format!("id=\"{id}\""))?;
    let value = page[at..].split_once("value=\"")?.1;
    Some(value.split('"').next()?.to_owned())
}

#[tokio::test]
async fn an_admin_registers_replaces_the_secret_and_deletes() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    assert!(admin.get(PAGE).await.text().contains("No client is registered"));
    let page = register(&mut admin, "client_secret_basic").await;
    let (id, secret) =
        (field(&page, "client-id").expect("an id"), field(&page, "client-secret").expect("a secret"));
    assert!(id.starts_with("ptl-client-") && secret.starts_with("ptlk_"), "{id}");
    assert!(!page.contains("<b>agent</b>"), "names are escaped");
    let again = admin.get(PAGE).await.text();
    assert!(again.contains(&id) && !again.contains(&secret), "the secret is shown once");
    assert!(admin.get(&format!("{PAGE}?q=nothing")).await.text().contains("No client is registered"));

    let ask = admin.post("/_ui/client_new_secret", &[("client", &id)]).await;
    let question = admin.get(ask.location()).await;
    assert_eq!(question.status, StatusCode::OK);
    assert!(question.text().contains("The client has 0 open sessions"), "{}", question.text());
    admin.post("/_ui/client_new_secret", &[("client", &id), ("confirmed", "1")]).await;
    let page = admin.get(PAGE).await.text();
    let new = field(&page, "client-secret").expect("a secret");
    assert_ne!(new, secret);

    let ask = admin.post("/_ui/client_delete", &[("client", &id)]).await;
    assert!(admin.get(ask.location()).await.text().contains("Delete this client?"));
    admin.post("/_ui/client_delete", &[("client", &id), ("confirmed", "1")]).await;
    let page = admin.get(PAGE).await.text();
    assert!(page.contains("The client is deleted.") && page.contains("No client is registered"), "{page}");
    admin.post("/_ui/client_delete", &[("client", &id), ("confirmed", "1")]).await;
    assert!(admin.get(PAGE).await.text().contains("not-found"));
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    let fields = [("name", ""), ("redirect_uris", "http://agent.example.net/cb"), ("method", "none")];
    let answer = admin.post("/_ui/client_register", &fields).await;
    assert!(answer.location().ends_with("/settings/clients#register"), "{}", answer.location());
    let page = admin.get(PAGE).await.text();
    assert!(page.contains("Fill in this field."), "{page}");
    assert!(page.contains("Write 1 to 20 addresses"));
    assert!(page.contains("http://agent.example.net/cb"), "what was typed is kept");
    let public = register(&mut admin, "none").await;
    assert!(field(&public, "client-id").is_some() && field(&public, "client-secret").is_none());
}

#[tokio::test]
async fn the_switch_lets_agents_register_themselves() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    assert!(admin.get(PAGE).await.text().contains("Allow dynamic client registration"));
    for (fields, on) in [(vec![("enabled", "on")], true), (vec![("confirmed", "1")], false)] {
        admin.post("/_ui/settings_dcr", &fields).await;
        let server = app.get("/.well-known/oauth-authorization-server").await.json();
        assert_eq!(server.get("registration_endpoint").is_some(), on);
    }
}

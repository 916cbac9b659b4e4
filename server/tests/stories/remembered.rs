//! Consent that is remembered: used right after a sign-in too, and forgotten when someone ends what came of it.

use http::StatusCode;
use portal_core::{
    identity::Admin,
    oauth::{SessionsOf, records::ClientKind},
};
use portal_testkit::app::{Browser, PASSWORD, TestApp, TestClient, query};
use serde_json::{Value, json};

fn on_the_web() -> TestClient {
    TestClient { redirect_uri: "https://agent.example.net/callback".to_owned(), ..TestClient::default() }
}

async fn ask(app: &TestApp, browser: &mut Browser<'_>, client: &TestClient, more: &str) -> String {
    let path = format!("{}{more}", client.authorize_path(app, "mcp:read"));
    let answer = browser.get(&path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.location().to_owned()
}

fn is_asked(location: &str) -> bool {
    location.starts_with("/oauth/consent?")
}

/// Signs in at the consent page's own sign-in, and returns the page that comes then.
async fn sign_in_between(browser: &mut Browser<'_>, consent: &str, email: &str) -> String {
    let sent = browser.get(consent).await;
    assert!(sent.location().starts_with("/sign-in?"), "{}", sent.location());
    let fields = [("email", email), ("password", PASSWORD), ("return_to", consent)];
    let signed_in = browser.post("/_ui/sign_in", &fields).await;
    assert_eq!(signed_in.location(), consent);
    browser.get(consent).await.text()
}

/// The session of a client that was allowed to do what it asked for.
async fn connect(app: &TestApp, browser: &mut Browser<'_>, client: &TestClient) {
    let code = client.code(app, browser, "mcp:read").await;
    assert_eq!(app.post_form("/oauth/token", &client.exchange_fields(&code)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_signs_in_in_between_is_not_asked_again() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    connect(&app, &mut app.as_user("ada@example.com").await, &client).await;
    let mut browser = app.as_nobody();
    let consent = ask(&app, &mut browser, &client, "").await;
    let page = sign_in_between(&mut browser, &consent, "ada@example.com").await;
    // A page goes on by itself: the sign-in form may not redirect to the client.
    assert!(page.contains("You have allowed this before"), "{page}");
    let on = format!("{consent}&resume=1");
    assert_eq!(browser.get(&consent).await.header("refresh"), format!("0;url={on}"));
    assert!(page.contains(&on.replace('&', "&amp;")), "{page}");
    let back = browser.get(&on).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let location = back.location().to_owned();
    assert!(location.starts_with("https://agent.example.net/callback?"), "{location}");
    assert_eq!(query(&location, "state").as_deref(), Some(client.state.as_str()));
    assert_eq!(query(&location, "iss").as_deref(), Some(app.url()));
    let code = query(&location, "code").expect("a code");
    let tokens = app.post_form("/oauth/token", &client.exchange_fields(&code)).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text());
    // Once.
    assert_ne!(browser.get(&on).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_sign_in_in_between_does_not_replace_what_must_be_asked() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let (web, native) = (on_the_web(), TestClient::default());
    let mut ada = app.as_user("ada@example.com").await;
    connect(&app, &mut ada, &web).await;
    connect(&app, &mut ada, &native).await;
    app.as_user("eve@example.com").await;
    for (client, more, email) in [
        (&web, "&prompt=consent", "ada@example.com"),
        (&native, "", "ada@example.com"),
        (&web, "", "eve@example.com"),
    ] {
        let mut browser = app.as_nobody();
        let consent = ask(&app, &mut browser, client, more).await;
        let page = sign_in_between(&mut browser, &consent, email).await;
        assert!(page.contains("What it may do"), "{email}{more}: {page}");
        let forced = browser.get(&format!("{consent}&resume=1")).await;
        assert_eq!(forced.status, StatusCode::OK, "{email}{more}");
    }
    // prompt=login asks for the password, and for nothing else.
    app.pass(1_000);
    let consent = ask(&app, &mut ada, &web, "&prompt=login").await;
    let sent = ada.get(&consent).await;
    assert!(sent.location().contains("again=1"), "{}", sent.location());
    let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("return_to", consent.as_str())];
    ada.post("/_ui/sign_in", &fields).await;
    assert!(ada.get(&consent).await.text().contains("You have allowed this before"));
    // Another browser has no part in it.
    let mut other = app.as_user("kim@example.com").await;
    let foreign = other.get(&format!("{consent}&resume=1")).await;
    assert_ne!(foreign.status, StatusCode::SEE_OTHER);
}

/// Rule: Portal section 3: remembered consent is forgotten when a session of the client is ended
#[tokio::test]
async fn an_admin_who_ends_a_session_has_the_person_asked_again() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    let mut ada = app.as_user("ada@example.com").await;
    let (admin, sessions) = (Admin::command_line(), &app.services.agent_sessions);
    for which in [
        SessionsOf::Person(ada.signed_in().await.user().id.clone()),
        SessionsOf::Client(client.id.clone()),
        SessionsOf::Search("agent.example.net".to_owned()),
        SessionsOf::Search(String::new()),
        SessionsOf::Kind(ClientKind::Document),
    ] {
        connect(&app, &mut ada, &client).await;
        assert!(!is_asked(&ask(&app, &mut ada, &client, "").await), "{which:?}");
        assert_eq!(sessions.end_together(&admin, &which).await.expect("an end"), 1, "{which:?}");
        assert!(is_asked(&ask(&app, &mut ada, &client, "").await), "{which:?}");
    }
    connect(&app, &mut ada, &client).await;
    let found = sessions.list_all(&admin, "", None, 10).await.expect("sessions");
    sessions.end_one(&admin, &found[0].session.id).await.expect("an end");
    assert!(is_asked(&ask(&app, &mut ada, &client, "").await), "one alone");
}

fn signing(client: &TestClient, keys: &Value) -> Value {
    let mut document = client.document();
    document["token_endpoint_auth_method"] = "private_key_jwt".into();
    let members = document.as_object_mut().expect("an object");
    members.extend(keys.as_object().expect("an object").clone());
    document
}

/// Rule: CIMD draft-02 section 8.4: a client whose keys change is asked for anew
#[tokio::test]
async fn a_client_whose_keys_change_is_asked_for_anew() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = on_the_web();
    let mut ada = app.as_user("ada@example.com").await;
    let key =
        |x: &str| json!({ "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": x }] } });
    let (one, other) = (
        key("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
        key("60mR98SQlHUSeLeIu7TeJBTLRG10qlcDLU4AJjQdqMQ"),
    );
    let at = |address: &str| json!({ "jwks_uri": address });
    app.fetcher.serve(&client.id, &signing(&client, &one));
    for (keys, asked) in [
        (&one, false),
        (&other, true),
        (&at("https://agent.example.net/jwks"), true),
        (&at("https://agent.example.net/jwks"), false),
        (&at("https://agent.example.net/other"), true),
    ] {
        if !asked {
            client.code_as_published(&app, &mut ada, "mcp:read").await;
        }
        app.fetcher.serve(&client.id, &signing(&client, keys));
        app.pass(301_000);
        assert_eq!(is_asked(&ask(&app, &mut ada, &client, "").await), asked, "{keys}");
    }
}

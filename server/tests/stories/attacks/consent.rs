//! Attacks on consent: what the page shows, and who may answer it.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_testkit::app::{Answer, TestClient, form, query};

use super::authorize::app_and_client;

/// Rule: CIMD draft-02 section 8.5: the consent page shows the host, first
/// Attack: 1.1: a client's name with markup, bidi marks, homoglyphs, 4 kB, 5 tries
#[tokio::test]
async fn a_clients_name_is_text_and_its_host_comes_first() {
    let (app, client) = app_and_client().await;
    let mut ada = app.as_user("ada@example.com").await;
    let names = [
        "</b><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\u{202e}Portal\u{2066} admin",
        "Cl\u{0430}ude",
        &"long ".repeat(800),
    ];
    assert_eq!(names.len(), 5);
    for name in names {
        let mut document = client.document();
        document["client_name"] = name.into();
        app.fetcher.serve(&client.id, &document);
        app.pass(301_000);
        let begun = ada.get(&client.authorize_path(&app, "mcp:read")).await;
        let page = ada.get(begun.location()).await.text();
        let (host, says) = (page.find("<bdi>agent.example.net"), page.find("It calls itself"));
        assert!(host.is_some() && host < says, "{page}");
        assert!(page.contains("Portal has not verified this name."));
        for raw in ["<script>alert", "<img src=x", "\u{202e}", "\u{2066}"] {
            assert!(!page.contains(raw), "{name}: {raw:?}");
        }
        assert!(page.matches("long long").count() < 60, "it is cut");
    }
}

/// Rule: MCP 2026-07-28 section authorization: consent shows where the answer goes
/// Rule: MCP 2026-07-28 section authorization: consent warns of programs on the own computer
/// Attack: 1.1: another program on the computer under a genuine client id
#[tokio::test]
async fn programs_on_the_own_computer_come_with_a_warning() {
    let (app, client) = app_and_client().await;
    let mut ada = app.as_user("ada@example.com").await;
    let begun = ada.get(&client.authorize_path(&app, "mcp:read")).await;
    let page = ada.get(begun.location()).await.text();
    assert!(page.contains("You will be sent to a program on this computer"), "{page}");
    assert!(
        page.contains("127.0.0.1:33418") && page.contains("Continue only if you have just started the agent")
    );
    let web =
        TestClient { redirect_uri: "https://agent.example.net/callback".to_owned(), ..TestClient::default() };
    let begun = ada.get(&web.authorize_path(&app, "mcp:read")).await;
    let page = ada.get(begun.location()).await.text();
    assert!(page.contains("Afterwards you will be sent to") && !page.contains("a program on this computer"));
}

/// Rule: RFC 6749 section 10.12: consent cannot be given by another site
/// Attack: 1.1: consent from another site, browser, person; replayed; widened; too late, 8 tries
#[tokio::test]
async fn a_consent_form_is_of_one_browser_one_person_and_one_use() {
    let (app, client) = app_and_client().await;
    let mut ada = app.as_user("ada@example.com").await;
    let begun = ada.get(&client.authorize_path(&app, "mcp:read")).await;
    let pending = query(begun.location(), "request").expect("a request");
    let allow = [("request", pending.as_str()), ("decision", "allow"), ("scope", "mcp:read")];
    let leads_away = |answer: &Answer| answer.location().starts_with(&client.redirect_uri);
    // Another person in another browser; nobody; the own browser, from another site; a request that does not exist.
    let mut eve = app.as_user("eve@example.com").await;
    assert!(!leads_away(&eve.post("/_ui/consent", &allow).await));
    eve.put_cookie("portal_authorize", "chosen-by-the-attacker");
    assert!(!leads_away(&eve.post("/_ui/consent", &allow).await));
    assert!(!leads_away(&app.as_nobody().post("/_ui/consent", &allow).await));
    let cross = Request::post("/_ui/consent")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://evil.test");
    let cross = ada.send(cross.body(Body::from(form(&allow))).expect("a request")).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    let made_up = [("request", "made-up"), ("decision", "allow"), ("scope", "mcp:read")];
    assert!(!leads_away(&ada.post("/_ui/consent", &made_up).await));
    // More than was asked for is not to be had.
    let more = [("request", pending.as_str()), ("decision", "allow"), ("scope", "mcp:destructive")];
    let answer = ada.post("/_ui/consent", &more).await;
    if let Some(code) = query(answer.location(), "code") {
        let tokens = app.post_form("/oauth/token", &client.exchange_fields(&code)).await.json();
        assert_eq!(tokens["scope"], "mcp:read", "{tokens}");
    } else {
        assert!(leads_away(&ada.post("/_ui/consent", &allow).await));
    }
    assert!(!leads_away(&ada.post("/_ui/consent", &allow).await), "a second time");
    // And an hour later it is over.
    let begun = ada.get(&client.authorize_path(&app, "mcp:read")).await;
    let pending = query(begun.location(), "request").expect("a request");
    app.pass(3_600_000);
    let late = [("request", pending.as_str()), ("decision", "allow"), ("scope", "mcp:read")];
    assert!(!leads_away(&ada.post("/_ui/consent", &late).await));
}

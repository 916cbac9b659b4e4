//! Pictures of clients: fetched once, served by Portal itself, or none.

use http::StatusCode;
use portal_core::oauth::records::LogoId;
use portal_testkit::app::{Browser, TestApp, TestClient};

const LOGO: &str = "https://cdn.example.net/agent.png";
/// Not a picture: making pictures anew is the real fetcher's business, and is shown there.
const PNG: &[u8] = b"pixels of an agent";

fn with_logo(client: &TestClient, uri: &str) -> serde_json::Value {
    let mut document = client.document();
    document["logo_uri"] = uri.into();
    document
}

/// The consent page of a new request.
async fn asked(app: &TestApp, browser: &mut Browser<'_>, client: &TestClient) -> String {
    let begun = browser.get(&client.authorize_path(app, "mcp:read")).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    browser.get(begun.location()).await.text()
}

fn fetches(app: &TestApp) -> usize {
    app.fetcher.fetched().iter().filter(|address| *address == LOGO).count()
}

fn path(png: &[u8]) -> String {
    format!("/oauth/logo/{}", LogoId::of(png).as_str())
}

/// Rule: CIMD draft-02 section 8.8: logos are fetched ahead, made anew and served by the authorization server, or not shown
#[tokio::test]
async fn a_picture_is_fetched_once_and_served_from_here() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &with_logo(&client, LOGO));
    app.fetcher.serve_logo(LOGO, Some(PNG));
    let mut ada = app.as_user("ada@example.com").await;
    for _ in 0..2 {
        let page = asked(&app, &mut ada, &client).await;
        assert!(page.contains(&format!("src=\"{}\"", path(PNG))), "{page}");
        assert!(page.contains("Portal has verified neither."), "{page}");
        assert!(!page.contains("cdn.example.net"), "nothing is loaded from elsewhere");
    }
    assert_eq!(fetches(&app), 1);
    let picture = app.get(&path(PNG)).await;
    assert_eq!((picture.status, picture.body.as_slice()), (StatusCode::OK, PNG));
    for (header, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(picture.header(header), value, "{header}");
    }
    // Another process has it from the store.
    let beside = app.neighbour().await;
    assert_eq!(beside.get(&path(PNG)).await.status, StatusCode::OK);
    let page = asked(&beside, &mut beside.as_user("eve@example.com").await, &client).await;
    assert!(page.contains(&path(PNG)) && fetches(&app) == 1, "{page}");

    // It stands in the lists too.
    let code = client.code_as_published(&app, &mut ada, "mcp:read").await;
    assert_eq!(app.post_form("/oauth/token", &client.exchange_fields(&code)).await.status, StatusCode::OK);
    let mine = ada.get("/me/agents").await.text();
    let everyone = app.as_admin("root@example.com").await.get("/settings/agents").await.text();
    assert!(mine.contains(&path(PNG)) && everyone.contains(&path(PNG)), "{mine}");
}

#[tokio::test]
async fn where_there_is_none_the_page_does_without() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let mut ada = app.as_user("ada@example.com").await;
    app.fetcher.serve(&client.id, &with_logo(&client, LOGO));
    let page = asked(&app, &mut ada, &client).await;
    assert!(page.contains("asks to use Portal as you") && !page.contains("/oauth/logo/"), "{page}");
    // A failure is not tried again at each sign-in, but after a while.
    app.fetcher.serve_logo(LOGO, Some(PNG));
    assert!(!asked(&app, &mut ada, &client).await.contains("/oauth/logo/"));
    assert_eq!(fetches(&app), 1);
    app.pass(600_000);
    assert!(asked(&app, &mut ada, &client).await.contains(&path(PNG)));
    // A document that names none any more has none; addresses that are not https are not fetched.
    for uri in
        [None, Some("http://cdn.example.net/agent.png"), Some("data:image/png;base64,AAAA"), Some("/logo")]
    {
        let document = uri.map_or_else(|| client.document(), |uri| with_logo(&client, uri));
        app.fetcher.serve(&client.id, &document);
        app.pass(301_000);
        assert!(!asked(&app, &mut ada, &client).await.contains("/oauth/logo/"), "{uri:?}");
        assert!(!app.fetcher.fetched().iter().any(|address| uri == Some(address.as_str())), "{uri:?}");
    }
    assert_eq!(app.get(&path(PNG)).await.status, StatusCode::NOT_FOUND, "forgotten");
}

#[tokio::test]
async fn a_changed_picture_is_shown_and_an_old_one_goes() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let mut ada = app.as_user("ada@example.com").await;
    app.fetcher.serve(&client.id, &with_logo(&client, LOGO));
    app.fetcher.serve_logo(LOGO, Some(PNG));
    asked(&app, &mut ada, &client).await;
    app.fetcher.serve_logo(LOGO, Some(b"other pixels"));
    app.pass(3_600_000);
    assert!(
        asked(&app, &mut ada, &client).await.contains(&path(PNG)),
        "kept for a day when its answer does not say"
    );
    app.pass(86_400_000);
    let mut ada = app.as_user("kim@example.com").await;
    assert!(asked(&app, &mut ada, &client).await.contains(&path(b"other pixels")));
    assert_eq!(app.get(&path(PNG)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_name_that_is_none_finds_nothing() {
    let app = TestApp::start().await;
    for name in ["x", "..%2f..%2fetc%2fpasswd", &"a".repeat(43), &"a".repeat(10_000)] {
        let answer = app.get(&format!("/oauth/logo/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    app.break_store(true);
    assert_eq!(app.get(&path(PNG)).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

//! Attacks on the pages.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_testkit::app::{PASSWORD, TestApp, TestClient};

/// Rule: RFC 9700 section 4.11.2: Portal is no open redirector
/// Attack: 1.7: ways back that lead to other sites, 10 tries
#[tokio::test]
async fn signing_in_leads_to_paths_of_portal_only() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let targets = [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "\\\\evil.test/",
        "/\t/evil.test/",
        "javascript:alert(1)",
        "https:evil.test",
        "/../../evil.test",
        "/%09/evil.test",
        "/catalog\r\nLocation: https://evil.test/",
    ];
    assert_eq!(targets.len(), 10);
    for target in targets {
        let mut browser = app.as_nobody();
        let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("return_to", target)];
        let answer = browser.post("/_ui/sign_in", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{target}");
        let base = url::Url::parse(app.url()).expect("an address");
        let led = base.join(answer.location()).expect("an address");
        assert_eq!(led.origin(), base.origin(), "{target} leads to {led}");
        let page = app.get(&format!("/sign-in?return_to={target}", target = urlencoded(target))).await;
        assert!(!page.text().contains("href=\"javascript:") && !page.text().contains("href=\"https://evil"));
    }
}

fn urlencoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Attack: 1.7: cookies for other hosts, plain http, scripts, 3 tries
#[tokio::test]
async fn cookies_are_for_this_host_https_and_no_script() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.as_user("ada@example.com").await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    let mut browser = app.as_nobody();
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let signed_in = browser.post("/_ui/sign_in", &fields).await;
    let begun = browser.get(&client.authorize_path(&app, "mcp:read")).await;
    let theme = browser.post("/_ui/theme", &[("theme", "dark")]).await;
    let mut names = Vec::new();
    for answer in [signed_in, begun, theme] {
        for value in answer.headers.get_all("set-cookie") {
            let cookie = value.to_str().expect("a text");
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            assert!(!cookie.to_lowercase().contains("domain="), "{cookie}");
            names.extend(cookie.split_once('=').map(|(name, _)| name.to_owned()));
        }
    }
    for name in ["__Host-portal_session", "__Host-portal_browser", "__Host-portal_authorize"] {
        assert!(names.iter().any(|known| known == name), "{name} in {names:?}");
    }
}

/// Attack: 1.7: a session that was planted, or copied before the next sign-in, 2 tries
#[tokio::test]
async fn a_session_that_was_planted_is_not_the_one_that_signs_in() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let mut browser = app.as_nobody();
    browser.put_cookie("portal_session", "chosen-by-the-attacker");
    browser.put_cookie("portal_browser", "chosen-by-the-attacker");
    browser.post("/_ui/sign_in", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    let session = browser.cookie("portal_session").expect("a session").to_owned();
    assert_ne!(session, "chosen-by-the-attacker");
    let mut attacker = app.as_nobody();
    attacker.put_cookie("portal_session", "chosen-by-the-attacker");
    assert!(attacker.get("/").await.location().starts_with("/sign-in"));
    // Whoever signs in again gets another one, and the one before is worth nothing.
    let mut copy = app.as_nobody();
    copy.put_cookie("portal_session", &session);
    assert_eq!(copy.get("/").await.status, StatusCode::OK);
    browser.post("/_ui/sign_in", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    assert_ne!(browser.cookie("portal_session").expect("a session"), session);
    assert!(copy.get("/").await.location().starts_with("/sign-in"));
}

/// Attack: 1.7: scripts in every parameter of every page, 326 tries
#[tokio::test]
async fn what_stands_in_an_address_is_never_markup() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    let script = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let encoded = urlencoded(script);
    let pages = [
        "/",
        "/sign-in",
        "/first-admin",
        "/sign-in/link",
        "/oauth/consent",
        "/catalog",
        "/mcp/setup",
        "/me/agents",
        "/me/agents/confirm",
        "/me/password",
        "/settings/general",
        "/settings/general/confirm",
        "/settings/users",
        "/settings/agents",
        "/settings/agents/confirm",
        "/settings/clients",
        "/settings/external-access",
        "/settings/org-data",
        "/settings/audit",
    ];
    let names = [
        "q",
        "query",
        "error",
        "code",
        "saved",
        "return_to",
        "agent",
        "request",
        "kind",
        "client",
        "user",
        "change",
        "cursor",
        "field",
        "token",
        "action",
        "from",
    ];
    let mut tried = 0;
    for page in pages {
        let query: Vec<String> = names.iter().map(|name| format!("{name}={encoded}")).collect();
        let answer = admin.get(&format!("{page}?{}", query.join("&"))).await;
        assert!(!answer.status.is_server_error(), "{page}: {}", answer.status);
        assert!(!answer.text().contains("<script>alert") && !answer.text().contains("<img src=x"), "{page}");
        tried += names.len();
    }
    for path in [
        format!("/catalog/default/component/{encoded}"),
        format!("/{encoded}"),
        format!("/settings/{encoded}"),
    ] {
        let answer = admin.get(&path.replace('+', "%20")).await;
        assert!(!answer.text().contains("<script>alert"), "{path}");
        tried += 1;
    }
    assert_eq!(tried, 326);
}

/// Attack: 1.7: words in the address that pretend to be messages of Portal, 24 tries
#[tokio::test]
async fn words_in_an_address_do_not_become_messages() {
    let app = TestApp::start().await;
    let mut ada = app.as_user("ada@example.com").await;
    for page in ["/", "/sign-in?again=1", "/me/password", "/me/agents"] {
        let separator = if page.contains('?') { '&' } else { '?' };
        for name in ["error", "code", "message", "notice", "saved", "flash"] {
            let words = "Your+account+is+locked.+Call+0900-EVIL";
            let answer = ada.get(&format!("{page}{separator}{name}={words}")).await;
            let html = answer.text();
            let mut shown = html.split('<').filter_map(|tag| tag.split_once('>'));
            assert!(!shown.any(|(_, text)| text.contains("0900-EVIL")), "{page} {name}");
        }
    }
}

/// Attack: 1.7: poisoned host headers, 24 tries
#[tokio::test]
async fn a_poisoned_host_header_reaches_no_address_that_is_written() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    for (name, value) in [
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.test;proto=http"),
        ("x-original-url", "/settings/general"),
        ("x-rewrite-url", "/settings/general"),
        ("x-host", "evil.test"),
    ] {
        for path in [
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-protected-resource",
            "/sign-in",
            "/api/mcp-actions/v1",
        ] {
            let request =
                Request::get(path).header(name, value).header("accept", "application/json, text/html");
            let answer = app.send(request.body(Body::empty()).expect("a request")).await;
            assert!(!answer.text().contains("evil.test"), "{name} {path}");
            assert!(!answer.header("www-authenticate").contains("evil.test"), "{name} {path}");
            assert!(!answer.text().contains("App settings"), "{name} {path}");
        }
    }
}

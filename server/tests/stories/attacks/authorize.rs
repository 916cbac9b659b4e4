//! Attacks on the authorization endpoint.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_core::services::MCP_PATH;
use portal_testkit::app::{Answer, TestApp, TestClient, challenge_of, form, query};

/// The parameters of a good request.
fn good(app: &TestApp, client: &TestClient) -> Vec<(String, String)> {
    let resource = format!("{}{MCP_PATH}", app.url());
    [
        ("response_type", "code"),
        ("client_id", &client.id),
        ("redirect_uri", &client.redirect_uri),
        ("scope", "mcp:read"),
        ("state", &client.state),
        ("resource", &resource),
        ("code_challenge", &challenge_of(&client.verifier)),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// The same with another value; without one the parameter is left out.
fn with(mut parameters: Vec<(String, String)>, name: &str, value: Option<&str>) -> Vec<(String, String)> {
    parameters.retain(|(known, _)| known != name);
    parameters.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    parameters
}

fn path(parameters: &[(String, String)]) -> String {
    let pairs: Vec<(&str, &str)> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    format!("/oauth/authorize?{}", form(&pairs))
}

pub(super) async fn app_and_client() -> (TestApp, TestClient) {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    (app, client)
}

/// A page of Portal's own and nothing else: no redirect, no cookie, no script.
fn stays_here(answer: &Answer, tried: &str) {
    assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{tried}");
    assert!(answer.cookies().is_empty(), "{tried}");
    assert!(answer.header("content-security-policy").contains("script-src 'none'"), "{tried}");
}

/// Rule: RFC 6749 section 4.1.2.1: nobody is redirected before client and redirect URI are good
/// Rule: RFC 9700 section 2.1: redirect URIs are compared as texts
/// Rule: RFC 9700 section 4.11.2: Portal is no open redirector
/// Rule: CIMD draft-02 section 4.2: redirect URIs are those of the document
/// Attack: 1.1: near misses of a redirect URI: path, case, port, prefix, userinfo, encoding, address forms, 41 tries
#[tokio::test]
async fn no_near_miss_of_a_redirect_uri_is_followed() {
    let (app, client) = app_and_client().await;
    let near_misses = [
        "https://agent.example.net/callback/",
        "https://agent.example.net/callback/extra",
        "https://agent.example.net/callback?x=1",
        "https://agent.example.net/callback#x",
        "https://agent.example.net/callbac",
        "https://agent.example.net/Callback",
        "https://agent.example.net/%63allback",
        "https://agent.example.net/x/../callback",
        "https://agent.example.net//callback",
        "https://agent.example.net%2fcallback",
        "https://AGENT.example.net/callback",
        "https://agent.example.net:443/callback",
        "https://agent.example.net:8443/callback",
        "https://agent.example.net./callback",
        "https://agent.example.net.evil.test/callback",
        "https://evil.test/agent.example.net/callback",
        "https://agent.example.net@evil.test/callback",
        "https://evil.test@agent.example.net/callback",
        "https://evil.test\\@agent.example.net/callback",
        "https://www.agent.example.net/callback",
        "https://*.example.net/callback",
        "http://agent.example.net/callback",
        "//agent.example.net/callback",
        "/callback",
        "https://agent.example.net/callback https://evil.test/",
        "https://agent.example.net/callback\r\nLocation: https://evil.test/",
        "http://127.0.0.1:33418/callback/",
        "http://127.0.0.1:33418/Callback",
        "http://127.0.0.1:33418/callback?x=1",
        "http://127.0.0.2:33418/callback",
        "http://localhost:33418/callback",
        "http://[::1]:33418/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1.evil.test/callback",
        "https://127.0.0.1:33418/callback",
        "http://2130706433/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "agent://callback",
    ];
    // As many as the comment says; the address's own limit of requests must not be what refuses.
    assert_eq!(near_misses.len(), 40);
    for redirect_uri in near_misses {
        let tried = with(good(&app, &client), "redirect_uri", Some(redirect_uri));
        stays_here(&app.get(&path(&tried)).await, redirect_uri);
    }
    app.pass(60_000);
    let without = with(good(&app, &client), "redirect_uri", None);
    stays_here(&app.get(&path(&without)).await, "no redirect URI");
    let answer = app.get(&path(&good(&app, &client))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "the good one is taken");
}

/// Rule: RFC 6749 section 4.1.2.1: nobody is redirected before client and redirect URI are good
/// Attack: 1.1: unknown or refused clients, markup in the id, 10 tries
#[tokio::test]
async fn unknown_clients_lead_nowhere_and_nothing_of_them_becomes_markup() {
    let (app, client) = app_and_client().await;
    let ids = [
        "https://unknown.example.net/client.json",
        "https://agent.example.net/oauth/client.json/",
        "https://agent.example.net/oauth/Client.json",
        "https://agent.example.net:443/oauth/client.json",
        "https://agent.example.net/oauth/client.json?x=1",
        "https://agent.example.net/\"><script>alert(1)</script>",
        "https://agent.example.net/'onload='alert(1)",
        "ptl-client-<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "javascript:alert(1)",
    ];
    assert_eq!(ids.len(), 10);
    for id in ids {
        let answer = app.get(&path(&with(good(&app, &client), "client_id", Some(id)))).await;
        stays_here(&answer, id);
        for markup in ["<script>alert", "<img src=x", "<svg/onload", "'onload='"] {
            assert!(!answer.text().contains(markup), "{id}: {markup}");
        }
    }
}

/// Rule: RFC 6749 section 3.1: a parameter is there at most once
/// Attack: 1.1: a parameter twice, by another spelling too, 18 tries
#[tokio::test]
async fn parameters_that_come_twice_are_refused() {
    let (app, client) = app_and_client().await;
    let mut tried = 0;
    for (name, value) in good(&app, &client) {
        for second in [value.as_str(), "another"] {
            let mut parameters = good(&app, &client);
            parameters.push((name.clone(), second.to_owned()));
            stays_here(&app.get(&path(&parameters)).await, &name);
            tried += 1;
        }
    }
    let mut unknown = good(&app, &client);
    unknown.extend([("x".to_owned(), "1".to_owned()), ("x".to_owned(), "2".to_owned())]);
    stays_here(&app.get(&path(&unknown)).await, "unknown");
    let encoded = format!("{}&st%61te=other", path(&good(&app, &client)));
    stays_here(&app.get(&encoded).await, "by another spelling");
    assert_eq!(tried + 2, 18);
}

/// Attack: 1.1: parameters too long, too many, a posted megabyte, 6 tries
#[tokio::test]
async fn what_is_too_large_or_not_a_get_is_refused() {
    let (app, client) = app_and_client().await;
    for (name, length) in
        [("scope", 2_049), ("client_id", 2_049), ("code_challenge", 2_049), ("state", 4_097)]
    {
        let long = "x".repeat(length);
        stays_here(&app.get(&path(&with(good(&app, &client), name, Some(&long)))).await, name);
    }
    let mut many = good(&app, &client);
    many.extend((0..60).map(|number| (format!("p{number}"), "1".to_owned())));
    stays_here(&app.get(&path(&many)).await, "68 parameters");
    let request =
        Request::post("/oauth/authorize").header("content-type", "application/x-www-form-urlencoded");
    let posted = app.send(request.body(Body::from("x=".repeat(1_000_000))).expect("a request")).await;
    assert!(posted.status.is_client_error() && posted.location().is_empty(), "{}", posted.status);
}

/// Rule: RFC 6749 section 4.1.2.1: every other fault goes to the redirect URI with its word
/// Rule: RFC 7636 section 4.4.1: a request without a challenge, or with another method than S256, is refused
/// Rule: RFC 8707 section 2: an unknown resource is invalid_target
/// Rule: RFC 9207 section 2: answers and errors name the issuer
/// Rule: RFC 9700 section 2.1.1: PKCE is demanded of every client
/// Rule: RFC 9700 section 2.1.2: there is no implicit grant
/// Attack: 1.1: other response types, no PKCE, plain PKCE, other resources, 17 tries
#[tokio::test]
async fn other_flows_are_told_to_the_client_with_state_and_issuer() {
    let (app, client) = app_and_client().await;
    let table = [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("id_token"), "unsupported_response_type"),
        ("response_type", Some("none"), "unsupported_response_type"),
        ("response_type", Some("code token"), "unsupported_response_type"),
        ("response_type", Some("CODE"), "unsupported_response_type"),
        ("response_type", None, "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("abc"), "invalid_request"),
        ("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMx"), "invalid_request"),
        ("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", Some("s256"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("resource", Some("https://elsewhere.example/mcp"), "invalid_target"),
        ("resource", Some("https://portal.example.com/api/mcp-actions/v1/"), "invalid_target"),
        ("resource", Some("https://PORTAL.example.com/api/mcp-actions/v1"), "invalid_target"),
        ("prompt", Some("none login"), "invalid_request"),
    ];
    assert_eq!(table.len(), 17);
    for (name, value, word) in table {
        let answer = app.get(&path(&with(good(&app, &client), name, value))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name} {value:?}");
        let back = answer.location();
        assert!(back.starts_with(&format!("{}?", client.redirect_uri)), "{back}");
        let told = |name: &str| query(back, name);
        assert_eq!(told("error").as_deref(), Some(word), "{name} {value:?}");
        assert_eq!(told("state").as_deref(), Some(client.state.as_str()), "{back}");
        assert_eq!(told("iss").as_deref(), Some(app.url()), "{back}");
        assert_eq!(told("code"), None, "{back}");
    }
}

/// Rule: RFC 6749 section 4.1.2: state comes back as it was sent
/// Attack: 1.1: a state with line breaks, markup, parameters, 4 kB, 6 tries
#[tokio::test]
async fn a_state_comes_back_as_it_was_and_never_as_markup() {
    let (app, client) = app_and_client().await;
    let states = [
        "\r\nSet-Cookie: a=b",
        "\"><script>alert(1)</script>",
        "a&code=stolen&iss=https://evil.test#x",
        "\u{202e}\u{0}\u{7f}名前",
        "+%2B%00%zz",
        &"s".repeat(4_096),
    ];
    assert_eq!(states.len(), 6);
    for state in states {
        let refused = with(with(good(&app, &client), "state", Some(state)), "response_type", Some("token"));
        let answer = app.get(&path(&refused)).await;
        assert_eq!(query(answer.location(), "state").as_deref(), Some(state));
        assert_eq!(query(answer.location(), "code"), None, "{}", answer.location());
        assert!(answer.headers.get("set-cookie").is_none());
        let mut ada = app.as_user(&format!("ada{}@example.com", state.len())).await;
        let begun = ada.get(&path(&with(good(&app, &client), "state", Some(state)))).await;
        let page = ada.get(begun.location()).await;
        assert!(page.status == StatusCode::OK && !page.text().contains("<script>alert"));
    }
    let without = with(with(good(&app, &client), "state", None), "response_type", Some("token"));
    let answer = app.get(&path(&without)).await;
    assert_eq!(query(answer.location(), "state"), None);
}

//! Attacks on the token endpoint.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, StatusCode};
use portal_core::identity::{Admin, UserChange};
use portal_testkit::app::{Answer, TestApp, TestClient, form};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

async fn app_with_refresh() -> TestApp {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    app
}

fn word(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("cache-control"), "no-store");
    (answer.status.as_u16(), answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

fn text(json: &Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("{name} in {json}")).to_owned()
}

async fn refresh_as(app: &TestApp, token: &str, id: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", id)];
    app.post_form("/oauth/token", &fields).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    refresh_as(app, token, &TestClient::default().id).await
}

async fn ping(app: &TestApp, token: &str) -> StatusCode {
    app.mcp(Some(token), &json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).await.status
}

/// Rule: RFC 6749 section 4.1.2: of several exchanges of one code at once, one wins
/// Rule: RFC 6749 section 4.1.2: a second use of a code ends what the first one gave
/// Attack: 1.2: a code twice, four at once, 24 tries
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_exchanges_at_once_exactly_one_wins() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    for round in 0..8 {
        let mut browser = app.as_user(&format!("ada{round}@example.com")).await;
        let code = client.code(&app, &mut browser, "mcp:read").await;
        let fields = client.exchange_fields(&code);
        let answers = futures::future::join_all((0..4).map(|_| app.post_form("/oauth/token", &fields))).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == StatusCode::OK);
        assert_eq!((won.len(), lost.len()), (1, 3));
        assert!(lost.iter().all(|answer| word(answer) == invalid_grant()));
        // Whoever came second may be a thief, so that what the first got has ended too.
        assert_eq!(ping(&app, &text(&won[0].json(), "access_token")).await, StatusCode::UNAUTHORIZED);
    }
}

/// Rule: RFC 6749 section 4.1.2: a code is bound to its client and redirect URI
/// Rule: RFC 6749 section 4.1.2: a code lives shortly: 60 seconds
/// Attack: 1.2: a code with another client, redirect, verifier, resource; at its last millisecond, 8 tries
#[tokio::test]
async fn a_code_is_bound_to_everything_it_was_given_for() {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    let mut ada = app.as_user("ada@example.com").await;
    let code = client.code(&app, &mut ada, "mcp:read").await;
    let other =
        TestClient { id: "https://other.example.net/client.json".to_owned(), ..TestClient::default() };
    app.fetcher.serve(&other.id, &other.document());
    let changed = [
        ("client_id", other.id.as_str(), "invalid_grant"),
        ("redirect_uri", "https://agent.example.net/callback", "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1:33418/callback/", "invalid_grant"),
        ("redirect_uri", "http://localhost:33418/callback", "invalid_grant"),
        ("code_verifier", "another-verifier_of~43.characters-0123456789", "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("resource", "https://elsewhere.example/mcp", "invalid_target"),
    ];
    for (name, value, expected) in changed {
        let mut fields = client.exchange_fields(&code);
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        assert_eq!(word(&app.post_form("/oauth/token", &fields).await).1, expected, "{name}");
    }
    // One millisecond before its time is over it works, at that time it does not.
    app.pass(59_999);
    assert_eq!(app.post_form("/oauth/token", &client.exchange_fields(&code)).await.status, StatusCode::OK);
    let mut eve = app.as_user("eve@example.com").await;
    let late = client.code(&app, &mut eve, "mcp:read").await;
    app.pass(60_000);
    assert_eq!(word(&app.post_form("/oauth/token", &client.exchange_fields(&late)).await), invalid_grant());
    app.pass(-1);
    assert_eq!(
        app.post_form("/oauth/token", &client.exchange_fields(&late)).await.status,
        StatusCode::OK,
        "it was the time that refused, and nothing else"
    );
}

/// Rule: RFC 6749 section 6: a refresh token is bound to its client
/// Attack: 1.2: a wider scope, another resource, another client when refreshing, 2 tries
#[tokio::test]
async fn a_refresh_token_is_bound_to_its_client() {
    let app = app_with_refresh().await;
    let other =
        TestClient { id: "https://other.example.net/client.json".to_owned(), ..TestClient::default() };
    app.fetcher.serve(&other.id, &other.document());
    let mut ada = app.as_user("ada@example.com").await;
    let token = app.agent(&mut ada, "mcp:read offline_access").await.refresh_token.expect("a token");
    assert_eq!(word(&refresh_as(&app, &token, &other.id).await), invalid_grant());
    assert_eq!(word(&refresh_as(&app, &token, "ptl-client-none").await).0, 401);
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK, "the session lives");
}

/// Rule: RFC 9700 section 4.14.2: a replayed refresh token ends the session of a public client
/// Rule: Portal section 1: a lost answer is given again, the same one, to the immediate predecessor
/// Attack: 1.2: a refresh token twice within the grace, 3 tries
/// Attack: 1.2: a refresh token after the grace, a grandparent within it, 2 tries
#[tokio::test]
async fn a_predecessor_works_within_the_grace_and_a_grandparent_never() {
    let app = app_with_refresh().await;
    let mut ada = app.as_user("ada@example.com").await;
    let first = app.agent(&mut ada, "mcp:read offline_access").await.refresh_token.expect("a token");
    let second = refresh(&app, &first).await.json();
    for _ in 0..3 {
        assert_eq!(refresh(&app, &first).await.json()["refresh_token"], second["refresh_token"]);
    }
    let third = refresh(&app, &text(&second, "refresh_token")).await.json();
    // Its successor is confirmed by now; the grandparent is a replay although the grace runs.
    assert_eq!(word(&refresh(&app, &first).await), invalid_grant());
    assert_eq!(word(&refresh(&app, &text(&third, "refresh_token")).await), invalid_grant());
    assert_eq!(ping(&app, &text(&third, "access_token")).await, StatusCode::UNAUTHORIZED);

    let mut eve = app.as_user("eve@example.com").await;
    let first = app.agent(&mut eve, "mcp:read offline_access").await.refresh_token.expect("a token");
    let second = refresh(&app, &first).await.json();
    assert_eq!(ping(&app, &text(&second, "access_token")).await, StatusCode::OK);
    app.services.activity.flush().await.expect("the activity log");
    app.pass(60_001);
    assert_eq!(word(&refresh(&app, &first).await), invalid_grant());
    assert_eq!(ping(&app, &text(&second, "access_token")).await, StatusCode::UNAUTHORIZED);
    let filter = portal_core::audit::AuditFilter::default();
    let rows = app.services.audit.list(&Admin::command_line(), &filter, None, 100).await.expect("rows");
    let ended = format!("{rows:?}");
    assert!(ended.matches("replay").count() >= 2, "{ended}");
}

/// Rule: Portal section 2: who was disabled or signed out everywhere is refused at the next call
/// Attack: 1.2: refreshing for somebody suspended; during an outage, 2 tries
#[tokio::test]
async fn who_was_suspended_gets_nothing_by_refreshing() {
    let app = app_with_refresh().await;
    let mut ada = app.as_user("ada@example.com").await;
    let token = app.agent(&mut ada, "mcp:read offline_access").await.refresh_token.expect("a token");
    let (admin, identity) = (Admin::command_line(), &app.services.identity);
    let user = identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    identity.user_change(&admin, &user.id, UserChange::Disable).await.expect("a change");
    assert_eq!(word(&refresh(&app, &token).await), invalid_grant());
    identity.user_change(&admin, &user.id, UserChange::Enable).await.expect("a change");
    assert_eq!(word(&refresh(&app, &token).await), invalid_grant(), "what ended stays ended");
}

/// Attack: 1.2: GET, JSON, multipart, duplicates, several ways to authenticate, 18 tries
#[tokio::test]
async fn requests_of_another_form_are_refused() {
    let app = app_with_refresh().await;
    let mut ada = app.as_user("ada@example.com").await;
    let client = TestClient::default();
    let token = app.agent(&mut ada, "mcp:read offline_access").await.refresh_token.expect("a token");
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("client_id", &client.id)];
    let good = form(&fields);
    let json =
        json!({"grant_type": "refresh_token", "refresh_token": token, "client_id": client.id}).to_string();
    let multipart = format!(
        "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nrefresh_token\r\n--x--\r\n{good}"
    );
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:secret", client.id.replace(':', "%3A"))));
    let bearer = format!("Bearer {token}");
    let table = [
        ("application/json", None, json.clone(), 400),
        (FORM, None, json, 400),
        ("multipart/form-data; boundary=x", None, multipart, 400),
        ("text/plain", None, good.clone(), 400),
        ("", None, good.clone(), 400),
        ("application/x-www-form-urlencoded, application/json", None, good.clone(), 400),
        (FORM, None, format!("{good}&grant_type=authorization_code"), 400),
        (FORM, None, format!("{good}&refresh_token=x"), 400),
        (FORM, None, format!("{good}&client_id=x"), 400),
        (FORM, None, format!("{good}&x=1&x=2"), 400),
        (
            FORM,
            None,
            good.replace("refresh_token&", "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&"),
            400,
        ),
        (FORM, Some(basic.as_str()), good.clone(), 401),
        (FORM, Some("Basic !!"), good.clone(), 400),
        (FORM, Some(bearer.as_str()), good.clone(), 400),
        (FORM, None, format!("{good}&client_secret=guess"), 401),
        (FORM, None, format!("{good}&client_assertion=a.b.c&client_assertion_type=x"), 400),
        (FORM, None, String::new(), 400),
    ];
    assert_eq!(table.len(), 17);
    for (kind, authorization, body, status) in table {
        let mut request = Request::post("/oauth/token").header("content-type", kind);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let answer = app.send(request.body(Body::from(body.clone())).expect("a request")).await;
        assert_eq!(word(&answer).0, status, "{kind} {authorization:?} {body}: {}", answer.text());
        assert!(answer.json().get("access_token").is_none());
    }
    let query = app.get(&format!("/oauth/token?{good}")).await;
    assert_eq!(query.status, StatusCode::METHOD_NOT_ALLOWED);
    let with_charset = Request::post("/oauth/token").header("content-type", format!("{FORM}; charset=UTF-8"));
    let answer = app.send(with_charset.body(Body::from(good)).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::OK, "none of it used the token: {}", answer.text());
}

/// What cannot be a token is refused by its form and checksum.
/// Attack: 1.2: guessed tokens: every position changed, other prefixes, 53 tries
#[tokio::test]
async fn guessed_tokens_are_refused() {
    let app = app_with_refresh().await;
    let mut ada = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut ada, "mcp:read offline_access").await;
    let good = agent.refresh_token.clone().expect("a token");
    let mut guesses =
        vec![good.replacen("ptlr_", "ptla_", 1), agent.token.clone(), "ptlr_".to_owned(), format!("{good}0")];
    for position in 5..54 {
        let mut bytes = good.clone().into_bytes();
        bytes[position] = if bytes[position] == b'0' { b'1' } else { b'0' };
        guesses.push(String::from_utf8(bytes).expect("a text"));
    }
    assert_eq!(guesses.len(), 53);
    for guess in &guesses {
        assert_eq!(word(&refresh(&app, guess).await), invalid_grant(), "{guess}");
        assert_eq!(ping(&app, guess).await == StatusCode::OK, *guess == agent.token, "{guess}");
    }
    assert_eq!(refresh(&app, &good).await.status, StatusCode::OK);
}

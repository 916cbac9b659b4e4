//! Rotation of refresh tokens, as a client sees it (OAuth 2.1 section 4.3.1).
//!
//! A state machine of presented tokens and passing time is compared with a model of a few lines: whatever happens, at
//! most one token of a session is current, and the answer to each request is the one the model gives.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: a fault ends the test, as it should"
)]

use std::collections::HashSet;

use http::StatusCode;
use portal_testkit::app::{Answer, TestApp, TestClient};
use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::Value;

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;

/// What happens to one session.
#[derive(Debug, Clone)]
enum Step {
    /// The token issued this many tokens ago is presented.
    Refresh(usize),
    /// The newest access token is used.
    Call,
    /// Time passes, in milliseconds.
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Refresh(0)),
        3 => Just(Step::Refresh(1)),
        1 => (2_usize..4).prop_map(Step::Refresh),
        2 => Just(Step::Call),
        2 => prop_oneof![Just(SECOND), Just(59 * SECOND), Just(61 * SECOND), Just(DAY), Just(6 * DAY)].prop_map(Step::Pass),
    ]
}

/// A token as the model knows it.
struct Known {
    text: String,
    issued_at: i64,
    confirmed_at: Option<i64>,
}

/// What should come of a request.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Rotated,
    Repeated,
    Ended,
}

struct Model {
    tokens: Vec<Known>,
    access: String,
    access_ends_at: i64,
    granted_at: i64,
    ended: bool,
}

impl Model {
    fn expect(&self, back: usize, now: i64) -> Expected {
        let newest = self.tokens.last().expect("a token");
        let idle = now - newest.issued_at >= 7 * DAY;
        if self.ended || now - self.granted_at >= 30 * DAY {
            return Expected::Ended;
        }
        match back {
            0 if !idle => Expected::Rotated,
            1 if !idle && newest.confirmed_at.is_none_or(|at| now - at <= 60 * SECOND) => Expected::Repeated,
            _ => Expected::Ended,
        }
    }
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    let client = TestClient::default();
    app.post_form(
        "/oauth/token",
        &[("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &client.id)],
    )
    .await
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{name} in {json}")).to_owned()
}

async fn with_refresh_tokens() -> TestApp {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    app
}

async fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut browser, "mcp:read offline_access").await;
    let mut now = 0;
    let mut model = Model {
        tokens: vec![Known {
            text: agent.refresh_token.clone().expect("a token"),
            issued_at: 0,
            confirmed_at: None,
        }],
        access: agent.token.clone(),
        access_ends_at: 3_600 * SECOND,
        granted_at: 0,
        ended: false,
    };
    for step in steps {
        match step {
            Step::Pass(span) => {
                app.pass(span);
                now += span;
            }
            Step::Call => {
                let answer = app
                    .mcp(
                        Some(&model.access),
                        &serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }),
                    )
                    .await;
                // The answer's use is written off the request's path; the story waits for it.
                app.services.activity.flush().await.expect("the activity log");
                let good = !model.ended && now < model.access_ends_at;
                prop_assert_eq!(answer.status == StatusCode::OK, good, "{}", answer.text());
                // Whoever presents it has had the answer, although its time may be over.
                if !model.ended {
                    model.tokens.last_mut().expect("a token").confirmed_at.get_or_insert(now);
                }
            }
            Step::Refresh(back) => present(&app, &mut model, back, now).await?,
        }
    }
    Ok(())
}

async fn present(app: &TestApp, model: &mut Model, back: usize, now: i64) -> Result<(), TestCaseError> {
    let Some(index) = model.tokens.len().checked_sub(back + 1) else { return Ok(()) };
    let presented = model.tokens[index].text.clone();
    let answer = refresh(app, &presented).await;
    match model.expect(back, now) {
        Expected::Rotated => {
            prop_assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let json = answer.json();
            let successor = text(&json, "refresh_token");
            let seen: HashSet<&str> = model.tokens.iter().map(|token| token.text.as_str()).collect();
            prop_assert!(!seen.contains(successor.as_str()), "a token was issued twice");
            model.tokens[index].confirmed_at.get_or_insert(now);
            model.tokens.push(Known { text: successor, issued_at: now, confirmed_at: None });
            model.access = text(&json, "access_token");
            model.access_ends_at = (now + 3_600 * SECOND).min(model.granted_at + 30 * DAY);
        }
        Expected::Repeated => {
            prop_assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let json = answer.json();
            prop_assert_eq!(
                text(&json, "refresh_token"),
                model.tokens[index + 1].text.clone(),
                "another branch"
            );
            prop_assert_eq!(text(&json, "access_token"), model.access.clone());
        }
        Expected::Ended => {
            prop_assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
            prop_assert_eq!(text(&answer.json(), "error"), "invalid_grant");
            model.ended = true;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Rule: RFC 9700 section 2.2.2: refresh tokens of public clients rotate
    /// Rule: RFC 9700 section 4.14.2: a replayed refresh token ends the session of a public client
    /// Rule: OAuth 2.1 draft-16 section 4.3.1: refreshing answers with a new refresh token, and the one before is over
    /// Rule: Portal section 1: a lost answer is given again, the same one, to the immediate predecessor
    /// Attack: 1.2: a refresh token twice within the grace, 48 tries
    #[test]
    fn no_sequence_leaves_two_live_branches(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(run(steps))?;
    }
}

/// OAuth 2.1 section 4.3.1: of several that present one token at once, all get the same successor.
/// Rule: OAuth 2.1 draft-16 section 4.3.1: several who present one token at once all get the same successor
/// Attack: 1.2: sixteen refreshes of one token at once, 16 tries
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_refreshes_of_one_token_converge() {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut browser, "mcp:read offline_access").await;
    let token = agent.refresh_token.clone().expect("a token");
    let answers = futures::future::join_all((0..16).map(|_| refresh(&app, &token))).await;
    let successors: HashSet<String> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            text(&answer.json(), "refresh_token")
        })
        .collect();
    assert_eq!(successors.len(), 1);
}

/// A lost answer survives a restart: the answer is in the store, sealed.
/// Rule: Portal section 1: a lost answer is given again, the same one, to the immediate predecessor
#[tokio::test]
async fn a_lost_answer_is_given_again_after_a_restart() {
    let app = with_refresh_tokens().await;
    let token = {
        let mut browser = app.as_user("ada@example.com").await;
        app.agent(&mut browser, "mcp:read offline_access").await.refresh_token.expect("a token")
    };
    let first = text(&refresh(&app, &token).await.json(), "refresh_token");
    let app = app.restart().await;
    assert_eq!(text(&refresh(&app, &token).await.json(), "refresh_token"), first);
}

/// An outage is not a loss: 503 while the store is away, and the token is good afterwards.
/// Rule: Portal section 2: an outage is 503 and costs nobody a token
/// Attack: 1.2: refreshing for somebody suspended; during an outage
#[tokio::test]
async fn an_outage_takes_no_session() {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let token = app.agent(&mut browser, "mcp:read offline_access").await.refresh_token.expect("a token");
    app.break_store(true);
    let away = refresh(&app, &token).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_ne!(away.header("retry-after"), "");
    app.break_store(false);
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK);
}

/// Switched off: no refresh while off, and the session goes on when it is on again.
/// Rule: Portal section 1: switched off means not now: the session goes on when it is on again
#[tokio::test]
async fn switched_off_means_not_now() {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let token = app.agent(&mut browser, "mcp:read offline_access").await.refresh_token.expect("a token");
    app.set(&[("mcp.refresh.enabled", "false")]).await;
    let refused = refresh(&app, &token).await;
    assert_eq!(
        (refused.status, text(&refused.json(), "error")),
        (StatusCode::BAD_REQUEST, "unauthorized_client".into())
    );
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK);
}

/// A lower setting shortens sessions that are open, a higher one lengthens none, and what expired stays so.
/// Rule: Portal section 1: of the lifetime at the grant and the one now, the smaller counts
#[tokio::test]
async fn the_smaller_lifetime_is_in_force() {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let token = app.agent(&mut browser, "mcp:read offline_access").await.refresh_token.expect("a token");
    app.set(&[("mcp.refresh.token_lifetime_days", "1")]).await;
    app.pass(DAY);
    assert_eq!(text(&refresh(&app, &token).await.json(), "error"), "invalid_grant");
    app.set(&[("mcp.refresh.token_lifetime_days", "14")]).await;
    assert_eq!(text(&refresh(&app, &token).await.json(), "error"), "invalid_grant");
}

/// RFC 6749 section 6: refresh never widens; asking for less narrows the access token only.
/// Rule: RFC 6749 section 6: refreshing never widens the scope
/// Rule: RFC 8707 section 2: an unknown resource is invalid_target
/// Attack: 1.2: a wider scope, another resource, another client when refreshing, 2 tries
#[tokio::test]
async fn refresh_never_widens() {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let token = app.agent(&mut browser, "mcp:read offline_access").await.refresh_token.expect("a token");
    let client = TestClient::default();
    let mut fields =
        vec![("grant_type", "refresh_token"), ("refresh_token", &token), ("client_id", &client.id)];
    fields.push(("scope", "mcp:write"));
    let refused = app.post_form("/oauth/token", &fields).await;
    assert_eq!(text(&refused.json(), "error"), "invalid_scope");
    fields.pop();
    fields.push(("resource", "https://elsewhere.example/mcp"));
    assert_eq!(text(&app.post_form("/oauth/token", &fields).await.json(), "error"), "invalid_target");
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK, "refusals keep the session");
}

/// RFC 7009: revoking a refresh token ends its access tokens too; unknown tokens are no error.
/// Rule: RFC 7009 section 2.1: a refresh token takes its access tokens along
/// Rule: RFC 7009 section 2.2: an unknown token is answered with 200
#[tokio::test]
async fn revocation_ends_the_session() {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let agent = app.agent(&mut browser, "mcp:read offline_access").await;
    let token = agent.refresh_token.clone().expect("a token");
    let client = TestClient::default();
    let unknown = app.post_form("/oauth/revoke", &[("token", "nonsense"), ("client_id", &client.id)]).await;
    assert_eq!(unknown.status, StatusCode::OK);
    let answer = app.post_form("/oauth/revoke", &[("token", &token), ("client_id", &client.id)]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(agent.call("auth_who_am_i", serde_json::json!({})).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(text(&refresh(&app, &token).await.json(), "error"), "invalid_grant");
}

/// The sealed answer is kept for the whole grace, and not longer: the store must not hold what it does not need.
/// Rule: Portal section 1: the sealed answer is deleted when the grace is over
#[tokio::test]
async fn a_sealed_answer_goes_once_the_grace_is_over() {
    let app = with_refresh_tokens().await;
    let mut browser = app.as_user("ada@example.com").await;
    let token = app.agent(&mut browser, "mcp:read offline_access").await.refresh_token.expect("a token");
    let first = refresh(&app, &token).await.json();
    app.mcp(
        Some(&text(&first, "access_token")),
        &serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }),
    )
    .await;
    app.services.activity.flush().await.expect("the activity log");
    let forget = async || app.services.tokens.forget_answers().await.expect("the store");
    app.pass(60 * SECOND);
    assert_eq!(forget().await, 0);
    portal_core::audit::prune(&app.services.dependencies).await.expect("a pruning");
    assert_eq!(text(&refresh(&app, &token).await.json(), "refresh_token"), text(&first, "refresh_token"));
    app.pass(SECOND);
    assert_eq!(forget().await, 1);
    assert_eq!(forget().await, 0);
}

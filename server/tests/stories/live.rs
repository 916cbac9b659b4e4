//! Streams of server-sent events: who may listen, what is said, and when they end.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt as _;
use http::{Request, StatusCode, header};
use portal_testkit::app::{Browser, ScriptedDirectory, TestApp};
use tower::ServiceExt as _;

/// What an event takes at most; only a stream that says nothing waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Listening(BodyDataStream);

impl Listening {
    /// The next version that the stream tells; `None` when it ends.
    async fn version(&mut self) -> Option<String> {
        let next = async {
            loop {
                let frame = self.0.next().await?.expect("a whole stream");
                let text = String::from_utf8(frame.to_vec()).expect("text");
                if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
                    assert!(text.contains("event: version"), "{text}");
                    return Some(data.to_owned());
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("the stream says something or ends")
    }
}

async fn listen(app: &TestApp, browser: &Browser<'_>, path: &str) -> Listening {
    let (scheme, host) = app.url().split_once("://").expect("a scheme");
    let prefix = if scheme == "https" { "__Host-" } else { "" };
    let cookie = format!("{prefix}portal_session={}", browser.cookie("portal_session").expect("a session"));
    let request = Request::get(path).header(header::HOST, host).header(header::COOKIE, cookie);
    let request = request.body(Body::empty()).expect("a request");
    let answer = app.router().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    Listening(answer.into_body().into_data_stream())
}

#[tokio::test]
async fn a_stream_says_the_version_and_each_new_one() {
    let directory = ScriptedDirectory::of(3);
    let app = TestApp::start_with_directories(vec![directory.named("acme")]).await;
    let admin = app.as_admin("root@example.com").await;
    let mut listening = listen(&app, &admin, "/_live/org-data/acme").await;
    let before = listening.version().await.expect("the present version");
    app.run_directories().await;
    let after = listening.version().await.expect("a new version");
    assert_ne!(before, after);
}

#[tokio::test]
async fn streams_are_for_those_who_may_see_the_part() {
    let app = TestApp::start_with_directories(vec![ScriptedDirectory::of(1).named("acme")]).await;
    let mut nobody = app.as_nobody();
    assert_eq!(nobody.get("/_live/setup").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.get("/_live/org-data/acme").await.status, StatusCode::UNAUTHORIZED);
    let mut user = app.as_user("ada@example.com").await;
    assert_eq!(user.get("/_live/org-data/acme").await.status, StatusCode::FORBIDDEN);
    assert_eq!(user.get("/_live/org-data/none").await.status, StatusCode::FORBIDDEN);
    let mut admin = app.as_admin("root@example.com").await;
    assert_eq!(admin.get("/_live/org-data/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stream_ends_with_the_session() {
    let app = TestApp::start().await;
    let mut user = app.as_user("ada@example.com").await;
    let mut listening = listen(&app, &user, "/_live/setup").await;
    assert!(listening.version().await.is_some());
    user.post("/_ui/sign_out", &[]).await;
    assert_eq!(listening.version().await, None);
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_streams() {
    let app = TestApp::start().await;
    let mut user = app.as_user("ada@example.com").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(listen(&app, &user, "/_live/setup?agent=codex").await);
    }
    let refused = user.get("/_live/setup").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!refused.header("retry-after").is_empty());
    open.pop();
    listen(&app, &user, "/_live/setup").await;
}

//! The self-check: what it says of a Portal that is as it should be, and of each thing that can stand in an agent's way.

use http::StatusCode;
use portal_core::{
    identity::Admin,
    ports::FetchError,
    self_check::{SelfCheckFinding, SelfCheckSubject as Subject, SelfCheckVerdict as Verdict},
};
use portal_testkit::app::{TestApp, WayFault};

async fn findings(app: &TestApp) -> Vec<SelfCheckFinding> {
    app.services.self_check.run(&Admin::command_line()).await.expect("a report").findings
}

/// What is not as it should be.
async fn wrong(app: &TestApp) -> Vec<(Subject, Verdict)> {
    let all = findings(app).await;
    all.into_iter()
        .filter(|finding| finding.verdict != Verdict::Good)
        .map(|finding| {
            let told = finding.verdict == Verdict::Skipped || !finding.advice.is_empty();
            assert!(told && !finding.found.is_empty(), "{finding:?}");
            (finding.subject, finding.verdict)
        })
        .collect()
}

async fn open() -> TestApp {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app
}

#[tokio::test]
async fn a_portal_as_it_should_be_passes() {
    let app = open().await;
    let all = findings(&app).await;
    assert!(all.iter().all(|finding| finding.verdict == Verdict::Good), "{all:?}");
    assert_eq!(all.len(), 8);
    let mut admin = app.as_admin("root@example.com").await;
    let page = admin.get("/settings/self-check").await;
    assert_eq!(page.status, StatusCode::OK);
    let page = page.text();
    assert!(page.contains("Agents can connect.") && page.contains("Checked "), "{page}");
    assert!(admin.get("/settings/general").await.text().contains("Run self-check"));
    let attempts = app.services.attempts.failures(&Admin::command_line(), 10).await.expect("a list");
    assert!(attempts.is_empty(), "its own visit is nobody's failed attempt: {attempts:?}");
}

#[tokio::test]
async fn what_is_switched_off_is_named() {
    let app = TestApp::start().await;
    app.set(&[("mcp.sources.auth.enabled", "false")]).await;
    let found = wrong(&app).await;
    for expected in [
        (Subject::SignIn, Verdict::Failed),
        (Subject::Challenge, Verdict::Failed),
        (Subject::ResourceMetadata, Verdict::Failed),
        (Subject::AuthSource, Verdict::Warning),
    ] {
        assert!(found.contains(&expected), "{expected:?} {found:?}");
    }
    app.let_agents_sign_in().await;
    assert_eq!(wrong(&app).await, [(Subject::AuthSource, Verdict::Warning)]);
    let page = app.as_admin("root@example.com").await.get("/settings/self-check").await.text();
    assert!(page.contains("Agents can connect, with 1 warning."), "{page}");
    assert!(page.contains("Turn on the Auth source"), "{page}");
}

#[tokio::test]
async fn another_address_is_named() {
    let app = open().await;
    // Another Portal answers, with another public URL.
    app.way.set_fault(Some(WayFault::Text("https://portal.example.com", "https://old.example.com")));
    let failed = Verdict::Failed;
    assert_eq!(
        wrong(&app).await,
        [
            (Subject::Challenge, failed),
            (Subject::ResourceMetadata, failed),
            (Subject::ServerMetadata, failed)
        ]
    );
    let all = findings(&app).await;
    let server = all.iter().find(|finding| finding.subject == Subject::ServerMetadata).expect("a line");
    assert!(
        server.found.contains("issuer is https://old.example.com, expected https://portal.example.com"),
        "{server:?}"
    );
    // A slash at the end is another issuer.
    app.way.set_fault(Some(WayFault::Text(
        "\"issuer\":\"https://portal.example.com\"",
        "\"issuer\":\"https://portal.example.com/\"",
    )));
    assert_eq!(wrong(&app).await, [(Subject::ServerMetadata, failed)]);
    // The proxy does not pass on Host.
    app.way.set_fault(Some(WayFault::Host("backend:8080")));
    let all = findings(&app).await;
    let challenge = all.iter().find(|finding| finding.subject == Subject::Challenge).expect("a line");
    assert!(challenge.advice.contains("pass on the header Host"), "{challenge:?}");
    // The address redirects.
    let redirect = WayFault::Answer(301, vec![("location", "https://www.example.com/")], "");
    app.way.set_fault(Some(redirect));
    let all = findings(&app).await;
    let challenge = all.iter().find(|finding| finding.subject == Subject::Challenge).expect("a line");
    assert!(challenge.found.contains("redirects to https://www.example.com/"), "{challenge:?}");
    // Something else answers.
    app.way.set_fault(Some(WayFault::Answer(200, Vec::new(), "<h1>It works</h1>")));
    assert_eq!(wrong(&app).await.iter().filter(|(_, verdict)| *verdict == failed).count(), 4);
}

#[tokio::test]
async fn missing_https_is_named() {
    let app = TestApp::start_at("http://portal.example.com").await;
    app.let_agents_sign_in().await;
    assert_eq!(wrong(&app).await, [(Subject::Https, Verdict::Failed)]);
    let app = TestApp::start_at("https://portal.example.com").await;
    app.let_agents_sign_in().await;
    assert_eq!(wrong(&app).await, []);
}

#[tokio::test]
async fn headers_that_a_proxy_drops_are_named() {
    let app = open().await;
    let cases: [(WayFault, &[(Subject, Verdict)]); 4] = [
        (
            WayFault::RequestHeaders(vec!["authorization"]),
            &[(Subject::Authorization, Verdict::Failed), (Subject::McpHeaders, Verdict::Skipped)],
        ),
        (WayFault::RequestHeaders(vec!["mcp-session-id"]), &[(Subject::McpHeaders, Verdict::Failed)]),
        (WayFault::AnswerHeaders(vec!["portal-self-check"]), &[(Subject::McpHeaders, Verdict::Warning)]),
        (
            WayFault::AnswerHeaders(vec!["www-authenticate"]),
            &[
                (Subject::Challenge, Verdict::Failed),
                (Subject::Authorization, Verdict::Failed),
                (Subject::McpHeaders, Verdict::Skipped),
            ],
        ),
    ];
    for (fault, expected) in cases {
        app.way.set_fault(Some(fault.clone()));
        assert_eq!(wrong(&app).await, expected, "{fault:?}");
    }
    app.way.set_fault(Some(WayFault::RequestHeaders(vec!["mcp-session-id"])));
    let page = app.as_admin("root@example.com").await.get("/settings/self-check").await.text();
    assert!(page.contains("These do not arrive: mcp-session-id."), "{page}");
}

#[tokio::test]
async fn an_address_that_nothing_answers_is_named_once() {
    let app = open().await;
    for (error, advice) in [
        (FetchError::Dns, "name server"),
        (FetchError::Tls, "certificate"),
        (FetchError::Connect, "Portal is running"),
        (FetchError::Timeout, "Portal is running"),
    ] {
        app.way.set_fault(Some(WayFault::Unreachable(error.clone())));
        let all = findings(&app).await;
        let failed: Vec<_> = all.iter().filter(|finding| finding.verdict == Verdict::Failed).collect();
        assert_eq!(failed.len(), 1, "{error}: {all:?}");
        assert!(failed[0].advice.contains(advice), "{:?}", failed[0]);
        assert_eq!(all.iter().filter(|finding| finding.verdict == Verdict::Skipped).count(), 4, "{error}");
    }
}

#[tokio::test]
async fn only_a_self_check_is_told_what_arrived() {
    let app = open().await;
    let ask = |token: &str| {
        http::Request::post("/api/mcp-actions/v1")
            .header("authorization", format!("Bearer {token}"))
            .header("mcp-name", "x")
            .body(axum::body::Body::empty())
            .expect("a request")
    };
    let answer = app.send(ask("portal-self-check")).await;
    assert_eq!((answer.status, answer.header("portal-self-check")), (StatusCode::UNAUTHORIZED, "mcp-name"));
    let answer = app.send(ask("ptla_of-nobody")).await;
    assert_eq!((answer.status, answer.header("portal-self-check")), (StatusCode::UNAUTHORIZED, ""));
}

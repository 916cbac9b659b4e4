//! Agents that do not get in: each cause has its own words, on the right person's page and on nobody else's.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_core::{
    attempts::AttemptKind,
    identity::{Admin, UserChange},
    ports::FetchError,
    services::MCP_PATH,
    time::{HOUR_MS, MINUTE_MS, SECOND_MS},
    tokens::StaticTokenRequest,
};
use portal_testkit::app::{Agent, Browser, TestApp, TestClient, query};
use serde_json::json;

/// The guide on which an agent that Portal does not know by name is shown.
const GUIDE: &str = "/mcp/setup?agent=other";

/// A Portal in which agents may sign in, and Ada, who has opened the guide; beside her Bob and an admin, who look on.
struct World<'app> {
    app: &'app TestApp,
    ada: Browser<'app>,
    bob: Browser<'app>,
    admin: Browser<'app>,
    client: TestClient,
}

impl<'app> World<'app> {
    async fn new(app: &'app TestApp) -> Self {
        app.let_agents_sign_in().await;
        let client = TestClient::default();
        app.fetcher.serve(&client.id, &client.document());
        let mut ada = app.as_user("ada@example.com").await;
        assert!(ada.get(GUIDE).await.text().contains("Waiting for your agent"));
        let bob = app.as_user("bob@example.com").await;
        let admin = app.as_admin("root@example.com").await;
        Self { app, ada, bob, admin, client }
    }

    /// The words are on Ada's page and among what admins see, and not on Bob's.
    async fn is_told_to_ada(&mut self, kind: AttemptKind) {
        let heading = escaped(kind.words("").heading);
        let page = self.ada.get(GUIDE).await.text();
        assert!(page.contains(&heading), "{kind:?} is not on the page of whose attempt it was");
        assert!(page.contains(&escaped(kind.words("").ask)), "{kind:?}: what to do");
        self.is_told_to_admins(kind).await;
        assert!(!self.bob.get(GUIDE).await.text().contains(&heading), "{kind:?} is told to somebody else");
        // The next failure is another one, later.
        self.app.pass(SECOND_MS);
    }

    async fn is_told_to_admins(&mut self, kind: AttemptKind) {
        let heading = escaped(kind.words("").heading);
        let listed = self.admin.get("/settings/agents?attempts=all").await.text();
        assert!(listed.contains(&heading), "{kind:?} is not told to admins");
    }

    /// The words are told to admins alone.
    async fn is_told_to_admins_only(&mut self, kind: AttemptKind) {
        self.is_told_to_admins(kind).await;
        let heading = escaped(kind.words("").heading);
        for browser in [&mut self.ada, &mut self.bob] {
            assert!(!browser.get(GUIDE).await.text().contains(&heading), "{kind:?}");
        }
        self.app.pass(SECOND_MS);
    }

    async fn begin(&mut self) -> String {
        let begun = self.ada.get(&self.client.authorize_path(self.app, "mcp:read")).await;
        begun.location().to_owned()
    }

    async fn code(&mut self) -> String {
        self.client.code(self.app, &mut self.ada, "mcp:read").await
    }

    async fn exchange(&self, code: &str, verifier: &str) -> StatusCode {
        let mut fields = self.client.exchange_fields(code);
        fields.retain(|(name, _)| *name != "code_verifier");
        fields.push(("code_verifier", verifier));
        self.app.post_form("/oauth/token", &fields).await.status
    }

    async fn agent(&mut self) -> Agent<'app> {
        self.app.agent(&mut self.ada, "mcp:read").await
    }

    async fn token(&self, request: StaticTokenRequest) -> String {
        let owned = StaticTokenRequest {
            name: "Terminal".to_owned(),
            owner: "ada@example.com".to_owned(),
            scope: "mcp:read".to_owned(),
            ..request
        };
        let made = self.app.services.static_tokens.create(&Admin::command_line(), &owned).await;
        made.expect("a token").secret.expose().to_owned()
    }
}

/// As it stands in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn who_am_i() -> serde_json::Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "auth_who_am_i", "arguments": {}}})
}

#[tokio::test]
async fn what_an_agent_says_of_itself_is_refused_with_its_own_words() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;

    app.set(&[("mcp.cimd.enabled", "false")]).await;
    world.begin().await;
    world.is_told_to_ada(AttemptKind::DocumentsOff).await;
    app.set(&[("mcp.cimd.enabled", "true"), ("mcp.cimd.policy", "well-known")]).await;
    world.begin().await;
    world.is_told_to_ada(AttemptKind::ClientNotAllowed).await;
    app.let_agents_sign_in().await;

    world.client.id = "https://away.example.net/client.json".to_owned();
    app.fetcher.fail(&world.client.id, FetchError::Timeout);
    world.begin().await;
    world.is_told_to_ada(AttemptKind::DocumentUnreachable).await;
    assert!(world.ada.get(GUIDE).await.text().contains("did not answer in time"), "and why");

    world.client.id = "https://broken.example.net/client.json".to_owned();
    app.fetcher.serve(&world.client.id, &json!({ "client_id": world.client.id }));
    world.begin().await;
    world.is_told_to_ada(AttemptKind::DocumentInvalid).await;

    world.client.id = "ptl-client-none".to_owned();
    world.begin().await;
    world.is_told_to_ada(AttemptKind::ClientUnknown).await;

    world.client.id = "https://agent.example.net/../client.json".to_owned();
    world.begin().await;
    world.is_told_to_ada(AttemptKind::ClientIdInvalid).await;

    world.client =
        TestClient { redirect_uri: "https://elsewhere.example/callback".to_owned(), ..TestClient::default() };
    world.begin().await;
    world.is_told_to_ada(AttemptKind::RedirectMismatch).await;

    let path = TestClient::default().authorize_path(&app, "mcp:read");
    world.ada.get(&path.replace("code_challenge_method=S256", "code_challenge_method=plain")).await;
    world.is_told_to_ada(AttemptKind::RequestInvalid).await;
}

#[tokio::test]
async fn what_goes_wrong_between_browser_and_code_has_its_own_words() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;

    let consent = world.begin().await;
    assert!(world.ada.get(GUIDE).await.text().contains("Signing in"), "the page knows that it goes on");
    let request = query(&consent, "request").expect("a pending request");
    let fields = [("request", request.as_str()), ("decision", "cancel"), ("scope", "mcp:read")];
    world.ada.post("/_ui/consent", &fields).await;
    world.is_told_to_ada(AttemptKind::Cancelled).await;

    let consent = world.begin().await;
    app.pass(HOUR_MS + SECOND_MS);
    world.ada.get(&consent).await;
    world.is_told_to_ada(AttemptKind::RequestExpired).await;

    // Someone else's window: its client is not told to whoever opens it.
    let consent = world.begin().await;
    world.bob.get(&consent).await;
    let heading = AttemptKind::OtherBrowser.words("").heading;
    let page = world.bob.get(GUIDE).await.text();
    assert!(page.contains(heading) && !page.contains(&world.client.id), "{page}");
    app.pass(SECOND_MS);

    let code = world.code().await;
    app.pass(MINUTE_MS + SECOND_MS);
    let verifier = world.client.verifier.clone();
    assert_eq!(world.exchange(&code, &verifier).await, StatusCode::BAD_REQUEST);
    world.is_told_to_ada(AttemptKind::CodeExpired).await;

    let code = world.code().await;
    assert_eq!(world.exchange(&code, &"x".repeat(43)).await, StatusCode::BAD_REQUEST);
    world.is_told_to_ada(AttemptKind::CodeProofWrong).await;

    let code = world.code().await;
    assert_eq!(world.exchange(&code, &verifier).await, StatusCode::OK);
    app.pass(SECOND_MS);
    assert_eq!(world.exchange(&code, &verifier).await, StatusCode::BAD_REQUEST);
    world.is_told_to_ada(AttemptKind::CodeUsed).await;

    // Codes that are nobody's.
    assert_eq!(world.exchange("made-up", &verifier).await, StatusCode::BAD_REQUEST);
    world.is_told_to_admins_only(AttemptKind::CodeRefused).await;
}

#[tokio::test]
async fn an_agent_that_never_comes_back_is_noticed_after_two_minutes() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;
    let consent = world.begin().await;
    let request = query(&consent, "request").expect("a pending request");
    let fields = [("request", request.as_str()), ("decision", "allow"), ("scope", "mcp:read")];
    world.ada.post("/_ui/consent", &fields).await;
    let words = AttemptKind::CodeNotExchanged.words("");
    let page = world.ada.get(GUIDE).await.text();
    assert!(page.contains("Waiting for your agent to fetch its token") && !page.contains(words.heading));
    app.pass(2 * MINUTE_MS);
    let page = world.ada.get(GUIDE).await.text();
    assert!(page.contains(words.heading) && page.contains(words.ask), "{page}");
    assert!(!world.bob.get(GUIDE).await.text().contains(words.heading));
}

#[tokio::test]
async fn calls_that_are_refused_have_their_own_words() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;
    let agent = world.agent().await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK);
    app.pass(SECOND_MS);

    let refused = agent.call("catalog_register_entity", json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    world.is_told_to_ada(AttemptKind::ScopeTooSmall).await;
    assert!(world.ada.get(GUIDE).await.text().contains("catalog_register_entity needs mcp:write"));

    app.set(&[("mcp.sources.catalog.enabled", "false")]).await;
    agent.call("catalog_get_catalog_model_description", json!({})).await;
    world.is_told_to_ada(AttemptKind::SourceOff).await;
    app.set(&[("mcp.sources.catalog.enabled", "true")]).await;

    let bound = StaticTokenRequest { ranges: "198.51.100.0/24".to_owned(), ..StaticTokenRequest::default() };
    let token = world.token(bound).await;
    assert_eq!(app.mcp(Some(&token), &who_am_i()).await.status, StatusCode::FORBIDDEN);
    world.is_told_to_ada(AttemptKind::AddressRefused).await;

    let narrow = StaticTokenRequest { sources: vec!["auth".to_owned()], ..StaticTokenRequest::default() };
    let token = world.token(narrow).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "catalog_get_catalog_model_description", "arguments": {}}});
    app.mcp(Some(&token), &call).await;
    world.is_told_to_ada(AttemptKind::SourceNotAllowed).await;

    // Refresh tokens are off: the access token ends for good.
    app.pass(HOUR_MS + MINUTE_MS);
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);
    world.is_told_to_ada(AttemptKind::AccessExpired).await;
}

#[tokio::test]
async fn sessions_and_tokens_that_ended_have_their_own_words() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let agent = app.agent(&mut world.ada, "mcp:read offline_access").await;
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::OK);

    // An agent that renews its access does so without a word.
    app.pass(HOUR_MS + MINUTE_MS);
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);
    assert!(!world.ada.get(GUIDE).await.text().contains(AttemptKind::AccessExpired.words("").heading));

    world.ada.post("/_ui/agent_disconnect_all", &[("confirmed", "1")]).await;
    let refresh = agent.refresh_token.clone().expect("a refresh token");
    let client = world.client.clone();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("client_id", &*client.id)];
    assert_eq!(app.post_form("/oauth/token", &fields).await.status, StatusCode::BAD_REQUEST);
    world.is_told_to_ada(AttemptKind::RefreshRefused).await;
    // Another hour, so that it is told anew.
    app.pass(HOUR_MS);
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);
    world.is_told_to_ada(AttemptKind::SessionEnded).await;

    let token = world.token(StaticTokenRequest::default()).await;
    app.pass(91 * 24 * HOUR_MS);
    world.ada = app.as_user("ada.two@example.com").await;
    assert_eq!(app.mcp(Some(&token), &who_am_i()).await.status, StatusCode::UNAUTHORIZED);
    let mut admin = app.as_admin("root.two@example.com").await;
    let heading = escaped(AttemptKind::StaticTokenEnded.words("").heading);
    assert!(admin.get("/settings/agents").await.text().contains(&heading));
    assert!(!world.ada.get(GUIDE).await.text().contains(&heading), "it is another person's token");
}

#[tokio::test]
async fn what_is_nobodys_is_told_to_admins_only() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;

    // Nobody is signed in in this browser.
    let mut nobody = app.as_nobody();
    app.fetcher.fail(&world.client.id, FetchError::Dns);
    app.pass(2 * HOUR_MS);
    nobody.get(&world.client.authorize_path(&app, "mcp:read")).await;
    world.is_told_to_admins_only(AttemptKind::DocumentUnreachable).await;
    let listed = world.admin.get("/settings/agents").await.text();
    assert!(listed.contains(&world.client.id) && listed.contains("203.0.113.7"), "with client and address");

    app.mcp(Some("ptls_0000000000000000000000000000000000000000000"), &who_am_i()).await;
    let page = Request::post(MCP_PATH).header("origin", "https://evil.example");
    let refused = app.send(page.body(Body::empty()).expect("a request")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    world.is_told_to_admins_only(AttemptKind::OriginRefused).await;
    assert!(world.admin.get("/settings/agents").await.text().contains("https://evil.example"));
}

#[tokio::test]
async fn a_person_who_may_not_go_on_is_named_to_admins() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;
    let agent = world.agent().await;
    let identity = &app.services.identity;
    let ada =
        identity.user_find(&Admin::command_line(), "ada@example.com").await.expect("a look").expect("Ada");
    identity.user_change(&Admin::command_line(), &ada.id, UserChange::Disable).await.expect("a change");
    assert_eq!(agent.call("auth_who_am_i", json!({})).await.status, StatusCode::UNAUTHORIZED);
    world.is_told_to_admins(AttemptKind::PersonSuspended).await;
    assert!(world.admin.get("/settings/agents").await.text().contains("user:default/ada"));
    let heading = AttemptKind::PersonSuspended.words("").heading;
    assert!(!world.bob.get(GUIDE).await.text().contains(heading));
}

#[tokio::test]
async fn noise_is_bounded_and_old_attempts_go() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;
    for number in 0..40 {
        let path = format!("/oauth/authorize?client_id=ptl-client-{number}&redirect_uri=http://127.0.0.1/cb");
        app.as_nobody().get(&path).await;
    }
    let failures = app.services.attempts.failures(&Admin::command_line(), 200).await.expect("failures");
    assert_eq!(failures.len(), 30, "a network without a person has few a minute");
    assert_eq!(app.services.attempts.lost(), 10);
    // People are not held back by that.
    world.client.id = "ptl-client-none".to_owned();
    world.begin().await;
    world.is_told_to_ada(AttemptKind::ClientUnknown).await;

    app.pass(8 * 24 * HOUR_MS);
    assert_eq!(
        app.services.attempts.prune().await.expect("a store"),
        33,
        "31 attempts and two opened guides"
    );
    let left = app.services.attempts.failures(&Admin::command_line(), 200).await.expect("failures");
    assert!(left.is_empty());
}

#[tokio::test]
async fn what_is_shown_of_an_attempt_is_no_secret_and_stays_text() {
    let app = TestApp::start().await;
    let mut world = World::new(&app).await;
    world.client.id = "https://x.example/<script>alert(1)</script>".to_owned();
    world.begin().await;
    let code = TestClient::default().code(&app, &mut world.ada, "mcp:read").await;
    world.exchange(&code, &"y".repeat(43)).await;
    for page in [world.ada.get(GUIDE).await.text(), world.admin.get("/settings/agents").await.text()] {
        assert!(!page.contains("<script>alert"), "remote text is escaped");
        assert!(!page.contains(&code), "no code is shown");
    }
    assert!(!app.dump().await.contains(&code));
}

//! No secret is ever written where people read: not in the log, not in the audit log.

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use portal_core::{
    audit::AuditFilter,
    identity::{Admin, RequestOrigin, SignIn},
    secret::Secret,
    tokens::{OldTokenEnds, StaticTokenRequest},
};
use portal_testkit::app::{PASSWORD, TestApp, TestClient};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

/// Keeps every log line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'writer> MakeWriter<'writer> for Lines {
    type Writer = Self;

    fn make_writer(&'writer self) -> Self {
        self.clone()
    }
}

/// Rule: Portal section 5: no secret is in the log or the audit log
/// Attack: 1.5: secrets in the log and the audit log, 14 tries
#[tokio::test]
async fn a_whole_connect_leaves_no_secret_behind() {
    // For the whole process: what the stories beside this one log is looked at too.
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let subscriber = subscriber.with_writer(lines.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only one");
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    let link = app.services.identity.first_admin_link().await.expect("a link").expect("a link");
    app.get(&format!("/first-admin?token={}", link.expose())).await;
    let mut browser = app.as_user("ada@example.com").await;
    let session = browser.cookie("portal_session").expect("a session").to_owned();
    let known = browser.cookie("portal_browser").expect("a browser").to_owned();
    let wrong = SignIn {
        email: "ada@example.com".to_owned(),
        password: Secret::new("wrong password of Ada"),
        known_browser: None,
        previous_session: None,
    };
    app.services.identity.sign_in(wrong, &RequestOrigin::default()).await.expect("an outcome");
    let client = TestClient::default();
    let code = client.code(&app, &mut browser, "mcp:read offline_access").await;
    let bound = browser.cookie("portal_authorize").expect("a binding").to_owned();
    let tokens = app.post_form("/oauth/token", &client.exchange_fields(&code)).await.json();
    let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{name} in {tokens}")).to_owned();
    let call =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "auth_who_am_i"}});
    app.mcp(Some(&text("access_token")), &call).await;
    let refresh = text("refresh_token");
    let again = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", &client.id)];
    let refreshed = app.post_form("/oauth/token", &again).await.json();
    app.post_form("/oauth/token", &client.exchange_fields(&code)).await;
    let static_tokens = use_static_tokens(&app, &call).await;

    let secrets = [
        link.expose(),
        PASSWORD,
        "wrong password of Ada",
        &session,
        &known,
        &bound,
        &code,
        &client.verifier,
        &text("access_token"),
        &refresh,
        refreshed["access_token"].as_str().expect("a token"),
        refreshed["refresh_token"].as_str().expect("a token"),
    ];
    let log = String::from_utf8(lines.0.lock().expect("lines").clone()).expect("UTF-8");
    assert!(log.contains("/oauth/token"), "the log says what happened");
    let audit = app.services.audit.list(&Admin::command_line(), &AuditFilter::default(), None, 1_000).await;
    let audit = format!("{:?}", audit.expect("the audit log"));
    assert!(audit.contains("code-replayed") || audit.contains("replay"), "{audit}");
    for secret in secrets.into_iter().chain(static_tokens.iter().map(Secret::expose)) {
        assert!(secret.len() >= 12, "too short to be looked for: {secret}");
        let leak = log.lines().find(|written| written.contains(secret));
        assert_eq!(leak, None, "the log holds {secret}");
        assert!(!audit.contains(secret), "the audit log holds {secret}");
    }
}

/// Makes static tokens, replaces and revokes one, and uses them; returns them all.
async fn use_static_tokens(app: &TestApp, call: &serde_json::Value) -> Vec<Secret> {
    let (tokens, admin) = (&app.services.static_tokens, Admin::command_line());
    let request = StaticTokenRequest {
        name: "CI".to_owned(),
        owner: "ada@example.com".to_owned(),
        scope: "mcp:write".to_owned(),
        ..StaticTokenRequest::default()
    };
    let first = tokens.create(&admin, &request).await.expect("a token");
    app.mcp(Some(first.secret.expose()), call).await;
    let second = tokens.rotate(&admin, &first.token.id, OldTokenEnds::AtOnce).await.expect("a token");
    app.mcp(Some(first.secret.expose()), call).await;
    app.mcp(Some(second.secret.expose()), call).await;
    tokens.revoke(&admin, &second.token.id).await.expect("an end");
    app.mcp(Some(second.secret.expose()), call).await;
    vec![first.secret, second.secret]
}

//! Sign-in with a provider, as it goes when nobody lies: the real adapters against issuers on loopback.

use std::sync::Arc;

use http::StatusCode;
use portal_core::{
    audit::{AuditEvent, AuditFilter, AuditOutcome},
    identity::{Admin, SignInBy},
    org::ProviderKind,
    time::{MINUTE_MS, SECOND_MS},
};
use portal_testkit::{
    MockClock,
    app::{
        Answer, Browser, DirectoryEntry, FakeGithub, FakeIssuer, Outside, PUBLIC_URL, TestApp, TestClient,
        Vouched, query, test_directory,
    },
};

/// A Portal whose people sign in with the provider `acme`, an OpenID Connect issuer.
pub async fn acme(kind: ProviderKind, by: SignInBy) -> (TestApp, FakeIssuer) {
    let clock = Arc::new(MockClock::default());
    let issuer = FakeIssuer::start(&clock).await;
    let outside = Outside {
        directories: vec![test_directory("acme", kind)],
        sign_in_providers: vec![issuer.provider("acme", kind, by)],
    };
    (TestApp::start_with(PUBLIC_URL, clock, outside).await, issuer)
}

/// Follows the button of a provider, and says where the browser is sent.
pub async fn begin(browser: &mut Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    answer.location().to_owned()
}

/// The whole way: the button, the provider, and back.
pub async fn sign_in(browser: &mut Browser<'_>, issuer: &FakeIssuer, person: &Vouched) -> Answer {
    let location = begin(browser, "/auth/start/acme").await;
    browser.get(&issuer.answer(&location, person)).await
}

/// Audit rows of sign-ins, oldest first.
pub async fn sign_ins(app: &TestApp) -> Vec<AuditEvent> {
    let filter = AuditFilter { action_prefix: Some("user.signed-in".to_owned()), ..AuditFilter::default() };
    let mut store = app.services.dependencies.store.read().await.expect("a transaction");
    let mut rows = store.audit_list(&filter, None, 100).await.expect("rows");
    rows.reverse();
    rows
}

#[tokio::test]
async fn someone_of_the_catalog_signs_in_and_the_agent_goes_on() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("acme", "00u1", "ada")).await;
    app.let_agents_sign_in().await;
    let client = TestClient::default();
    app.fetcher.serve(&client.id, &client.document());
    let mut browser = app.as_nobody();
    let consent = browser.get(&client.authorize_path(&app, "mcp:read")).await.location().to_owned();
    let page = browser.get(&consent).await.location().to_owned();
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK);
    let return_to = query(&page, "return_to").expect("a way back");
    let button = format!("/auth/start/acme?{}", portal_testkit::app::form(&[("return_to", &return_to)]));
    assert!(shown.text().contains(&format!("href=\"{button}\"")), "{}", shown.text());
    assert!(shown.text().contains("Sign in with <bdi>Acme</bdi>") && shown.text().contains("Password"));

    let location = begin(&mut browser, &button).await;
    let back = browser.get(&issuer.answer(&location, &Vouched::new("00u1"))).await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, consent.as_str()), "{}", back.text());
    assert_eq!(browser.get(&consent).await.status, StatusCode::OK);
    let who = browser.signed_in().await;
    assert_eq!(who.user().entity_ref.to_string(), "user:default/ada");
    assert_eq!((who.user().provider.as_str(), who.user().admin), ("acme", false));
    assert_eq!(who.user().email.as_deref(), Some("ada@example.com"));
    let rows = sign_ins(&app).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].details["provider"], "acme");
    assert_eq!(rows[0].target.as_deref(), Some(who.user().id.as_str()));

    let mut elsewhere = app.as_nobody();
    assert_eq!(sign_in(&mut elsewhere, &issuer, &Vouched::new("00u1")).await.location(), "/");
    assert_eq!(elsewhere.signed_in().await.user().id, who.user().id, "one account for one person");
    assert_eq!(issuer.asked(), ["discovery", "token", "jwks", "token"], "document and keys are read once");
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    let (app, issuer) = acme(ProviderKind::Gitlab, SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("acme", "7", "ada")).await;
    app.publish_person(&DirectoryEntry::new("acme", "8", "eve")).await;
    let mut browser = app.as_nobody();
    sign_in(&mut browser, &issuer, &Vouched::new("7")).await;
    let before = browser.clone();
    let location = begin(&mut browser, "/auth/start/acme?again=1&return_to=%2Fcatalog").await;
    assert_eq!(query(&location, "prompt").as_deref(), Some("login"), "another account can be chosen");
    let back = browser.get(&issuer.answer(&location, &Vouched::new("8"))).await;
    assert_eq!(back.location(), "/catalog");
    assert_eq!(browser.signed_in().await.user().entity_ref.to_string(), "user:default/eve");
    assert!(
        before.clone().get("/").await.location().starts_with("/sign-in"),
        "the old cookie is worth nothing"
    );
}

#[tokio::test]
async fn two_tabs_do_not_undo_each_other() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("acme", "00u1", "ada")).await;
    let mut browser = app.as_nobody();
    let first = begin(&mut browser, "/auth/start/acme?return_to=%2Fcatalog").await;
    let second = begin(&mut browser, "/auth/start/acme").await;
    assert_ne!(query(&first, "state"), query(&second, "state"));
    assert_ne!(query(&first, "nonce"), query(&second, "nonce"));
    assert_ne!(query(&first, "code_challenge"), query(&second, "code_challenge"));
    for (location, to) in [(&first, "/catalog"), (&second, "/")] {
        let back = browser.get(&issuer.answer(location, &Vouched::new("00u1"))).await;
        assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, to), "{}", back.text());
    }
}

#[tokio::test]
async fn new_keys_are_found_when_the_issuer_changes_them() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("acme", "00u1", "ada")).await;
    let ada = Vouched::new("00u1");
    let mut browser = app.as_nobody();
    assert_eq!(sign_in(&mut browser, &issuer, &ada).await.status, StatusCode::SEE_OTHER);
    app.pass(MINUTE_MS + SECOND_MS);
    issuer.rotate_keys();
    assert_eq!(sign_in(&mut browser, &issuer, &ada).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sign_in(&mut browser, &issuer, &ada).await.status, StatusCode::SEE_OTHER);
    assert_eq!(issuer.asked().iter().filter(|asked| **asked == "jwks").count(), 2);
}

#[tokio::test]
async fn entra_people_are_known_by_their_object_id() {
    let (app, issuer) = acme(ProviderKind::Entra, SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("acme", "5f1c-object", "ada")).await;
    let ada = Vouched { object_id: Some("5f1c-object".to_owned()), ..Vouched::new("pairwise") };
    let mut browser = app.as_nobody();
    assert_eq!(sign_in(&mut browser, &issuer, &ada).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.signed_in().await.user().subject, "5f1c-object");
    let nobody = Vouched::new("5f1c-object");
    let refused = sign_in(&mut app.as_nobody(), &issuer, &nobody).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "its sub is not the directory's id");
}

#[tokio::test]
async fn people_are_found_by_a_verified_address_where_that_is_configured() {
    for in_id_token in [true, false] {
        let (app, issuer) = acme(ProviderKind::Custom, SignInBy::VerifiedEmail).await;
        if !in_id_token {
            issuer.keep_email_out_of_id_tokens();
        }
        app.publish_person(&DirectoryEntry::new("acme", "hr-1", "ada")).await;
        let mut browser = app.as_nobody();
        let ada = Vouched::new("sub-of-the-issuer").email("Ada@Example.com", true);
        let back = sign_in(&mut browser, &issuer, &ada).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text());
        assert_eq!(browser.signed_in().await.user().subject, "hr-1", "the directory's id, not the issuer's");
        assert_eq!(issuer.asked().contains(&"userinfo"), !in_id_token);
        let unverified = Vouched::new("other").email("ada@example.com", false);
        let refused = sign_in(&mut app.as_nobody(), &issuer, &unverified).await;
        assert!(refused.text().contains("email-unverified"), "{}", refused.text());
    }
}

#[tokio::test]
async fn entra_addresses_count_only_where_the_domains_owner_vouches() {
    let (app, issuer) = acme(ProviderKind::Entra, SignInBy::VerifiedEmail).await;
    app.publish_person(&DirectoryEntry::new("acme", "5f1c", "ada")).await;
    let claimed = Vouched {
        object_id: Some("of-someone-else".to_owned()),
        ..Vouched::new("pairwise").email("ada@example.com", true)
    };
    let refused = sign_in(&mut app.as_nobody(), &issuer, &claimed).await;
    assert!(
        refused.text().contains("email-unverified"),
        "email_verified is not Entra's word: {}",
        refused.text()
    );
}

async fn github(by: SignInBy) -> (TestApp, FakeGithub) {
    let clock = Arc::new(MockClock::default());
    let github = FakeGithub::start(&clock).await;
    let outside = Outside {
        directories: vec![test_directory("github", ProviderKind::Github)],
        sign_in_providers: vec![github.provider("github", by)],
    };
    (TestApp::start_with(PUBLIC_URL, clock, outside).await, github)
}

async fn github_sign_in(browser: &mut Browser<'_>, github: &FakeGithub, person: &Vouched) -> Answer {
    let location = begin(browser, "/auth/start/github").await;
    browser.get(&github.answer(&location, person)).await
}

#[tokio::test]
async fn github_people_are_known_by_their_number() {
    let (app, github) = github(SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("github", "583231", "ada")).await;
    let mut browser = app.as_nobody();
    let back = github_sign_in(&mut browser, &github, &Vouched::new("583231")).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text());
    assert_eq!(browser.signed_in().await.user().entity_ref.to_string(), "user:default/ada");
    github.set_kind("Organization");
    let refused = github_sign_in(&mut app.as_nobody(), &github, &Vouched::new("583231")).await;
    assert!(refused.text().contains("sign-in-failed"), "{}", refused.text());
}

#[tokio::test]
async fn github_people_are_found_by_a_verified_address() {
    let (app, github) = github(SignInBy::VerifiedEmail).await;
    app.publish_person(&DirectoryEntry::new("github", "1", "ada")).await;
    let mut browser = app.as_nobody();
    let ada = Vouched::new("9").email("ada@example.com", true);
    let back = github_sign_in(&mut browser, &github, &ada).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text());
    assert_eq!(browser.signed_in().await.user().subject, "1");
    let unverified = Vouched::new("9").email("ada@example.com", false);
    let refused = github_sign_in(&mut app.as_nobody(), &github, &unverified).await;
    assert!(
        refused.text().contains("not-in-catalog"),
        "only GitHub's own address is left: {}",
        refused.text()
    );
}

#[tokio::test]
async fn a_code_that_github_does_not_know_signs_nobody_in() {
    let (app, _github) = github(SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("github", "1", "ada")).await;
    let mut browser = app.as_nobody();
    let location = begin(&mut browser, "/auth/start/github").await;
    let state = query(&location, "state").expect("a state");
    let refused = browser.get(&format!("/auth/callback/github?code=made-up&state={state}")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    assert_eq!(sign_ins(&app).await[0].outcome, AuditOutcome::from(portal_model::ErrorCode::SignInFailed));
}

#[tokio::test]
async fn someone_who_signs_in_can_be_made_an_admin() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("acme", "00u1", "ada")).await;
    let mut browser = app.as_nobody();
    sign_in(&mut browser, &issuer, &Vouched::new("00u1")).await;
    let ada = browser.signed_in().await.user().id.clone();
    let change = portal_core::identity::UserChange::GrantAdmin;
    app.services.identity.user_change(&Admin::command_line(), &ada, change).await.expect("a change");
    assert!(
        browser.get("/settings/users").await.location().starts_with("/sign-in"),
        "a new role, a new session"
    );
    sign_in(&mut browser, &issuer, &Vouched::new("00u1")).await;
    assert_eq!(browser.get("/settings/users").await.status, StatusCode::OK);
}

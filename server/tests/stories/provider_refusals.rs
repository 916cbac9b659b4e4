//! Sign-in with a provider when somebody lies, is late, or may not.

use std::sync::Arc;

use http::StatusCode;
use portal_core::{
    audit::AuditOutcome,
    identity::{Admin, PROVIDER_SIGN_IN_MS, SignInBy, UserChange},
    org::{Exclusion, ExclusionReason, ProviderKind, Standing},
    time::{MINUTE_MS, SECOND_MS},
};
use portal_model::ErrorCode;
use portal_testkit::{
    MockClock,
    app::{
        Answer, Browser, DirectoryEntry, FakeIssuer, Forgery, Outside, PUBLIC_URL, TestApp, Vouched, query,
        test_directory,
    },
};

use crate::provider_sign_in::{acme, begin, sign_in, sign_ins};

fn ada() -> Vouched {
    Vouched::new("00u1")
}

/// A Portal where Ada can sign in.
async fn with_ada() -> (TestApp, FakeIssuer) {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.publish_person(&DirectoryEntry::new("acme", "00u1", "ada")).await;
    (app, issuer)
}

/// That the answer is a page that says this, without scripts, and that nobody is signed in.
async fn assert_refused(browser: &mut Browser<'_>, answer: &Answer, code: ErrorCode) {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), code.status(), "{text}");
    assert!(text.contains(&format!("<code>{}</code>", code.as_str())), "{code:?}: {text}");
    assert!(answer.header("content-security-policy").contains("script-src 'none'"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(browser.cookie("portal_session"), None);
    assert!(browser.get("/").await.location().starts_with("/sign-in"), "{code:?}");
}

#[tokio::test]
async fn nothing_that_proves_too_little_signs_anybody_in() {
    let forgeries = [
        (Forgery::Nonce, ErrorCode::SignInFailed),
        (Forgery::NonceMissing, ErrorCode::SignInFailed),
        (Forgery::Audience, ErrorCode::SignInFailed),
        (Forgery::AuthorizedParty, ErrorCode::SignInFailed),
        (Forgery::Issuer, ErrorCode::SignInFailed),
        (Forgery::Expired, ErrorCode::SignInFailed),
        (Forgery::NotYet, ErrorCode::SignInFailed),
        (Forgery::Unsigned, ErrorCode::SignInFailed),
        (Forgery::PublicKeyAsSecret, ErrorCode::SignInFailed),
        (Forgery::ForeignKey, ErrorCode::SignInFailed),
        (Forgery::NoIdToken, ErrorCode::SignInFailed),
        (Forgery::AccessToken, ErrorCode::SignInFailed),
        (Forgery::ResponseIssuer, ErrorCode::SignInFailed),
        (Forgery::ResponseIssuerMissing, ErrorCode::SignInFailed),
        (Forgery::Outage, ErrorCode::ProviderUnavailable),
        (Forgery::ClientUnknown, ErrorCode::ProviderMisconfigured),
    ];
    let (app, issuer) = with_ada().await;
    for (forgery, code) in forgeries {
        app.pass(MINUTE_MS);
        issuer.forge(forgery);
        let mut browser = app.as_nobody();
        let refused = sign_in(&mut browser, &issuer, &ada()).await;
        assert_refused(&mut browser, &refused, code).await;
        let rows = sign_ins(&app).await;
        assert_eq!(rows.last().expect("a row").outcome, AuditOutcome::from(code), "{forgery:?}");
        // The fake is strict: the same way without the lie leads in.
        issuer.forge(Forgery::None);
        let good = sign_in(&mut app.as_nobody(), &issuer, &ada()).await;
        assert_eq!(good.status, StatusCode::SEE_OTHER, "{forgery:?}: {}", good.text());
    }
}

#[tokio::test]
async fn a_document_of_another_issuer_is_not_used() {
    let (app, issuer) = with_ada().await;
    issuer.forge(Forgery::DiscoveryIssuer);
    let mut browser = app.as_nobody();
    let refused = browser.get("/auth/start/acme").await;
    assert_refused(&mut browser, &refused, ErrorCode::ProviderMisconfigured).await;
    issuer.forge(Forgery::None);
    let still = browser.get("/auth/start/acme").await;
    assert_refused(&mut browser, &still, ErrorCode::ProviderMisconfigured).await;
    assert_eq!(issuer.asked(), ["discovery"], "a failure is remembered for a moment");
    app.pass(6 * SECOND_MS);
    assert_eq!(sign_in(&mut browser, &issuer, &ada()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_answer_works_once_in_the_browser_that_began_it_and_in_time() {
    let (app, issuer) = with_ada().await;
    let mut browser = app.as_nobody();
    let location = begin(&mut browser, "/auth/start/acme?return_to=%2Fcatalog").await;
    let back = issuer.answer(&location, &ada());

    let mut stranger = app.as_nobody();
    let foreign = stranger.get(&back).await;
    assert_refused(&mut stranger, &foreign, ErrorCode::SignInForeign).await;
    begin(&mut stranger, "/auth/start/acme").await;
    let foreign = stranger.get(&back).await;
    assert_refused(&mut stranger, &foreign, ErrorCode::SignInForeign).await;

    let state = query(&location, "state").expect("a state");
    for wrong in ["/auth/callback/acme?code=code-1", "/auth/callback/acme?code=code-1&state=made-up"] {
        let refused = browser.get(wrong).await;
        assert_refused(&mut browser, &refused, ErrorCode::SignInExpired).await;
    }
    let twice = browser.get(&format!("/auth/callback/acme?code=c&state={state}&state={state}")).await;
    assert_refused(&mut browser, &twice, ErrorCode::SignInExpired).await;
    assert!(sign_ins(&app).await.is_empty(), "what anybody can send is not written down");

    assert_eq!(browser.get(&back).await.location(), "/catalog", "none of it has used the sign-in up");
    let mut again = app.as_nobody();
    again.put_cookie("portal_sign_in", browser.cookie("portal_sign_in").expect("the binding"));
    let replayed = again.get(&back).await;
    assert_refused(&mut again, &replayed, ErrorCode::SignInExpired).await;

    let late = begin(&mut again, "/auth/start/acme").await;
    let late = issuer.answer(&late, &ada());
    app.pass(PROVIDER_SIGN_IN_MS);
    let refused = again.get(&late).await;
    assert_refused(&mut again, &refused, ErrorCode::SignInExpired).await;
}

#[tokio::test]
async fn what_the_provider_says_instead_of_a_code_is_told_in_our_words() {
    let (app, issuer) = with_ada().await;
    for (error, code) in [
        ("access_denied", ErrorCode::SignInCancelled),
        ("temporarily_unavailable", ErrorCode::ProviderUnavailable),
        ("invalid_scope", ErrorCode::SignInFailed),
        ("%3Cscript%3Ealert(1)%3C%2Fscript%3E", ErrorCode::SignInFailed),
    ] {
        let mut browser = app.as_nobody();
        let location = begin(&mut browser, "/auth/start/acme?return_to=%2Fcatalog").await;
        let state = query(&location, "state").expect("a state");
        let words = "error_description=Call+555&error_uri=https%3A%2F%2Fevil.test";
        let refused = browser.get(&format!("/auth/callback/acme?error={error}&state={state}&{words}")).await;
        assert_refused(&mut browser, &refused, code).await;
        let text = refused.text();
        assert!(!text.contains("555") && !text.contains("evil.test") && !text.contains("<script"), "{text}");
        assert!(text.contains("href=\"/sign-in?return_to=%2Fcatalog\""), "another try goes on: {text}");
        if code == ErrorCode::ProviderUnavailable {
            assert_eq!(refused.header("retry-after"), "30");
        }
        let used = browser.get(&issuer.answer(&location, &ada())).await;
        assert_refused(&mut browser, &used, ErrorCode::SignInExpired).await;
    }
}

#[tokio::test]
async fn an_answer_of_one_provider_is_none_of_another() {
    let clock = Arc::new(MockClock::default());
    let (good, evil) = (FakeIssuer::start(&clock).await, FakeIssuer::start(&clock).await);
    let outside = Outside {
        directories: vec![
            test_directory("acme", ProviderKind::Okta),
            test_directory("other", ProviderKind::Custom),
        ],
        sign_in_providers: vec![
            good.provider("acme", ProviderKind::Okta, SignInBy::Subject),
            evil.provider("other", ProviderKind::Custom, SignInBy::Subject),
        ],
    };
    let app = TestApp::start_with(PUBLIC_URL, clock, outside).await;
    app.publish_person(&DirectoryEntry::new("acme", "00u1", "ada")).await;
    let mut browser = app.as_nobody();
    let page = browser.get("/sign-in").await.text();
    assert!(page.contains("/auth/start/acme") && page.contains("/auth/start/other"), "{page}");

    let location = begin(&mut browser, "/auth/start/acme").await;
    let back = good.answer(&location, &ada());
    let mixed = browser.get(&back.replace("/callback/acme", "/callback/other")).await;
    assert_refused(&mut browser, &mixed, ErrorCode::SignInFailed).await;
    assert_eq!(evil.asked(), Vec::<&str>::new(), "the other one never sees the code");
    assert_eq!(good.asked(), ["discovery"]);
    let used = browser.get(&back).await;
    assert_refused(&mut browser, &used, ErrorCode::SignInExpired).await;

    // The other one vouches for the same id: that is nobody of its own directory.
    let location = begin(&mut browser, "/auth/start/other").await;
    let refused = browser.get(&evil.answer(&location, &ada())).await;
    assert_refused(&mut browser, &refused, ErrorCode::NotInCatalog).await;
    let unknown = browser.get("/auth/start/nowhere").await;
    assert_refused(&mut browser, &unknown, ErrorCode::NotFound).await;
}

fn excluded(reason: ExclusionReason) -> Standing {
    Standing::Excluded(Exclusion { reason, vendor_status: "WORD".to_owned() })
}

#[tokio::test]
async fn only_people_of_the_catalog_come_in() {
    let (app, issuer) = with_ada().await;
    let mut browser = app.as_nobody();
    let unknown = sign_in(&mut browser, &issuer, &Vouched::new("00u9")).await;
    assert_refused(&mut browser, &unknown, ErrorCode::NotInCatalog).await;
    for (number, (reason, code)) in [
        (ExclusionReason::Suspended, ErrorCode::AccountSuspended),
        (ExclusionReason::Disabled, ErrorCode::AccountSuspended),
        (ExclusionReason::Deleted, ErrorCode::AccountSuspended),
        (ExclusionReason::Guest, ErrorCode::NotInCatalog),
        (ExclusionReason::UnknownStatus, ErrorCode::NotInCatalog),
    ]
    .into_iter()
    .enumerate()
    {
        app.pass(MINUTE_MS);
        let (subject, name) = (format!("00x{number}"), format!("left{number}"));
        let mut entry = DirectoryEntry::new("acme", &subject, &name);
        app.publish_person(&entry).await;
        let mut browser = app.as_nobody();
        let in_time = sign_in(&mut browser, &issuer, &Vouched::new(&subject)).await;
        assert_eq!(in_time.status, StatusCode::SEE_OTHER, "{}", in_time.text());
        entry.standing = excluded(reason);
        app.publish_person(&entry).await;
        let mut elsewhere = app.as_nobody();
        let refused = sign_in(&mut elsewhere, &issuer, &Vouched::new(&subject)).await;
        assert_refused(&mut elsewhere, &refused, code).await;
    }
}

#[tokio::test]
async fn a_disabled_account_stays_out_though_the_directory_knows_the_person() {
    let (app, issuer) = with_ada().await;
    let mut browser = app.as_nobody();
    sign_in(&mut browser, &issuer, &ada()).await;
    let id = browser.signed_in().await.user().id.clone();
    let admin = Admin::command_line();
    app.services.identity.user_change(&admin, &id, UserChange::Disable).await.expect("a change");
    let mut elsewhere = app.as_nobody();
    let refused = sign_in(&mut elsewhere, &issuer, &ada()).await;
    assert_refused(&mut elsewhere, &refused, ErrorCode::AccountDisabled).await;
}

#[tokio::test]
async fn an_address_that_two_people_have_says_nothing() {
    let (app, issuer) = acme(ProviderKind::Custom, SignInBy::VerifiedEmail).await;
    let shared = |subject, name| DirectoryEntry {
        email: Some("team@example.com".to_owned()),
        ..DirectoryEntry::new("acme", subject, name)
    };
    app.publish_person(&shared("1", "ada")).await;
    let person = Vouched::new("x").email("team@example.com", true);
    let mut browser = app.as_nobody();
    assert_eq!(sign_in(&mut browser, &issuer, &person).await.status, StatusCode::SEE_OTHER);
    app.publish_person(&DirectoryEntry {
        standing: excluded(ExclusionReason::Suspended),
        ..shared("2", "eve")
    })
    .await;
    let mut browser = app.as_nobody();
    let refused = sign_in(&mut browser, &issuer, &person).await;
    assert_refused(&mut browser, &refused, ErrorCode::PersonAmbiguous).await;
    issuer.keep_email_out_of_id_tokens();
    issuer.forge(Forgery::UserInfoSubject);
    let refused = sign_in(&mut browser, &issuer, &person).await;
    assert_refused(&mut browser, &refused, ErrorCode::SignInFailed).await;
}

#[tokio::test]
async fn a_directory_that_was_not_read_for_too_long_lets_nobody_in() {
    let (app, issuer) = with_ada().await;
    app.set(&[("org.acme.when_stale", "refuse")]).await;
    let mut browser = app.as_nobody();
    let refused = sign_in(&mut browser, &issuer, &ada()).await;
    assert_refused(&mut browser, &refused, ErrorCode::DirectoryStale).await;
    assert_eq!(refused.header("retry-after"), "300");
    app.set(&[("org.acme.when_stale", "warn")]).await;
    assert_eq!(sign_in(&mut browser, &issuer, &ada()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_sign_in_leads_to_no_other_site_and_is_begun_by_none() {
    let (app, issuer) = with_ada().await;
    for elsewhere in [
        "https%3A%2F%2Fevil.test",
        "%2F%2Fevil.test",
        "%2F%5Cevil.test",
        "%2Fsign-in",
        "%2Fauth%2Fstart%2Facme",
    ] {
        let mut browser = app.as_nobody();
        let location = begin(&mut browser, &format!("/auth/start/acme?return_to={elsewhere}")).await;
        let back = browser.get(&issuer.answer(&location, &ada())).await;
        assert_eq!(back.location(), "/", "{elsewhere}");
    }
    for site in ["cross-site", "same-site"] {
        let request =
            http::Request::get("/auth/start/acme?return_to=%2Fcatalog").header("sec-fetch-site", site);
        let answer = app.send(request.body(axum::body::Body::empty()).expect("a request")).await;
        assert_eq!(answer.location(), "/sign-in?return_to=%2Fcatalog", "{site}");
        assert!(answer.cookies().is_empty(), "{site}");
    }
}

#[tokio::test]
async fn attempts_are_counted_together_with_those_by_password() {
    let (app, _issuer) = with_ada().await;
    let mut browser = app.as_nobody();
    for number in 0..10 {
        browser.post("/_ui/sign_in", &[("email", &format!("{number}@example.com")), ("password", "x")]).await;
        begin(&mut browser, "/auth/start/acme").await;
    }
    let refused = browser.get("/auth/start/acme").await;
    assert_refused(&mut browser, &refused, ErrorCode::TooManyAttempts).await;
    app.pass(MINUTE_MS);
    begin(&mut browser, "/auth/start/acme").await;
}

//! Freshness: a directory that was not read for too long lets nobody in, where admins have chosen so.

use http::StatusCode;
use portal_core::{
    identity::Admin,
    org::{SignInStanding, freshness::freshness_list, sign_in_standing},
    settings::SettingsError,
    time::HOUR_MS,
};
use portal_testkit::app::{TestApp, TestClient};

use crate::org_world::{
    ACME, Someone, agent, call_status, is_signed_in, key, publish, refresh, sign_in, start_with_acme,
};

fn ada() -> Someone {
    Someone::new("1", "ada")
}

async fn standing_of_ada(app: &TestApp) -> SignInStanding {
    let dependencies = &app.services.dependencies;
    let settings = app.services.settings.current().await.expect("settings");
    let mut store = dependencies.store.read().await.expect("a transaction");
    let now = dependencies.clock.now();
    sign_in_standing(store.as_mut(), &dependencies.directories, &settings, &key(ACME, "1"), now)
        .await
        .expect("a standing")
}

#[tokio::test]
async fn beyond_the_limit_nothing_new_is_given_and_nothing_is_lost() {
    let app = start_with_acme().await;
    app.set(&[("org.acme.when_stale", "refuse"), ("org.acme.freshness_hours", "24")]).await;
    publish(&app, ACME, &[ada()], &[]).await;
    let mut browser = sign_in(&app, ACME, &ada()).await;
    let first = agent(&app, &mut browser).await;
    let token = first.refresh_token.clone().expect("a refresh token");
    assert!(matches!(standing_of_ada(&app).await, SignInStanding::Active(_)));

    app.pass(24 * HOUR_MS);
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK, "just within");
    let mut browser = sign_in(&app, ACME, &ada()).await;
    let agent = agent(&app, &mut browser).await;
    let client = TestClient::default();
    let code = client.code(&app, &mut browser, "mcp:read").await;
    app.pass(1);
    let token = agent.refresh_token.clone().expect("a refresh token");
    for refused in
        [refresh(&app, &token).await, app.post_form("/oauth/token", &client.exchange_fields(&code)).await]
    {
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.header("retry-after"), "300");
        assert_eq!(refused.json()["error"], "temporarily_unavailable");
        let words = refused.json()["error_description"].as_str().unwrap_or_default().to_owned();
        assert!(words.contains("acme") && words.contains("ask an admin"), "{words}");
    }
    assert!(matches!(standing_of_ada(&app).await, SignInStanding::Stale(_)));
    assert_eq!(call_status(&app, &agent.token).await, StatusCode::OK, "what is out runs to its end");
    assert!(is_signed_in(&mut browser).await);

    publish(&app, ACME, &[ada()], &[]).await;
    assert_eq!(refresh(&app, &token).await.status, StatusCode::OK, "the same token, after a run");
    let exchanged = app.post_form("/oauth/token", &client.exchange_fields(&code)).await;
    assert_eq!(exchanged.status, StatusCode::OK, "{}", exchanged.text());
    assert!(matches!(standing_of_ada(&app).await, SignInStanding::Active(_)));
}

#[tokio::test]
async fn with_warn_it_goes_on() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada()], &[]).await;
    app.pass(49 * HOUR_MS);
    let mut browser = sign_in(&app, ACME, &ada()).await;
    let agent = agent(&app, &mut browser).await;
    let answer = refresh(&app, agent.refresh_token.as_deref().expect("a refresh token")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(matches!(standing_of_ada(&app).await, SignInStanding::Active(_)));
    let settings = app.services.settings.current().await.expect("settings");
    let listed = freshness_list(&app.services.dependencies, &settings).await.expect("a list");
    assert!(matches!(&listed[..], [one] if one.stale && !one.refuses()), "the alarm is there: {listed:?}");
}

#[tokio::test]
async fn someone_suspended_is_told_so_and_not_to_wait() {
    let app = start_with_acme().await;
    app.set(&[("org.acme.when_stale", "refuse")]).await;
    publish(&app, ACME, &[ada()], &[]).await;
    let mut browser = sign_in(&app, ACME, &ada()).await;
    let agent = agent(&app, &mut browser).await;
    publish(&app, ACME, &[ada().suspended()], &[]).await;
    app.pass(49 * HOUR_MS);
    let refused = refresh(&app, agent.refresh_token.as_deref().expect("a refresh token")).await;
    assert_eq!(
        (refused.status, refused.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    assert!(matches!(standing_of_ada(&app).await, SignInStanding::Suspended { reason: "suspended", .. }));
}

#[tokio::test]
async fn a_provider_that_never_finished_is_stale_and_local_admins_are_let_in() {
    let app = start_with_acme().await;
    app.set(&[("org.acme.when_stale", "refuse")]).await;
    assert!(matches!(standing_of_ada(&app).await, SignInStanding::Stale(_)));
    let mut admin = app.as_admin("root@example.com").await;
    let mut user = app.as_user("bob@example.com").await;
    for browser in [&mut admin, &mut user] {
        let agent = agent(&app, browser).await;
        let answer = refresh(&app, agent.refresh_token.as_deref().expect("a refresh token")).await;
        assert_eq!(answer.status, StatusCode::OK, "local accounts of nobody it knows");
    }
    // Ada's local account is tied to the person of the directory; as an admin she is let in to mend it.
    publish(&app, ACME, &[ada()], &[]).await;
    for (admin, expected) in [(false, StatusCode::SERVICE_UNAVAILABLE), (true, StatusCode::OK)] {
        let app = start_with_acme().await;
        app.set(&[("org.acme.when_stale", "refuse")]).await;
        publish(&app, ACME, &[ada()], &[]).await;
        let mut browser = tied_to_ada(&app, admin).await;
        let agent = agent(&app, &mut browser).await;
        app.pass(49 * HOUR_MS);
        let answer = refresh(&app, agent.refresh_token.as_deref().expect("a refresh token")).await;
        assert_eq!(answer.status, expected, "admin: {admin}");
    }
}

async fn tied_to_ada(app: &TestApp, admin: bool) -> portal_testkit::app::Browser<'_> {
    // Her address is the one that the catalog's user has, so that the invitation is tied to that user.
    let new = portal_core::identity::NewUser {
        email: "ada@example.com".to_owned(),
        display_name: String::new(),
        entity_ref: "user:default/ada".to_owned(),
        admin,
    };
    let identity = &app.services.identity;
    let invited = identity.user_invite(&Admin::command_line(), new).await.expect("an invitation");
    let password = portal_core::secret::Secret::new(portal_testkit::app::PASSWORD);
    let origin = portal_core::identity::RequestOrigin::default();
    let session = identity.link_accept(&invited.link, &password, &origin).await.expect("a session");
    let mut browser = app.as_nobody();
    browser.put_cookie("portal_session", session.cookie.expose());
    browser
}

#[tokio::test]
async fn settings_of_providers_are_there_for_those_of_the_configuration_only() {
    let app = start_with_acme().await;
    let listed = app.services.settings.list().await.expect("a list");
    let of_acme: Vec<&str> = listed
        .iter()
        .filter(|(key, _)| key.starts_with("org."))
        .map(|(key, _)| key.trim_start_matches("org."))
        .collect();
    let names =
        ["acme.freshness_hours", "acme.when_stale", "acme.removal_limit_percent", "acme.admin_groups"];
    assert_eq!(of_acme, names);
    let set = |key: &str, value: &str| {
        let pairs = [(key.to_owned(), value.to_owned())];
        let app = &app;
        async move { app.services.settings.change_by_key(&Admin::command_line(), &pairs).await }
    };
    assert!(matches!(set("org.other.freshness_hours", "4").await, Err(SettingsError::UnknownKey(_))));
    assert!(matches!(set("org.acme.freshness_hours", "0").await, Err(SettingsError::InvalidValue { .. })));
    set("org.acme.freshness_hours", "4").await.expect("a setting");
    let listed = app.services.settings.list().await.expect("a list");
    assert!(listed.contains(&("org.acme.freshness_hours".to_owned(), "4".to_owned())));
}

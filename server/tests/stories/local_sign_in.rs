//! Local sign-in turned off: the providers are the only way in, and nobody is locked out for good.

use http::StatusCode;
use portal_core::{
    identity::{Admin, RequestOrigin, SignInBy, UserChange},
    org::ProviderKind,
    secret::Secret,
    settings::SettingsError,
};
use portal_model::ErrorCode;
use portal_testkit::app::{Browser, DirectoryEntry, FakeIssuer, PASSWORD, TestApp, Vouched};

use crate::provider_sign_in::{acme, sign_in};

const KEY: &str = "sign_in.local.enabled";

async fn set(app: &TestApp, value: &str) -> Result<(), ErrorCode> {
    let pairs = [(KEY.to_owned(), value.to_owned())];
    match app.services.settings.change_by_key(&Admin::command_line(), &pairs).await {
        Ok(()) => Ok(()),
        Err(SettingsError::Refused(refused)) => Err(refused.code),
        Err(error) => panic!("{error}"),
    }
}

/// Ada signs in with the provider and becomes an admin.
async fn provider_admin<'app>(app: &'app TestApp, issuer: &FakeIssuer) -> Browser<'app> {
    app.publish_person(&DirectoryEntry::new("acme", "00u1", "ada")).await;
    let mut browser = app.as_nobody();
    sign_in(&mut browser, issuer, &Vouched::new("00u1")).await;
    let ada = browser.signed_in().await.user().id.clone();
    let admin = Admin::command_line();
    app.services.identity.user_change(&admin, &ada, UserChange::GrantAdmin).await.expect("a change");
    sign_in(&mut browser, issuer, &Vouched::new("00u1")).await;
    browser
}

#[tokio::test]
async fn it_cannot_be_turned_off_while_only_local_admins_could_sign_in() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    let mut root = app.as_admin("root@example.com").await;
    assert_eq!(set(&app, "false").await, Err(ErrorCode::LocalSignInNeeded));
    let form = root.post("/_ui/settings_local_sign_in", &[]).await;
    assert_eq!(form.location(), "/settings/users#local-sign-in");
    assert!(root.get("/settings/users").await.text().contains("local-sign-in-needed"));
    provider_admin(&app, &issuer).await;
    assert_eq!(set(&app, "false").await, Ok(()));
}

#[tokio::test]
async fn turned_off_the_password_form_is_gone_and_refuses() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.as_user("eve@example.com").await;
    let mut ada = provider_admin(&app, &issuer).await;
    let answer = ada.post("/_ui/settings_local_sign_in", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());

    let mut browser = app.as_nobody();
    let page = browser.get("/sign-in").await.text();
    assert!(page.contains("/auth/start/acme") && !page.contains("type=\"password\""), "{page}");
    let fields = [("email", "eve@example.com"), ("password", PASSWORD)];
    assert_eq!(browser.post("/_ui/sign_in", &fields).await.location(), "/sign-in");
    assert!(browser.get("/sign-in").await.text().contains("local-sign-in-off"));
    assert_eq!(browser.cookie("portal_session"), None);

    assert_eq!(set(&app, "true").await, Ok(()));
    let mut browser = app.as_nobody();
    assert_eq!(browser.post("/_ui/sign_in", &fields).await.location(), "/");
}

#[tokio::test]
async fn links_of_the_command_line_let_admins_in_and_nobody_else() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.as_admin("root@example.com").await;
    app.as_user("eve@example.com").await;
    provider_admin(&app, &issuer).await;
    assert_eq!(set(&app, "off").await, Ok(()));
    let (identity, admin) = (&app.services.identity, Admin::command_line());
    for (email, let_in) in [("root@example.com", true), ("eve@example.com", false)] {
        let user = identity.user_find(&admin, email).await.expect("a look").expect("an account");
        let link = identity.user_reset_password(&admin, &user.id).await.expect("a link").link;
        let accepted =
            identity.link_accept(&link, &Secret::new("another quiet heron"), &RequestOrigin::default()).await;
        assert_eq!(accepted.is_ok(), let_in, "{email}");
    }
}

#[tokio::test]
async fn the_last_admin_of_a_provider_keeps_the_role_while_it_is_off() {
    let (app, issuer) = acme(ProviderKind::Okta, SignInBy::Subject).await;
    app.as_admin("root@example.com").await;
    let ada = provider_admin(&app, &issuer).await.signed_in().await.user().id.clone();
    assert_eq!(set(&app, "false").await, Ok(()));
    let (identity, admin) = (&app.services.identity, Admin::command_line());
    for change in [UserChange::RevokeAdmin, UserChange::Disable] {
        let refused = identity.user_change(&admin, &ada, change).await.expect_err("the last who can sign in");
        assert!(refused.to_string().contains("last admin"), "{refused}");
    }
    assert_eq!(set(&app, "true").await, Ok(()));
    identity.user_change(&admin, &ada, UserChange::RevokeAdmin).await.expect("root is left");
    assert_eq!(set(&app, "false").await, Err(ErrorCode::LocalSignInNeeded));
}

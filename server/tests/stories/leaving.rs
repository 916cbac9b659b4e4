//! Leaving: whoever a directory says to be suspended or gone is refused at once, and nothing comes back by itself.

use http::StatusCode;
use portal_core::{
    identity::{Admin, IdentityError, UserChange, UserStatus},
    org::ExclusionReason,
    time::DAY_MS,
    tokens::{OWNER_MISSING_DAYS_MAX, StaticTokenEnd},
};
use portal_model::ErrorCode;
use serde_json::json;

use crate::org_world::{
    ACME, Someone, account, agent, audited, call_status, is_signed_in, publish, refresh, sign_in,
    start_with_acme, static_token,
};

fn ada() -> Someone {
    Someone::new("1", "ada")
}

#[tokio::test]
async fn the_next_call_refresh_and_page_are_refused() {
    for gone in [false, true] {
        let app = start_with_acme().await;
        publish(&app, ACME, &[ada(), Someone::new("2", "bob")], &[]).await;
        let mut browser = sign_in(&app, ACME, &ada()).await;
        let agent = agent(&app, &mut browser).await;
        let token = static_token(&app, "user:default/ada").await;
        let refresh_token = agent.refresh_token.clone().expect("a refresh token");
        assert_eq!(call_status(&app, &agent.token).await, StatusCode::OK);
        assert_eq!(call_status(&app, token.secret.expose()).await, StatusCode::OK);
        assert!(is_signed_in(&mut browser).await);

        let outcome = if gone {
            publish(&app, ACME, &[], &["1"]).await
        } else {
            publish(&app, ACME, &[ada().suspended()], &[]).await
        };
        assert_eq!((outcome.suspended, outcome.ended), (1, 1));
        assert_eq!(call_status(&app, &agent.token).await, StatusCode::UNAUTHORIZED);
        assert_eq!(call_status(&app, token.secret.expose()).await, StatusCode::UNAUTHORIZED);
        let refused = refresh(&app, &refresh_token).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["error"], "invalid_grant");
        assert!(!is_signed_in(&mut browser).await);

        let row = audited(&app, "user.suspended").await.expect("a row");
        let reason = if gone { "gone" } else { "suspended" };
        assert_eq!((&row["provider"], &row["reason"]), (&json!(ACME), &json!(reason)));
        assert_eq!((&row["agentSessions"], &row["browserSessions"]), (&json!(1), &json!(1)));
        let row = audited(&app, "static-tokens.suspended").await.expect("a row");
        assert_eq!((&row["staticTokens"], &row["reason"]), (&json!(1), &json!(reason)));
    }
}

#[tokio::test]
async fn every_reason_to_be_left_out_ends_access() {
    for reason in ExclusionReason::ALL {
        let app = start_with_acme().await;
        publish(&app, ACME, &[ada()], &[]).await;
        let mut browser = sign_in(&app, ACME, &ada()).await;
        let agent = agent(&app, &mut browser).await;
        publish(&app, ACME, &[ada().left_out(reason)], &[]).await;
        assert_eq!(call_status(&app, &agent.token).await, StatusCode::UNAUTHORIZED, "{reason:?}");
        assert!(!is_signed_in(&mut browser).await, "{reason:?}");
    }
}

#[tokio::test]
async fn nothing_comes_back_but_the_right_to_sign_in_again_and_static_tokens() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada()], &[]).await;
    let mut browser = sign_in(&app, ACME, &ada()).await;
    let lost = agent(&app, &mut browser).await;
    let token = static_token(&app, "user:default/ada").await;
    publish(&app, ACME, &[ada().suspended()], &[]).await;
    let outcome = publish(&app, ACME, &[ada()], &[]).await;
    assert_eq!((outcome.restored, outcome.suspended), (1, 0));

    assert_eq!(call_status(&app, &lost.token).await, StatusCode::UNAUTHORIZED);
    let refused = refresh(&app, lost.refresh_token.as_deref().expect("a refresh token")).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    assert!(!is_signed_in(&mut browser).await);
    assert_eq!(call_status(&app, token.secret.expose()).await, StatusCode::OK);
    let mut again = sign_in(&app, ACME, &ada()).await;
    assert!(is_signed_in(&mut again).await);
    let new = agent(&app, &mut again).await;
    assert_eq!(call_status(&app, &new.token).await, StatusCode::OK);
    assert!(audited(&app, "user.restored").await.is_some());
}

#[tokio::test]
async fn an_admins_no_outlives_the_directorys_yes_and_the_directorys_no_an_admins_yes() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada()], &[]).await;
    sign_in(&app, ACME, &ada()).await;
    let admin = Admin::command_line();
    let status = || async { account(&app, ACME, "1").await.expect("an account").status };
    let change = |change| {
        let (app, admin) = (&app, &admin);
        async move {
            let user = account(app, ACME, "1").await.expect("an account");
            app.services.identity.user_change(admin, &user.id, change).await
        }
    };

    change(UserChange::Disable).await.expect("disabled");
    publish(&app, ACME, &[ada().suspended()], &[]).await;
    assert_eq!(status().await, UserStatus::Disabled);
    let refused = change(UserChange::Enable).await;
    assert!(
        matches!(&refused, Err(IdentityError::Refused(error)) if error.code == ErrorCode::AccountSuspended)
    );
    publish(&app, ACME, &[ada()], &[]).await;
    assert_eq!(status().await, UserStatus::Disabled, "the directory does not lift what an admin said");
    change(UserChange::Enable).await.expect("enabled");
    assert_eq!(status().await, UserStatus::Active);

    publish(&app, ACME, &[ada().suspended()], &[]).await;
    assert_eq!(status().await, UserStatus::Suspended);
    let refused = change(UserChange::Enable).await;
    assert!(
        matches!(&refused, Err(IdentityError::Refused(error)) if error.code == ErrorCode::AccountSuspended)
    );
    assert_eq!(status().await, UserStatus::Suspended);
}

#[tokio::test]
async fn a_local_account_tied_to_the_person_goes_with_them() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada()], &[]).await;
    // The invitation ties it to the one user of the catalog with this reference.
    let admin = Admin::command_line();
    let new = portal_core::identity::NewUser {
        email: "ada@example.com".to_owned(),
        display_name: String::new(),
        entity_ref: "user:default/ada".to_owned(),
        admin: false,
    };
    let invited = app.services.identity.user_invite(&admin, new).await.expect("an invitation");
    publish(&app, ACME, &[ada().suspended()], &[]).await;
    let user =
        app.services.identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    assert_eq!(user.status, UserStatus::Suspended);
    let page = app.as_nobody().get(&format!("/sign-in/link?token={}", invited.link.expose())).await;
    assert!(!page.text().contains("Welcome to Portal"), "the invitation is taken back");
    publish(&app, ACME, &[ada()], &[]).await;
    let user =
        app.services.identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    assert_eq!(user.status, UserStatus::Invited);
}

#[tokio::test]
async fn the_last_local_admin_stays_unless_the_directory_is_explicit() {
    for (reason, status) in
        [(ExclusionReason::Filtered, UserStatus::Active), (ExclusionReason::Suspended, UserStatus::Suspended)]
    {
        let app = start_with_acme().await;
        let root = Someone::new("9", "root").with_email("root@example.com");
        publish(&app, ACME, std::slice::from_ref(&root), &[]).await;
        app.as_admin("other@example.com").await;
        let admin = Admin::command_line();
        let other = app.services.identity.user_find(&admin, "other@example.com").await;
        let other = other.expect("a look").expect("the other admin");
        let new = portal_core::identity::NewUser {
            email: "root@example.com".to_owned(),
            display_name: String::new(),
            entity_ref: "user:default/root".to_owned(),
            admin: true,
        };
        let invited = app.services.identity.user_invite(&admin, new).await.expect("an invitation");
        let password = portal_core::secret::Secret::new(portal_testkit::app::PASSWORD);
        let origin = portal_core::identity::RequestOrigin::default();
        app.services.identity.link_accept(&invited.link, &password, &origin).await.expect("a session");
        app.services.identity.user_change(&admin, &other.id, UserChange::Disable).await.expect("disabled");

        publish(&app, ACME, &[root.left_out(reason)], &[]).await;
        let user = app.services.identity.user_find(&admin, "root@example.com").await;
        assert_eq!(user.expect("a look").expect("root").status, status, "{reason:?}");
    }
}

#[tokio::test]
async fn static_tokens_wait_for_a_suspended_owner_and_end_after_one_who_left() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada(), Someone::new("2", "bob")], &[]).await;
    let suspended = static_token(&app, "user:default/ada").await;
    let left = static_token(&app, "user:default/bob").await;
    publish(&app, ACME, &[ada().suspended()], &["2"]).await;
    let look = || async { app.services.static_tokens.look_after_owners().await.expect("upkeep") };
    assert_eq!(look().await, 0);
    app.pass(OWNER_MISSING_DAYS_MAX * DAY_MS);
    assert_eq!(look().await, 1);
    let admin = Admin::command_line();
    let of = |id| {
        let (app, admin) = (&app, &admin);
        async move { app.services.static_tokens.find(admin, id).await.expect("a look").expect("a token").ended }
    };
    assert_eq!(of(&suspended.token.id).await, None);
    assert_eq!(of(&left.token.id).await.map(|(_, reason)| reason), Some(StaticTokenEnd::OwnerGone));
    publish(&app, ACME, &[ada()], &[]).await;
    assert_eq!(call_status(&app, suspended.secret.expose()).await, StatusCode::OK);
}

//! Invitations and new passwords, by links that work once.

use portal_core::{
    identity::{UserChange, UserStatus},
    secret::Secret,
    time::DAY_MS,
};
use portal_model::{ErrorCode, Field, FieldError};

use crate::support::{House, OTHER_PASSWORD, PASSWORD, from, new_user, refusal, refused, shell};

#[tokio::test]
async fn an_invitation_makes_an_account_that_its_link_activates() {
    let house = House::new().await;
    let invited = house.invited("ada@example.com").await;
    assert_eq!(invited.user.status, UserStatus::Invited);
    let meant = house.identity.link_user(&invited.link).await.unwrap().unwrap();
    assert_eq!(meant.id, invited.user.id);

    let password = Secret::new(PASSWORD);
    let session = house.identity.link_accept(&invited.link, &password, &from("192.0.2.1")).await.unwrap();

    assert_eq!(session.user.status, UserStatus::Active);
    assert!(house.is_signed_in(&session).await);
    assert!(house.identity.link_user(&invited.link).await.unwrap().is_none());
    let again = house.identity.link_accept(&invited.link, &password, &from("192.0.2.1")).await;
    assert_eq!(refused(again).code, ErrorCode::LinkInvalid);
    house.sign_in("ada@example.com").await;
}

#[tokio::test]
async fn a_link_works_for_a_day_and_survives_a_refused_password() {
    let house = House::new().await;
    let invited = house.invited("ada@example.com").await;
    house.clock.advance(DAY_MS - 1);
    let weak =
        house.identity.link_accept(&invited.link, &Secret::new("password1234"), &from("192.0.2.1")).await;
    assert_eq!(refused(weak), FieldError::on(Field::Password, ErrorCode::PasswordTooCommon));
    assert!(house.identity.link_user(&invited.link).await.unwrap().is_some());
    house.clock.advance(1);
    assert!(house.identity.link_user(&invited.link).await.unwrap().is_none());
    let late = house.identity.link_accept(&invited.link, &Secret::new(PASSWORD), &from("192.0.2.1")).await;
    assert_eq!(refused(late).code, ErrorCode::LinkInvalid);
}

#[tokio::test]
async fn a_reset_ends_the_browser_sessions_and_earlier_links() {
    let house = House::new().await;
    let session = house.person("ada@example.com").await;
    let id = session.user.id.clone();
    let first = house.identity.user_reset_password(&shell(), &id).await.unwrap().link;
    let second = house.identity.user_reset_password(&shell(), &id).await.unwrap().link;
    assert!(house.identity.link_user(&first).await.unwrap().is_none());
    assert!(house.is_signed_in(&session).await, "nothing changes until the link is used");

    let new = Secret::new(OTHER_PASSWORD);
    let after = house.identity.link_accept(&second, &new, &from("192.0.2.1")).await.unwrap();

    assert!(!house.is_signed_in(&session).await);
    assert!(house.is_signed_in(&after).await);
    let old = house.try_sign_in("ada@example.com", PASSWORD, "192.0.2.1").await;
    assert_eq!(refusal(&old), Some(ErrorCode::CredentialsWrong));
    assert_eq!(house.audit("user.password-set").await.len(), 2);
}

#[tokio::test]
async fn disabled_accounts_have_no_links() {
    let house = House::new().await;
    let invited = house.invited("ada@example.com").await;
    house.identity.user_change(&shell(), &invited.user.id, UserChange::Disable).await.unwrap();
    assert!(house.identity.link_user(&invited.link).await.unwrap().is_none());
    let reset = house.identity.user_reset_password(&shell(), &invited.user.id).await;
    assert_eq!(refused(reset).code, ErrorCode::AccountDisabled);
    house.identity.user_change(&shell(), &invited.user.id, UserChange::Enable).await.unwrap();
    assert!(house.identity.link_user(&invited.link).await.unwrap().is_none(), "old links do not come back");
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_on_its_field() {
    let house = House::new().await;
    house.invited("ada@example.com").await;
    for (email, entity_ref, field, code) in [
        ("", "", Field::Email, ErrorCode::Required),
        ("ada", "", Field::Email, ErrorCode::EmailInvalid),
        ("ADA@Example.com", "", Field::Email, ErrorCode::EmailTaken),
        ("eve@example.com", "group:default/x", Field::EntityRef, ErrorCode::EntityRefInvalid),
        ("eve@example.com", "user:default/-", Field::EntityRef, ErrorCode::EntityRefInvalid),
        ("eve@example.com", "user:default/ada", Field::EntityRef, ErrorCode::EntityTaken),
    ] {
        let mut user = new_user(email);
        entity_ref.clone_into(&mut user.entity_ref);
        let result = house.identity.user_invite(&shell(), user).await;
        assert_eq!(refused(result), FieldError::on(field, code), "{email} {entity_ref}");
    }
    assert_eq!(house.read().await.user_count().await.unwrap(), 1);
}

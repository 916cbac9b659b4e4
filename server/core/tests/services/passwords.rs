//! The change of one's own password.

use portal_core::{secret::Secret, time::MINUTE_MS};
use portal_model::{ErrorCode, Field, FieldError};

use crate::support::{House, OTHER_PASSWORD, PASSWORD, refusal, refused};

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let house = House::new().await;
    let here = house.person("ada@example.com").await;
    let there = house.sign_in("ada@example.com").await;
    house.agent(&here.user).await;
    let signed_in = house.signed_in(&here).await;

    let (current, new) = (Secret::new(PASSWORD), Secret::new(OTHER_PASSWORD));
    let after = house.identity.password_change(&signed_in, &current, &new).await.unwrap();

    assert!(house.is_signed_in(&after).await);
    assert!(!house.is_signed_in(&here).await);
    assert!(!house.is_signed_in(&there).await);
    assert_eq!(house.open_agents(&here.user).await, 1);
    let old = house.try_sign_in("ada@example.com", PASSWORD, "192.0.2.1").await;
    assert_eq!(refusal(&old), Some(ErrorCode::CredentialsWrong));
    let replayed = house.identity.password_change(&signed_in, &current, &new).await;
    assert_eq!(refused(replayed).code, ErrorCode::PasswordWrong);
}

#[tokio::test]
async fn the_current_password_cannot_be_guessed() {
    let house = House::new().await;
    let session = house.person("ada@example.com").await;
    let signed_in = house.signed_in(&session).await;
    let change = async |current: &str| {
        house.identity.password_change(&signed_in, &Secret::new(current), &Secret::new(OTHER_PASSWORD)).await
    };

    for _ in 0..5 {
        let wrong = refused(change("not the password").await);
        assert_eq!(wrong, FieldError::on(Field::CurrentPassword, ErrorCode::PasswordWrong));
    }
    let beyond = refused(change(PASSWORD).await);
    assert_eq!(beyond, FieldError::on(Field::CurrentPassword, ErrorCode::TooManyAttempts));
    assert_eq!(house.refusals("user.password-changed", ErrorCode::PasswordWrong).await, 5);
    house.clock.advance(MINUTE_MS);
    change(PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_new_password_follows_the_rules() {
    let house = House::new().await;
    let session = house.person("ada.lovelace@example.com").await;
    let signed_in = house.signed_in(&session).await;
    for (new, code) in [
        ("short", ErrorCode::PasswordTooShort),
        ("ada.lovelace@example.com", ErrorCode::PasswordTooCommon),
        (&"long ".repeat(60), ErrorCode::PasswordTooLong),
    ] {
        let result =
            house.identity.password_change(&signed_in, &Secret::new(PASSWORD), &Secret::new(new)).await;
        assert_eq!(refused(result), FieldError::on(Field::Password, code));
    }
    assert!(house.is_signed_in(&session).await);
}

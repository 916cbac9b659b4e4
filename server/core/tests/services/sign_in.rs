//! Sign-in with e-mail and password, and its limits.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use portal_core::{
    audit::{Actor, AuditOutcome},
    identity::{PasswordHash, SignIn, UserChange, UserStatus},
    secret::Secret,
    time::MINUTE_MS,
};
use portal_model::ErrorCode;

use crate::support::{House, OTHER_PASSWORD, PASSWORD, attempt, from, new_user, refusal, shell, signed_in};

const SIGNED_IN: &str = "user.signed-in";

#[tokio::test]
async fn the_right_password_signs_in() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;

    let session = signed_in(house.try_sign_in(" ADA@example.com ", PASSWORD, "192.0.2.1").await);
    let identity = house.identify(&session).await;

    assert_eq!(identity.signed_in().unwrap().user().id, ada.id);
    assert!(identity.admin().is_ok());
    let rows = house.audit(SIGNED_IN).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].outcome, AuditOutcome::Done);
    assert_eq!(rows[0].actor, Actor::User { id: ada.id.0.clone(), name: ada.entity_ref.to_string() });
    assert_eq!(rows[0].address.as_deref(), Some("192.0.2.1"));
}

#[tokio::test]
async fn all_failures_look_alike() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;
    house.invited("invited@example.com").await;

    for (email, password) in [
        ("ada@example.com", OTHER_PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("invited@example.com", ""),
        ("not an address", PASSWORD),
    ] {
        let outcome = house.try_sign_in(email, password, "192.0.2.1").await;
        assert_eq!(refusal(&outcome), Some(ErrorCode::CredentialsWrong), "{email}");
    }
    let rows = house.audit(SIGNED_IN).await;
    assert_eq!(rows.len(), 4);
    assert_eq!(rows.iter().filter(|row| row.target.as_deref() == Some(ada.id.as_str())).count(), 1);
    assert!(rows.iter().all(|row| row.actor == Actor::Anonymous && row.details.is_null()));
}

#[tokio::test]
async fn a_disabled_account_is_named_only_to_whoever_has_its_password() {
    let house = House::new().await;
    house.admin("root@example.com").await;
    let ada = house.person("ada@example.com").await.user;
    house.identity.user_change(&shell(), &ada.id, UserChange::Disable).await.unwrap();

    let wrong = house.try_sign_in("ada@example.com", OTHER_PASSWORD, "192.0.2.1").await;
    let right = house.try_sign_in("ada@example.com", PASSWORD, "192.0.2.1").await;

    assert_eq!(refusal(&wrong), Some(ErrorCode::CredentialsWrong));
    assert_eq!(refusal(&right), Some(ErrorCode::AccountDisabled));
}

#[tokio::test]
async fn failures_close_the_account_to_strangers_for_a_minute() {
    let house = House::new().await;
    house.admin("ada@example.com").await;

    for email in ["ada@example.com", "nobody@example.com"] {
        for host in 1..=5 {
            let outcome = house.try_sign_in(email, OTHER_PASSWORD, &format!("198.51.100.{host}")).await;
            assert_eq!(refusal(&outcome), Some(ErrorCode::CredentialsWrong), "{email} {host}");
        }
        for host in 6..=9 {
            let outcome = house.try_sign_in(email, PASSWORD, &format!("198.51.100.{host}")).await;
            assert_eq!(refusal(&outcome), Some(ErrorCode::TooManyAttempts), "{email} {host}");
        }
    }
    assert_eq!(house.refusals(SIGNED_IN, ErrorCode::CredentialsWrong).await, 10);
    assert_eq!(house.refusals(SIGNED_IN, ErrorCode::TooManyAttempts).await, 2, "the first of each flood");

    house.clock.advance(MINUTE_MS);
    signed_in(house.try_sign_in("ada@example.com", PASSWORD, "198.51.100.1").await);
}

#[tokio::test]
async fn successes_are_not_counted_against_the_account() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    for host in 1..=8 {
        signed_in(house.try_sign_in("ada@example.com", PASSWORD, &format!("198.51.100.{host}")).await);
    }
}

#[tokio::test]
async fn a_victim_comes_in_by_the_browser_that_is_known() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    let at_home = house.sign_in("ada@example.com").await;
    for host in 1..=9 {
        house.try_sign_in("ada@example.com", OTHER_PASSWORD, &format!("198.51.100.{host}")).await;
    }

    let known = |password: &str| SignIn {
        known_browser: Some(at_home.known_browser.clone()),
        ..attempt("ada@example.com", password)
    };
    let typo = house.identity.sign_in(known(OTHER_PASSWORD), &from("192.0.2.1")).await.unwrap();
    assert_eq!(refusal(&typo), Some(ErrorCode::CredentialsWrong));
    let session = signed_in(house.identity.sign_in(known(PASSWORD), &from("192.0.2.1")).await.unwrap());
    assert_eq!(session.known_browser, at_home.known_browser);

    for _ in 0..4 {
        house.identity.sign_in(known(OTHER_PASSWORD), &from("192.0.2.1")).await.unwrap();
    }
    let beyond = house.identity.sign_in(known(PASSWORD), &from("192.0.2.1")).await.unwrap();
    assert_eq!(refusal(&beyond), Some(ErrorCode::TooManyAttempts), "a stolen cookie is no way to guess on");
}

#[tokio::test]
async fn a_browser_is_known_for_the_accounts_it_signed_in_to() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    let eve = house.person("eve@example.com").await;
    for host in 1..=5 {
        house.try_sign_in("ada@example.com", OTHER_PASSWORD, &format!("198.51.100.{host}")).await;
    }
    let planted = Secret::new("chosen by someone else");
    for browser in [eve.known_browser, planted.clone()] {
        let sign_in = SignIn { known_browser: Some(browser), ..attempt("ada@example.com", PASSWORD) };
        let outcome = house.identity.sign_in(sign_in, &from("192.0.2.1")).await.unwrap();
        assert_eq!(refusal(&outcome), Some(ErrorCode::TooManyAttempts));
    }

    house.clock.advance(MINUTE_MS);
    let sign_in = SignIn { known_browser: Some(planted.clone()), ..attempt("ada@example.com", PASSWORD) };
    let session = signed_in(house.identity.sign_in(sign_in, &from("192.0.2.1")).await.unwrap());
    assert_ne!(session.known_browser, planted, "an unknown cookie is replaced, not adopted");
}

#[tokio::test]
async fn an_address_has_twenty_attempts_a_minute() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    for number in 0..45 {
        let outcome = house.try_sign_in(&format!("user{number}@example.com"), PASSWORD, "2001:db8::1").await;
        let expected = if number < 20 { ErrorCode::CredentialsWrong } else { ErrorCode::TooManyAttempts };
        assert_eq!(refusal(&outcome), Some(expected), "attempt {number}");
    }
    assert_eq!(house.audit(SIGNED_IN).await.len(), 21, "a flood does not fill the log");

    let neighbour = house.try_sign_in("ada@example.com", PASSWORD, "2001:db8::2").await;
    assert_eq!(refusal(&neighbour), Some(ErrorCode::TooManyAttempts), "the same /64");
    signed_in(house.try_sign_in("ada@example.com", PASSWORD, "2001:db8:0:1::1").await);
    house.clock.advance(MINUTE_MS);
    signed_in(house.try_sign_in("ada@example.com", PASSWORD, "2001:db8::1").await);
}

/// Attack: 1.7: a session that was planted, or copied before the next sign-in
#[tokio::test]
async fn a_sign_in_ends_the_session_before_it() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    let first = house.sign_in("ada@example.com").await;
    assert!(house.is_signed_in(&first).await);

    let sign_in =
        SignIn { previous_session: Some(first.cookie.clone()), ..attempt("ada@example.com", PASSWORD) };
    let second = signed_in(house.identity.sign_in(sign_in, &from("192.0.2.1")).await.unwrap());

    assert_ne!(first.cookie, second.cookie);
    assert!(!house.is_signed_in(&first).await);
    assert!(house.is_signed_in(&second).await);
}

#[tokio::test]
async fn an_old_hash_is_renewed_at_sign_in() {
    let house = House::new().await;
    let mut ada = house.admin("ada@example.com").await;
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let hash = weak.hash_password_with_salt(PASSWORD.as_bytes(), b"salt of the test").unwrap();
    ada.password_hash = Some(PasswordHash(hash.to_string()));
    let mut tx = house.write().await;
    tx.user_update(&ada).await.unwrap();
    tx.commit().await.unwrap();

    house.sign_in("ada@example.com").await;

    let renewed = house.read().await.user_by_id(&ada.id).await.unwrap().unwrap().password_hash.unwrap();
    assert!(renewed.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    house.sign_in("ada@example.com").await;
}

#[tokio::test]
async fn an_unreachable_store_signs_nobody_in() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;
    let session = house.sign_in("ada@example.com").await;
    house.break_store(true);
    assert!(house.identity.sign_in(attempt("ada@example.com", PASSWORD), &from("192.0.2.1")).await.is_err());
    house.clock.advance(MINUTE_MS);
    assert!(house.identity.identify(Some(&session.cookie), from("192.0.2.1")).await.is_err());
    house.break_store(false);
    assert_eq!(house.signed_in(&session).await.user().id, ada.id);
}

#[tokio::test]
async fn accounts_are_listed_and_found() {
    let house = House::new().await;
    house.admin("zoe@example.com").await;
    let mut new = new_user("ada@example.com");
    "Ada Lovelace".clone_into(&mut new.display_name);
    let ada = house.identity.user_invite(&shell(), new).await.unwrap().user;
    assert_eq!(ada.status, UserStatus::Invited);

    let names = |users: Vec<portal_core::identity::User>| {
        users.into_iter().map(|user| user.display_name).collect::<Vec<_>>()
    };
    let all = house.identity.user_list(&shell(), "", None, 10).await.unwrap();
    assert_eq!(names(all), ["Ada Lovelace", "Zoe"]);
    assert_eq!(names(house.identity.user_list(&shell(), "LOVE", None, 10).await.unwrap()), ["Ada Lovelace"]);
    assert_eq!(names(house.identity.user_list(&shell(), "", Some(&ada.id), 10).await.unwrap()), ["Zoe"]);
    for name in ["ada@example.com", "user:default/ada", "ada", ada.id.as_str()] {
        let found = house.identity.user_find(&shell(), name).await.unwrap();
        assert_eq!(found.map(|user| user.id), Some(ada.id.clone()), "{name}");
    }
    assert!(house.identity.user_find(&shell(), "nobody").await.unwrap().is_none());
}

//! What several do at the same moment, on both engines and from two processes.

use std::{future::Future, sync::Arc};

use portal_core::{
    identity::{IdentityError, NewUser, SignIn, SignInOutcome, UserChange},
    secret::Secret,
    settings::SettingsError,
};
use portal_model::ErrorCode;
use portal_testkit::conformance::Engine;
use tokio::task::JoinHandle;

use crate::support::{House, OTHER_PASSWORD, PASSWORD, attempt, from, new_user, refusal, refused, shell};

macro_rules! on_both_engines {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() {
                super::$story(super::House::on(super::Engine::Sqlite).await.into()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() {
                super::$story(super::House::on(super::Engine::Postgres).await.into()).await;
            })*
        }
    };
}

on_both_engines!(
    two_admins_who_demote_each_other_leave_one,
    of_two_who_want_to_be_first_one_is,
    of_two_who_use_a_link_one_wins,
    of_two_who_take_an_entity_one_gets_it,
    guesses_at_once_are_no_more_than_guesses_in_turn,
    nobody_slips_in_while_being_disabled,
    lifetimes_changed_apart_stay_a_pair,
);

fn start<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    house: &Arc<House>,
    act: impl FnOnce(Arc<House>) -> F,
) -> JoinHandle<T> {
    tokio::spawn(act(Arc::clone(house)))
}

/// Demands that one did it and returns why the other did not.
async fn one_of<T: std::fmt::Debug, E: std::fmt::Debug>(
    one: JoinHandle<Result<T, E>>,
    two: JoinHandle<Result<T, E>>,
) -> Result<T, E> {
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    if one.is_ok() { two } else { one }
}

async fn two_admins_who_demote_each_other_leave_one(house: Arc<House>) {
    let other = Arc::new(house.neighbour().await);
    let ada = house.admin("ada@example.com").await.id;
    let zoe = house.admin("zoe@example.com").await.id;
    let demote = |id| {
        move |house: Arc<House>| async move {
            house.identity.user_change(&shell(), &id, UserChange::RevokeAdmin).await
        }
    };
    let loser = one_of(start(&house, demote(ada)), start(&other, demote(zoe))).await;
    assert_eq!(refused(loser).code, ErrorCode::LastAdmin);
    assert_eq!(house.read().await.user_count_active_admins().await.unwrap(), 1);
}

async fn of_two_who_want_to_be_first_one_is(house: Arc<House>) {
    let other = Arc::new(house.neighbour().await);
    let link = house.identity.first_admin_link().await.unwrap().unwrap();
    let create = |email: &'static str| {
        let link = link.clone();
        move |house: Arc<House>| async move {
            house
                .identity
                .first_admin_create(&link, email, "", &Secret::new(PASSWORD), &from("192.0.2.1"))
                .await
        }
    };
    let loser =
        one_of(start(&house, create("ada@example.com")), start(&other, create("eve@example.com"))).await;
    assert_eq!(refused(loser).code, ErrorCode::LinkInvalid);
    assert_eq!(house.read().await.user_count().await.unwrap(), 1);
}

async fn of_two_who_use_a_link_one_wins(house: Arc<House>) {
    let other = Arc::new(house.neighbour().await);
    let link = house.invited("ada@example.com").await.link;
    let accept = |password: &'static str| {
        let link = link.clone();
        move |house: Arc<House>| async move {
            house.identity.link_accept(&link, &Secret::new(password), &from("192.0.2.1")).await
        }
    };
    let loser = one_of(start(&house, accept(PASSWORD)), start(&other, accept(OTHER_PASSWORD))).await;
    assert_eq!(refused(loser).code, ErrorCode::LinkInvalid);
}

async fn of_two_who_take_an_entity_one_gets_it(house: Arc<House>) {
    let other = Arc::new(house.neighbour().await);
    let invite = |email: &'static str| {
        move |house: Arc<House>| async move {
            let user = NewUser { entity_ref: "user:default/ada".to_owned(), ..new_user(email) };
            house.identity.user_invite(&shell(), user).await
        }
    };
    let loser =
        one_of(start(&house, invite("ada@example.com")), start(&other, invite("eve@example.com"))).await;
    assert_eq!(refused(loser).code, ErrorCode::EntityTaken);
}

async fn guesses_at_once_are_no_more_than_guesses_in_turn(house: Arc<House>) {
    house.admin("ada@example.com").await;
    let guesses = (1..=16).map(|host| {
        start(&house, move |house: Arc<House>| async move {
            house.try_sign_in("ada@example.com", OTHER_PASSWORD, &format!("198.51.100.{host}")).await
        })
    });
    let mut checked = 0;
    for guess in guesses.collect::<Vec<_>>() {
        if refusal(&guess.await.unwrap()) == Some(ErrorCode::CredentialsWrong) {
            checked += 1;
        }
    }
    assert!((1..=5).contains(&checked), "{checked} passwords were checked");
}

async fn nobody_slips_in_while_being_disabled(house: Arc<House>) {
    let other = Arc::new(house.neighbour().await);
    house.admin("root@example.com").await;
    let ada = house.person("ada@example.com").await;
    let sign_ins: Vec<_> = (1..=4)
        .map(|host| {
            let previous_session = (host == 1).then(|| ada.cookie.clone());
            start(&house, move |house: Arc<House>| async move {
                let sign_in = SignIn { previous_session, ..attempt("ada@example.com", PASSWORD) };
                house.identity.sign_in(sign_in, &from(&format!("198.51.100.{host}"))).await
            })
        })
        .collect();
    let id = ada.user.id.clone();
    let disable = start(&other, move |house: Arc<House>| async move {
        house.identity.user_change(&shell(), &id, UserChange::Disable).await
    });
    disable.await.unwrap().unwrap();
    for sign_in in sign_ins {
        // Whoever was in time has a session that ended, the others have none.
        let outcome: Result<SignInOutcome, IdentityError> = sign_in.await.unwrap();
        if let SignInOutcome::SignedIn(session) = outcome.unwrap() {
            assert!(!other.is_signed_in(&session).await);
        }
    }
    let now = portal_core::time::UnixMillis(0);
    assert_eq!(house.read().await.browser_session_count(&ada.user.id, now).await.unwrap(), 0);
}

async fn lifetimes_changed_apart_stay_a_pair(house: Arc<House>) {
    let other = Arc::new(house.neighbour().await);
    let set = |key: &'static str, days: &'static str| {
        move |house: Arc<House>| async move {
            house.settings.change_by_key(&shell(), &[(key.to_owned(), days.to_owned())]).await
        }
    };
    let token = start(&house, set("mcp.refresh.token_lifetime_days", "14"));
    let session = start(&other, set("mcp.refresh.session_lifetime_days", "8"));
    let loser = one_of(token, session).await;
    assert!(
        matches!(loser, Err(SettingsError::Refused(error)) if error.code == ErrorCode::SessionShorterThanToken)
    );
}

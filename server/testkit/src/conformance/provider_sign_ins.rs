//! Sign-ins with providers that are under way.

use std::sync::Arc;

use portal_core::{
    identity::{PendingSignIn, User, UserStatus},
    ports::Store,
};

use super::fixtures::{at, hash, read, user, write};

fn pending(state: &str) -> PendingSignIn {
    PendingSignIn {
        state_hash: hash(state),
        browser_hash: hash("browser"),
        provider: "github".to_owned(),
        return_to: Some("/oauth/consent?request=abc".to_owned()),
        created_at: at(1),
        expires_at: at(100),
    }
}

pub async fn a_sign_in_comes_back_as_it_went(store: Arc<dyn Store>) {
    let without = PendingSignIn { return_to: None, ..pending("b") };
    let mut tx = write(&store).await;
    for pending in [&pending("a"), &without] {
        tx.provider_sign_in_insert(pending).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.provider_sign_in_by_state(&hash("a")).await.unwrap(), Some(pending("a")));
    assert_eq!(reader.provider_sign_in_by_state(&hash("b")).await.unwrap(), Some(without));
    assert_eq!(reader.provider_sign_in_by_state(&hash("c")).await.unwrap(), None);
}

pub async fn a_sign_in_is_finished_once(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.provider_sign_in_insert(&pending("a")).await.unwrap();
    tx.commit().await.unwrap();
    let take = || async {
        let mut tx = write(&store).await;
        let taken = tx.provider_sign_in_take(&hash("a")).await.unwrap();
        tokio::task::yield_now().await;
        tx.commit().await.unwrap();
        taken
    };
    let (first, second) = tokio::join!(take(), take());
    assert!(first != second, "exactly one of them finished it");
    assert!(!take().await);
}

pub async fn expired_sign_ins_are_pruned(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (state, expires) in [("old", 10), ("edge", 20), ("new", 30)] {
        let pending = PendingSignIn { expires_at: at(expires), ..pending(state) };
        tx.provider_sign_in_insert(&pending).await.unwrap();
    }
    assert_eq!(tx.provider_sign_in_prune(at(20)).await.unwrap(), 1);
    assert_eq!(tx.provider_sign_in_prune(at(20)).await.unwrap(), 0);
    for (state, there) in [("old", false), ("edge", true), ("new", true)] {
        assert_eq!(tx.provider_sign_in_by_state(&hash(state)).await.unwrap().is_some(), there, "{state}");
    }
}

pub async fn providers_of_active_admins_are_listed_once(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert_eq!(tx.active_admin_providers().await.unwrap(), Vec::<String>::new());
    for (number, provider, admin, status) in [
        (1, "okta", true, UserStatus::Active),
        (2, "github", true, UserStatus::Active),
        (3, "github", true, UserStatus::Active),
        (4, "entra", false, UserStatus::Active),
        (5, "gitlab", true, UserStatus::Disabled),
    ] {
        let one = User { provider: provider.to_owned(), admin, status, ..user(number) };
        assert!(tx.user_insert(&one).await.unwrap());
    }
    assert_eq!(tx.active_admin_providers().await.unwrap(), ["github", "okta"]);
}

//! One-time links and counted attempts.

use std::sync::Arc;

use portal_core::{
    identity::{BrowserSession, LinkPurpose, OneTimeLink},
    ports::Store,
    time::DAY_MS,
};

use super::fixtures::{add_users, at, browser_session, hash, read, user_id, write};

fn link(name: &str, purpose: LinkPurpose, user: Option<u32>) -> OneTimeLink {
    OneTimeLink {
        hash: hash(name),
        purpose,
        user_id: user.map(user_id),
        created_at: at(1),
        expires_at: at(100),
        consumed_at: None,
    }
}

pub async fn a_link_is_used_once(store: Arc<dyn Store>) {
    let first_admin = link("a", LinkPurpose::FirstAdmin, None);
    let mut tx = write(&store).await;
    tx.link_insert(&first_admin).await.unwrap();
    assert_eq!(tx.link_by_hash(&hash("a")).await.unwrap().as_ref(), Some(&first_admin));
    assert!(tx.link_consume(&hash("a"), at(99)).await.unwrap());
    assert!(!tx.link_consume(&hash("a"), at(99)).await.unwrap());
    assert!(!tx.link_consume(&hash("b"), at(99)).await.unwrap());
    tx.commit().await.unwrap();
    let used = OneTimeLink { consumed_at: Some(at(99)), ..first_admin };
    assert_eq!(read(&store).await.link_by_hash(&hash("a")).await.unwrap(), Some(used));
}

pub async fn an_expired_link_is_refused(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    let invitation = link("a", LinkPurpose::Invitation, Some(1));
    tx.link_insert(&invitation).await.unwrap();
    assert!(!tx.link_consume(&hash("a"), at(100)).await.unwrap());
    assert_eq!(tx.link_by_hash(&hash("a")).await.unwrap(), Some(invitation));
}

pub async fn links_are_deleted_by_purpose_and_account(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    for (name, purpose, user) in [
        ("admin-1", LinkPurpose::FirstAdmin, None),
        ("admin-2", LinkPurpose::FirstAdmin, None),
        ("reset-1", LinkPurpose::PasswordReset, Some(1)),
        ("reset-2", LinkPurpose::PasswordReset, Some(2)),
        ("invite-1", LinkPurpose::Invitation, Some(1)),
    ] {
        tx.link_insert(&link(name, purpose, user)).await.unwrap();
    }
    assert_eq!(tx.link_delete(LinkPurpose::FirstAdmin, None).await.unwrap(), 2);
    assert_eq!(tx.link_delete(LinkPurpose::PasswordReset, None).await.unwrap(), 0);
    assert_eq!(tx.link_delete(LinkPurpose::PasswordReset, Some(&user_id(1))).await.unwrap(), 1);
    for (name, there) in [("admin-1", false), ("reset-1", false), ("reset-2", true), ("invite-1", true)] {
        assert_eq!(tx.link_by_hash(&hash(name)).await.unwrap().is_some(), there, "{name}");
    }
}

pub async fn two_uses_of_a_link_at_once(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.link_insert(&link("a", LinkPurpose::FirstAdmin, None)).await.unwrap();
    tx.commit().await.unwrap();
    let consume = || async {
        let mut tx = write(&store).await;
        let consumed = tx.link_consume(&hash("a"), at(5)).await.unwrap();
        tokio::task::yield_now().await;
        tx.commit().await.unwrap();
        consumed
    };
    let (first, second) = tokio::join!(consume(), consume());
    assert!(first != second, "exactly one of them used the link");
}

pub async fn attempts_are_counted_by_window(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert_eq!(tx.attempt_count("a", at(0)).await.unwrap(), 0);
    assert_eq!(tx.attempt_record("a", at(0)).await.unwrap(), 1);
    assert_eq!(tx.attempt_record("a", at(0)).await.unwrap(), 2);
    assert_eq!(tx.attempt_record("a", at(1)).await.unwrap(), 1);
    assert_eq!(tx.attempt_record("b", at(0)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.attempt_count("a", at(0)).await.unwrap(), 2);
    assert_eq!(reader.attempt_count("b", at(1)).await.unwrap(), 0);
}

pub async fn ended_things_are_pruned(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    for (name, expires) in [("old", 10), ("edge", 20), ("new", 30)] {
        let expires_at = at(expires);
        tx.browser_session_insert(&BrowserSession { expires_at, ..browser_session(name, 1) }).await.unwrap();
        let link = OneTimeLink { expires_at, ..link(name, LinkPurpose::FirstAdmin, None) };
        tx.link_insert(&link).await.unwrap();
        tx.attempt_record(name, at(expires)).await.unwrap();
    }
    tx.known_browser_put(&user_id(1), &hash("recent"), at(0)).await.unwrap();
    assert_eq!(tx.identity_prune(at(20)).await.unwrap(), 3);
    assert_eq!(tx.identity_prune(at(20)).await.unwrap(), 0);
    for (name, expires, there) in [("old", 10, false), ("edge", 20, true), ("new", 30, true)] {
        assert_eq!(tx.browser_session_by_hash(&hash(name)).await.unwrap().is_some(), there, "{name}");
        assert_eq!(tx.link_by_hash(&hash(name)).await.unwrap().is_some(), there, "{name}");
        assert_eq!(tx.attempt_count(name, at(expires)).await.unwrap() > 0, there, "{name}");
    }
    // A browser stays known as long as browsers keep a cookie, which is 400 days.
    assert!(tx.known_browser_exists(&user_id(1), &hash("recent")).await.unwrap());
    tx.identity_prune(at(400 * DAY_MS + 1)).await.unwrap();
    assert!(!tx.known_browser_exists(&user_id(1), &hash("recent")).await.unwrap());
}

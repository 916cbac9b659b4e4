//! Browser sessions and known browsers.

use std::sync::Arc;

use portal_core::{identity::BrowserSession, ports::Store};

use super::fixtures::{add_users, at, browser_session, hash, read, user, user_id, write};

pub async fn a_session_comes_back_with_its_account(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let plain = BrowserSession { address: None, ..browser_session("plain", 1) };
    let mut tx = write(&store).await;
    tx.browser_session_insert(&plain).await.unwrap();
    tx.browser_session_insert(&browser_session("full", 2)).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.browser_session_by_hash(&hash("plain")).await.unwrap(), Some((plain, user(1))));
    let full = reader.browser_session_by_hash(&hash("full")).await.unwrap();
    assert_eq!(full, Some((browser_session("full", 2), user(2))));
    assert_eq!(reader.browser_session_by_hash(&hash("none")).await.unwrap(), None);
}

pub async fn a_touch_moves_only_forward(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    tx.browser_session_insert(&browser_session("a", 1)).await.unwrap();
    tx.browser_session_touch(&hash("a"), at(50)).await.unwrap();
    tx.browser_session_touch(&hash("a"), at(40)).await.unwrap();
    tx.browser_session_touch(&hash("none"), at(60)).await.unwrap();
    let (session, _) = tx.browser_session_by_hash(&hash("a")).await.unwrap().unwrap();
    assert_eq!(session.seen_at, at(50));
}

pub async fn sessions_are_ended(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    for (name, user) in [("a", 1), ("b", 1), ("c", 1), ("d", 2)] {
        tx.browser_session_insert(&browser_session(name, user)).await.unwrap();
    }
    assert!(tx.browser_session_delete(&hash("a")).await.unwrap());
    assert!(!tx.browser_session_delete(&hash("a")).await.unwrap());
    assert_eq!(tx.browser_session_delete_by_user(&user_id(1)).await.unwrap(), 2);
    assert_eq!(tx.browser_session_delete_by_user(&user_id(1)).await.unwrap(), 0);
    assert!(tx.browser_session_by_hash(&hash("b")).await.unwrap().is_none());
    assert!(tx.browser_session_by_hash(&hash("d")).await.unwrap().is_some());
}

pub async fn only_open_sessions_are_counted(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    tx.user_raise_epoch(&user_id(1)).await.unwrap();
    for (name, user, epoch, expires) in
        [("open", 1, 1, 100), ("expired", 1, 1, 50), ("revoked", 1, 0, 100), ("other", 2, 0, 100)]
    {
        let session = BrowserSession { epoch, expires_at: at(expires), ..browser_session(name, user) };
        tx.browser_session_insert(&session).await.unwrap();
    }
    assert_eq!(tx.browser_session_count(&user_id(1), at(50)).await.unwrap(), 1);
    assert_eq!(tx.browser_session_count(&user_id(1), at(49)).await.unwrap(), 2);
    assert_eq!(tx.browser_session_count(&user_id(3), at(49)).await.unwrap(), 0);
}

pub async fn known_browsers_belong_to_an_account(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    tx.known_browser_put(&user_id(1), &hash("browser"), at(1)).await.unwrap();
    tx.known_browser_put(&user_id(1), &hash("browser"), at(2)).await.unwrap();
    assert!(tx.known_browser_exists(&user_id(1), &hash("browser")).await.unwrap());
    assert!(!tx.known_browser_exists(&user_id(2), &hash("browser")).await.unwrap());
    assert!(!tx.known_browser_exists(&user_id(1), &hash("another")).await.unwrap());
    tx.known_browser_put(&user_id(1), &hash("another"), at(3)).await.unwrap();
    tx.known_browser_put(&user_id(2), &hash("browser"), at(3)).await.unwrap();
    assert_eq!(tx.known_browser_delete_by_user(&user_id(1)).await.unwrap(), 2);
    assert!(!tx.known_browser_exists(&user_id(1), &hash("browser")).await.unwrap());
    assert!(tx.known_browser_exists(&user_id(2), &hash("browser")).await.unwrap());
}

pub async fn a_session_needs_an_account(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let inserted = tx.browser_session_insert(&browser_session("a", 1)).await;
    assert!(inserted.is_err() || tx.commit().await.is_err(), "a session of nobody was kept");
    assert!(read(&store).await.browser_session_by_hash(&hash("a")).await.unwrap().is_none());
}

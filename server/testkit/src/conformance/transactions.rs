//! Transactions: what others see and when.

use std::sync::Arc;

use portal_core::{
    changes::Topic,
    identity::{User, UserStatus},
    ports::Store,
};

use super::fixtures::{
    access_token, add_users, agent_session, entity_ref, hash, outcome, publish, read, run_id, user, user_id,
    write,
};
use crate::conformance::fixtures::{entity, location_id};

pub async fn nothing_is_seen_before_the_commit(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.setting_put("a", "1").await.unwrap();
    assert_eq!(read(&store).await.setting_list().await.unwrap(), []);
    tx.commit().await.unwrap();
    assert_eq!(read(&store).await.setting_list().await.unwrap(), [("a".to_owned(), "1".to_owned())]);
}

pub async fn a_dropped_transaction_leaves_nothing(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.setting_put("a", "1").await.unwrap();
    assert!(tx.user_insert(&user(1)).await.unwrap());
    drop(tx);
    let mut tx = write(&store).await;
    assert_eq!(tx.setting_list().await.unwrap(), []);
    assert_eq!(tx.user_by_id(&user_id(1)).await.unwrap(), None);
}

pub async fn a_transaction_sees_its_own_writes(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.user_insert(&user(1)).await.unwrap());
    assert_eq!(tx.user_by_id(&user_id(1)).await.unwrap(), Some(user(1)));
    tx.change_record(Topic::Access).await.unwrap();
    assert_eq!(tx.changes().await.unwrap().access, 1);
}

pub async fn a_reader_keeps_its_snapshot(store: Arc<dyn Store>) {
    publish(&store, "a", "1", &[entity("component:default/old", &[])]).await;
    let mut reader = read(&store).await;
    assert!(reader.entity_by_ref(&entity_ref("component:default/old")).await.unwrap().is_some());
    publish(&store, "a", "2", &[entity("component:default/new", &[])]).await;
    let mut tx = write(&store).await;
    tx.run_prune(&[], 100).await.unwrap();
    tx.commit().await.unwrap();
    // The reader goes on as if nothing had happened; the next one sees all of it.
    assert!(reader.entity_by_ref(&entity_ref("component:default/old")).await.unwrap().is_some());
    drop(reader);
    let mut reader = read(&store).await;
    assert!(reader.entity_by_ref(&entity_ref("component:default/old")).await.unwrap().is_none());
    assert!(reader.entity_by_ref(&entity_ref("component:default/new")).await.unwrap().is_some());
}

pub async fn of_two_writers_one_wins(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let change = || async {
        let mut tx = store.write().await.unwrap();
        let done = tx.user_set_status(&user_id(1), UserStatus::Active, UserStatus::Disabled).await.unwrap();
        // The other one has its chance before this one is through.
        tokio::task::yield_now().await;
        tx.commit().await.unwrap();
        done
    };
    let (first, second) = tokio::join!(change(), change());
    assert!(first != second, "exactly one of them found the account active");
}

pub async fn writers_wait_for_each_other(store: Arc<dyn Store>) {
    let mut writers = tokio::task::JoinSet::new();
    for number in 1..=20 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let mut tx = store.write().await.unwrap();
            tx.change_record(Topic::Settings).await.unwrap();
            assert!(tx.user_insert(&user(number)).await.unwrap());
            tx.commit().await.unwrap();
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let mut reader = read(&store).await;
    assert_eq!(reader.changes().await.unwrap().settings, 20);
    assert_eq!(reader.user_count().await.unwrap(), 20);
}

pub async fn a_refused_statement_leaves_the_store_usable(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    tx.agent_session_insert(&agent_session("a", 1, 0)).await.unwrap();
    tx.access_token_insert(&access_token("twice", "a")).await.unwrap();
    let error = tx.access_token_insert(&access_token("twice", "a")).await.unwrap_err();
    assert!(error.to_string().contains("ACCESS_TOKEN_INSERT"), "{error}");
    drop(tx);
    assert_eq!(read(&store).await.access_token_by_hash(&hash("twice")).await.unwrap(), None);
    let mut tx = write(&store).await;
    assert!(tx.user_insert(&user(2)).await.unwrap());
    tx.commit().await.unwrap();
}

pub async fn a_transaction_that_failed_does_not_commit(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    tx.agent_session_insert(&agent_session("a", 1, 0)).await.unwrap();
    tx.access_token_insert(&access_token("twice", "a")).await.unwrap();
    tx.access_token_insert(&access_token("twice", "a")).await.unwrap_err();
    // Whoever overlooks the error is told again.
    tx.setting_put("a", "1").await.unwrap_err();
    tx.commit().await.unwrap_err();
    assert_eq!(read(&store).await.setting_list().await.unwrap(), []);
    assert_eq!(read(&store).await.access_token_by_hash(&hash("twice")).await.unwrap(), None);
}

/// PostgreSQL refuses U+0000 in texts; remote text may have it.
pub async fn nul_does_not_break_texts(store: Arc<dyn Store>) {
    let person = User { display_name: "Nul\0l".to_owned(), ..user(1) };
    let mut tx = write(&store).await;
    assert!(tx.user_insert(&person).await.unwrap());
    assert_eq!(tx.user_by_id(&user_id(1)).await.unwrap().unwrap().display_name, "Nul\u{fffd}l");
    assert_eq!(tx.user_by_email("local", "\0").await.unwrap(), None);
    assert!(tx.location_put(&super::fixtures::location("a", 0)).await.unwrap());
    let odd = entity("component:default/odd", &[("metadata.title", "a\0b")]);
    tx.run_stage(&location_id("a"), &run_id("1"), &[odd]).await.unwrap();
    assert!(tx.run_publish(&location_id("a"), &run_id("1"), &outcome(1)).await.unwrap());
    let found = tx.entity_by_ref(&entity_ref("component:default/odd")).await.unwrap().unwrap();
    assert_eq!(found.document["title"], "A \"title\" of 100 % \0");
}

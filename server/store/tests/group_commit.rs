//! Group commit on SQLite: who shares a commit, what they see of each other, and what becomes of them when one gives up
//! or the commit fails.
//!
//! Unless a test says otherwise a group takes in everyone who waits, so that nothing here depends on how fast things are.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::{fs, future::poll_fn, pin::Pin, sync::Arc, task::Poll};

use portal_core::{
    identity::{LinkPurpose, OneTimeLink},
    ids::UserId,
    ports::{Store, StoreError, WriteTransaction},
    secret::SecretHash,
    time::UnixMillis,
};
use portal_store::{CommitCounts, OpenOptions, SqlStore};
use portal_testkit::conformance::{Engine, TestDatabase};
use tokio::task::JoinSet;

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

async fn database(options: OpenOptions) -> TestDatabase {
    TestDatabase::create_with(Engine::Sqlite, options).await
}

async fn patient() -> TestDatabase {
    database(OpenOptions { group_ms_max: 600_000, group_transactions_max: 1_000, ..OpenOptions::default() })
        .await
}

fn counts(database: &TestDatabase) -> (u64, u64) {
    let CommitCounts { transactions, commits } = database.sql_store().commit_counts().unwrap();
    (transactions, commits)
}

async fn poll_once<T>(later: &mut Later<T>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(later.as_mut().poll(context))).await
}

/// A writer that stands in the queue from now on.
async fn asked(store: &Arc<dyn Store>) -> Later<Box<dyn WriteTransaction>> {
    let store = Arc::clone(store);
    let mut later: Later<_> = Box::pin(async move { store.write().await.unwrap() });
    assert!(poll_once(&mut later).await.is_pending(), "nobody is in front");
    later
}

/// A commit that others delay: the connection goes to the next in the queue.
async fn committing(transaction: Box<dyn WriteTransaction>) -> Later<Result<(), StoreError>> {
    let mut later: Later<_> = transaction.commit();
    assert!(poll_once(&mut later).await.is_pending(), "nothing to wait for");
    later
}

async fn put(transaction: &mut Box<dyn WriteTransaction>, key: &str) {
    transaction.setting_put(key, "1").await.unwrap();
}

async fn keys_in(transaction: &mut Box<dyn WriteTransaction>) -> String {
    transaction.setting_list().await.unwrap().into_iter().map(|(key, _)| key).collect()
}

async fn keys(store: &Arc<dyn Store>) -> String {
    let list = store.read().await.unwrap().setting_list().await.unwrap();
    list.into_iter().map(|(key, _)| key).collect()
}

/// A link of an account that is not there: refused at the commit, where such references are checked.
async fn put_what_cannot_be_committed(transaction: &mut Box<dyn WriteTransaction>) {
    let link = OneTimeLink {
        hash: SecretHash::of("link"),
        purpose: LinkPurpose::Invitation,
        user_id: Some(UserId("nobody".to_owned())),
        created_at: UnixMillis(0),
        expires_at: UnixMillis(1),
        consumed_at: None,
    };
    transaction.link_insert(&link).await.unwrap();
}

/// The commits in SQLite's log: its frames that say how large the database is after them (SQLite file format, 4.2).
fn commits_in_log(database: &TestDatabase) -> usize {
    let Ok(log) = fs::read(database.folder().unwrap().join("portal.db-wal")) else { return 0 };
    let Some((header, frames)) = log.split_at_checked(32) else { return 0 };
    let page_bytes = u32::from_be_bytes(header[8..12].try_into().unwrap()) as usize;
    frames
        .chunks_exact(24 + page_bytes)
        .take_while(|frame| frame[8..16] == header[16..24])
        .filter(|frame| frame[4..8] != [0; 4])
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_one_moment_share_a_commit() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    put(&mut first, "first").await;
    let before = commits_in_log(&database);
    let mut others = JoinSet::new();
    for number in 0..64 {
        let turn = asked(&store).await;
        others.spawn(async move {
            let mut transaction = turn.await;
            put(&mut transaction, &number.to_string()).await;
            transaction.commit().await.unwrap();
        });
    }
    first.commit().await.unwrap();
    others.join_all().await;
    assert_eq!(counts(&database), (65, 1));
    assert_eq!(commits_in_log(&database) - before, 1, "what the log says");
    assert_eq!(store.read().await.unwrap().setting_list().await.unwrap().len(), 65);
}

#[tokio::test]
async fn a_writer_alone_is_committed_at_once() {
    let database = patient().await;
    let store = database.store();
    for key in ["a", "b", "c"] {
        let mut transaction = store.write().await.unwrap();
        put(&mut transaction, key).await;
        transaction.commit().await.unwrap();
    }
    assert_eq!(counts(&database), (3, 3));
    assert_eq!(commits_in_log(&database), 3);
}

#[tokio::test]
async fn a_group_has_a_bound() {
    for (options, commits) in [
        (OpenOptions { group_transactions_max: 4, group_ms_max: 600_000, ..OpenOptions::default() }, 3),
        (OpenOptions { group_ms_max: 0, ..OpenOptions::default() }, 12),
    ] {
        let database = database(options).await;
        let store = database.store();
        let first = store.write().await.unwrap();
        let mut others = JoinSet::new();
        for _ in 0..11 {
            let turn = asked(&store).await;
            others.spawn(async move { turn.await.commit().await.unwrap() });
        }
        first.commit().await.unwrap();
        others.join_all().await;
        assert_eq!(counts(&database), (12, commits));
    }
}

#[tokio::test]
async fn the_second_sees_the_first_and_readers_see_neither_before_the_commit() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let second = asked(&store).await;
    put(&mut first, "a").await;
    let mut first = committing(first).await;
    let mut second = second.await;
    assert_eq!(keys_in(&mut second).await, "a");
    put(&mut second, "b").await;
    assert_eq!(keys(&store).await, "");
    assert!(poll_once(&mut first).await.is_pending());
    second.commit().await.unwrap();
    first.await.unwrap();
    assert_eq!(keys(&store).await, "ab");
    assert_eq!(counts(&database), (2, 1));
}

#[tokio::test]
async fn who_gives_up_takes_back_only_its_own() {
    let database = patient().await;
    let store = database.store();
    let mut turn = store.write().await.unwrap();
    let mut waiting = Vec::new();
    // Capital letters give up.
    for key in ["a", "B", "C", "d", "e", "F", "g", "H"] {
        let next = asked(&store).await;
        put(&mut turn, key).await;
        if key == key.to_lowercase() {
            waiting.push(committing(turn).await);
        } else {
            drop(turn);
        }
        turn = next.await;
    }
    assert_eq!(keys_in(&mut turn).await, "adeg");
    drop(turn);
    for committed in waiting {
        committed.await.unwrap();
    }
    assert_eq!(keys(&store).await, "adeg");
    assert_eq!(counts(&database), (4, 1));
}

#[tokio::test]
async fn when_the_first_gives_up_the_next_begins_anew() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let second = asked(&store).await;
    put(&mut first, "a").await;
    drop(first);
    let mut second = second.await;
    assert_eq!(keys_in(&mut second).await, "");
    put(&mut second, "b").await;
    second.commit().await.unwrap();
    assert_eq!(keys(&store).await, "b");
}

#[tokio::test]
async fn a_caller_that_panics_or_stops_in_a_statement_leaves_nothing() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let (second, third, fourth) = (asked(&store).await, asked(&store).await, asked(&store).await);
    put(&mut first, "a").await;
    let first = committing(first).await;
    let panicked = tokio::spawn(async move {
        let mut second = second.await;
        put(&mut second, "b").await;
        panic!("on purpose");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    let mut third = third.await;
    {
        let mut statement: Pin<Box<dyn Future<Output = _> + Send>> = third.setting_put("c", "1");
        poll_fn(|context| {
            drop(statement.as_mut().poll(context));
            Poll::Ready(())
        })
        .await;
    }
    drop(third);
    let mut fourth = fourth.await;
    assert_eq!(keys_in(&mut fourth).await, "a");
    put(&mut fourth, "d").await;
    fourth.commit().await.unwrap();
    first.await.unwrap();
    assert_eq!(keys(&store).await, "ad");
}

#[tokio::test]
async fn who_stops_waiting_is_passed_over_or_committed_all_the_same() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let (second, third) = (asked(&store).await, asked(&store).await);
    put(&mut first, "a").await;
    // Its answer is not wanted any more, but its changes are on their way.
    drop(committing(first).await);
    // Not wanted before it had its turn.
    drop(second);
    let mut third = third.await;
    put(&mut third, "c").await;
    third.commit().await.unwrap();
    assert_eq!(keys(&store).await, "ac");
    assert_eq!(counts(&database), (2, 1));
}

#[tokio::test]
async fn a_commit_that_fails_fails_for_all_and_then_for_the_culprit() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let second = asked(&store).await;
    put(&mut first, "a").await;
    let first = committing(first).await;
    let mut second = second.await;
    put_what_cannot_be_committed(&mut second).await;
    for failed in [second.commit().await, first.await] {
        let error = failed.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "another may be the cause: {error}");
    }
    assert_eq!((keys(&store).await, counts(&database)), (String::new(), (0, 0)));

    // Tried again, each is alone.
    let mut first = store.write().await.unwrap();
    let second = asked(&store).await;
    put(&mut first, "a").await;
    first.commit().await.unwrap();
    let mut second = second.await;
    put_what_cannot_be_committed(&mut second).await;
    let error = second.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Inconsistent(_)), "{error}");
    assert_eq!((keys(&store).await, counts(&database)), ("a".to_owned(), (1, 1)));
}

#[tokio::test]
async fn after_a_failure_groups_come_back() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let second = asked(&store).await;
    put(&mut first, "a").await;
    let first = committing(first).await;
    let mut second = second.await;
    put_what_cannot_be_committed(&mut second).await;
    assert!(second.commit().await.is_err() && first.await.is_err());
    for _ in 0..64 {
        store.write().await.unwrap().commit().await.unwrap();
    }
    let before = counts(&database);
    let first = store.write().await.unwrap();
    let second = asked(&store).await;
    let first = committing(first).await;
    second.await.commit().await.unwrap();
    first.await.unwrap();
    assert_eq!(counts(&database), (before.0 + 2, before.1 + 1));
}

#[tokio::test]
async fn who_takes_long_lets_the_others_go_first() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let (second, third) = (asked(&store).await, asked(&store).await);
    put(&mut first, "a").await;
    let first = committing(first).await;
    let mut second = second.await;
    // Pruning says that it takes long before it does anything.
    let (committed, pruned) = tokio::join!(first, second.run_prune(&[], 10));
    committed.unwrap();
    assert_eq!(pruned.unwrap(), 0);
    assert_eq!(keys(&store).await, "a");
    put(&mut second, "b").await;
    let second = committing(second).await;

    // Whoever has read something must not lose its place.
    let mut third = third.await;
    assert_eq!(keys_in(&mut third).await, "ab");
    third.run_prune(&[], 10).await.unwrap();
    assert_eq!(keys(&store).await, "a");
    third.commit().await.unwrap();
    second.await.unwrap();
    assert_eq!(counts(&database), (3, 2));
}

#[tokio::test]
async fn turns_come_in_the_order_in_which_they_were_asked_for() {
    let database = patient().await;
    let store = database.store();
    let first = store.write().await.unwrap();
    let mut others = JoinSet::new();
    for number in 0..8 {
        let turn = asked(&store).await;
        others.spawn(async move {
            let mut transaction = turn.await;
            let before =
                transaction.setting_list().await.unwrap().pop().map_or(String::new(), |(_, list)| list);
            transaction.setting_put("list", &format!("{before}{number}")).await.unwrap();
            transaction.commit().await.unwrap();
        });
    }
    first.commit().await.unwrap();
    others.join_all().await;
    let list = store.read().await.unwrap().setting_list().await.unwrap();
    assert_eq!(list, [("list".to_owned(), "01234567".to_owned())]);
}

#[tokio::test]
async fn another_process_writes_between_two_groups() {
    let database = patient().await;
    let store = database.store();
    let short = OpenOptions { wait_max_ms: 10, ..OpenOptions::default() };
    let hasty = SqlStore::open(database.address(), &short).await.unwrap();
    let beside = SqlStore::open(database.address(), &OpenOptions::default()).await.unwrap();
    let mut first = store.write().await.unwrap();
    put(&mut first, "a").await;
    let refused = hasty.write().await.err().unwrap();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    let waiting = tokio::spawn(async move {
        let mut transaction = beside.write().await.unwrap();
        put(&mut transaction, "b").await;
        transaction.commit().await.unwrap();
    });
    first.commit().await.unwrap();
    waiting.await.unwrap();
    // Nothing is held while nobody has work.
    let mut transaction = hasty.write().await.unwrap();
    put(&mut transaction, "c").await;
    transaction.commit().await.unwrap();
    assert_eq!(keys(&store).await, "abc");
}

#[tokio::test]
async fn closing_lets_those_through_who_wait() {
    let database = patient().await;
    let store = database.store();
    let mut first = store.write().await.unwrap();
    let second = asked(&store).await;
    let sql_store = Arc::clone(database.sql_store());
    let mut closing: Later<()> = Box::pin(async move { sql_store.close().await });
    assert!(poll_once(&mut closing).await.is_pending());
    let refused = store.write().await.err().unwrap();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    put(&mut first, "a").await;
    let first = committing(first).await;
    let mut second = second.await;
    put(&mut second, "b").await;
    second.commit().await.unwrap();
    first.await.unwrap();
    closing.await;
    let again = SqlStore::open(database.address(), &OpenOptions::default()).await.unwrap();
    let again: Arc<dyn Store> = Arc::new(again);
    assert_eq!(keys(&again).await, "ab");
}

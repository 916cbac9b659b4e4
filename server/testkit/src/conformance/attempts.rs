//! Steps and failures of agents that connect.

use std::sync::Arc;

use portal_core::{
    attempts::{Attempt, AttemptFilter, AttemptKind, AttemptSource},
    ids::StaticTokenId,
    ports::Store,
};

use super::fixtures::{at, read, session_id, user_id, write};

fn attempt(id: &str, at_ms: i64, user: Option<u32>, kind: AttemptKind) -> Attempt {
    Attempt {
        id: id.to_owned(),
        at: at(at_ms),
        user_id: user.map(user_id),
        client_id: "https://agent.example/client".to_owned(),
        client_name: "Agent".to_owned(),
        kind,
        detail: "why".to_owned(),
        session_id: None,
        token_id: None,
        source: AttemptSource::Anonymous,
        address: None,
    }
}

fn ids(attempts: &[Attempt]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt.id.as_str()).collect()
}

pub async fn an_attempt_comes_back_as_it_went(store: Arc<dyn Store>) {
    let bare = attempt("a", 5, None, AttemptKind::OriginRefused);
    let full = Attempt {
        session_id: Some(session_id("s")),
        token_id: Some(StaticTokenId("token".to_owned())),
        source: AttemptSource::Token,
        address: Some("192.0.2.1".to_owned()),
        ..attempt("b", 6, Some(1), AttemptKind::FirstCall)
    };
    let mut tx = write(&store).await;
    assert_eq!(tx.connection_attempt_append(&[bare.clone(), full.clone()]).await.unwrap(), 2);
    assert_eq!(tx.connection_attempt_append(&[]).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let found = read(&store).await.connection_attempt_list(&AttemptFilter::default(), 10).await.unwrap();
    assert_eq!(found, [full, bare]);
}

pub async fn an_attempt_is_kept_once(store: Arc<dyn Store>) {
    let first = attempt("a", 5, Some(1), AttemptKind::FirstCall);
    let again = attempt("a", 9, Some(2), AttemptKind::Cancelled);
    let other = attempt("b", 9, Some(1), AttemptKind::Cancelled);
    let mut tx = write(&store).await;
    assert_eq!(tx.connection_attempt_append(std::slice::from_ref(&first)).await.unwrap(), 1);
    assert_eq!(tx.connection_attempt_append(&[again, other.clone()]).await.unwrap(), 1);
    assert_eq!(tx.connection_attempt_list(&AttemptFilter::default(), 10).await.unwrap(), [other, first]);
}

pub async fn attempts_are_filtered_newest_first(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.connection_attempt_append(&[
        attempt("old", 1, Some(1), AttemptKind::Cancelled),
        attempt("step", 5, Some(1), AttemptKind::ConsentGiven),
        attempt("fault-b", 6, Some(1), AttemptKind::CodeExpired),
        attempt("fault-a", 6, Some(1), AttemptKind::CodeExpired),
        attempt("other", 7, Some(2), AttemptKind::CodeExpired),
        attempt("nobody", 8, None, AttemptKind::ClientUnknown),
    ])
    .await
    .unwrap();
    let own = AttemptFilter { user_id: Some(user_id(1)), since: at(5), failures_only: false };
    assert_eq!(ids(&tx.connection_attempt_list(&own, 10).await.unwrap()), ["fault-a", "fault-b", "step"]);
    assert_eq!(ids(&tx.connection_attempt_list(&own, 1).await.unwrap()), ["fault-a"]);
    let failures = AttemptFilter { failures_only: true, ..AttemptFilter::default() };
    assert_eq!(
        ids(&tx.connection_attempt_list(&failures, 10).await.unwrap()),
        ["nobody", "other", "fault-a", "fault-b", "old"]
    );
}

pub async fn attempts_are_pruned_and_cut(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let mut attempts: Vec<Attempt> = (0..6_u32)
        .map(|n| attempt(&format!("n{n}"), i64::from(n), None, AttemptKind::ClientUnknown))
        .collect();
    attempts
        .extend((0..3_u32).map(|n| attempt(&format!("p{n}"), i64::from(n), Some(1), AttemptKind::Cancelled)));
    tx.connection_attempt_append(&attempts).await.unwrap();
    assert_eq!(tx.connection_attempt_prune(at(1), 1).await.unwrap(), 1);
    assert_eq!(tx.connection_attempt_prune(at(1), 10).await.unwrap(), 1);
    assert_eq!(tx.connection_attempt_cut(true, 3, 1).await.unwrap(), 1);
    assert_eq!(tx.connection_attempt_cut(true, 3, 10).await.unwrap(), 1);
    let left = tx.connection_attempt_list(&AttemptFilter::default(), 10).await.unwrap();
    assert_eq!(ids(&left), ["n5", "n4", "n3", "p2", "p1"]);
    assert_eq!(tx.connection_attempt_cut(false, 4, 10).await.unwrap(), 1);
    assert_eq!(tx.connection_attempt_cut(false, 4, 10).await.unwrap(), 0);
}

pub async fn a_guide_is_opened_once_until_it_is_stale(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.setup_guide_open(&user_id(1), "codex", at(5), at(0)).await.unwrap();
    tx.setup_guide_open(&user_id(1), "codex", at(9), at(5)).await.unwrap();
    tx.setup_guide_open(&user_id(1), "zed", at(7), at(0)).await.unwrap();
    assert_eq!(tx.setup_guide_opened_at(&user_id(1), "codex").await.unwrap(), Some(at(5)));
    assert_eq!(tx.setup_guide_opened_at(&user_id(2), "codex").await.unwrap(), None);
    tx.setup_guide_open(&user_id(1), "codex", at(9), at(6)).await.unwrap();
    assert_eq!(tx.setup_guide_opened_at(&user_id(1), "codex").await.unwrap(), Some(at(9)));
    assert_eq!(tx.setup_guide_prune(at(9), 10).await.unwrap(), 1);
    assert_eq!(tx.setup_guide_prune(at(10), 0).await.unwrap(), 0);
    assert_eq!(tx.setup_guide_opened_at(&user_id(1), "zed").await.unwrap(), None);
}

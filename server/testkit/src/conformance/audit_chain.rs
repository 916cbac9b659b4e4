//! The chain over the audit log, and leases.

use std::sync::Arc;

use portal_core::{
    audit::{Actor, AuditEvent, AuditFilter, AuditOutcome, Seal},
    ids::AuditId,
    ports::{Store, WriteTransaction},
};

use super::fixtures::{at, read, write};

fn event(name: &str, at_ms: i64) -> AuditEvent {
    AuditEvent {
        id: AuditId(name.to_owned()),
        at: at(at_ms),
        actor: Actor::System,
        action: "test.row".to_owned(),
        target: Some(name.to_owned()),
        outcome: AuditOutcome::Done,
        address: None,
        request_id: None,
        details: serde_json::json!({ "b": 1, "a": [null, "✓"] }),
    }
}

fn seal(sequence: i64) -> Seal {
    Seal { sequence, hash: format!("hash of {sequence}") }
}

/// Adds rows and seals them in this order, from the first place that is free.
async fn add_sealed(tx: &mut dyn WriteTransaction, rows: &[(&str, i64)]) {
    let first = tx.audit_head().await.unwrap().map_or(1, |head| head.sequence + 1);
    for (place, (name, at_ms)) in (first..).zip(rows) {
        tx.audit_append(&event(name, *at_ms)).await.unwrap();
        assert!(tx.audit_seal(&[(AuditId((*name).to_owned()), seal(place))]).await.unwrap());
    }
}

async fn left(tx: &mut dyn WriteTransaction) -> Vec<String> {
    let mut rows = tx.audit_list(&AuditFilter::default(), None, 100).await.unwrap();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows.into_iter().map(|row| row.id.0).collect()
}

pub async fn what_was_sealed_is_the_chain(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (name, at_ms) in [("b", 2), ("a", 2), ("c", 1)] {
        tx.audit_append(&event(name, at_ms)).await.unwrap();
    }
    assert_eq!((tx.audit_head().await.unwrap(), tx.audit_anchor().await.unwrap()), (None, None));
    assert_eq!(tx.audit_unsealed_count().await.unwrap(), 3);
    let unsealed = tx.audit_unsealed(2).await.unwrap();
    assert_eq!(unsealed, [event("c", 1), event("a", 2)]);
    let seals: Vec<_> = (1..).zip(unsealed).map(|(place, row)| (row.id, seal(place))).collect();
    assert!(tx.audit_seal(&seals).await.unwrap());
    tx.commit().await.unwrap();

    let mut reader = read(&store).await;
    assert_eq!(reader.audit_head().await.unwrap(), Some(seal(2)));
    assert_eq!(reader.audit_unsealed(10).await.unwrap(), [event("b", 2)]);
    assert_eq!(reader.audit_unsealed_count().await.unwrap(), 1);
    let chain = [(seal(1), event("c", 1)), (seal(2), event("a", 2))];
    assert_eq!(reader.audit_sealed(None, 10).await.unwrap(), chain);
    assert_eq!(reader.audit_sealed(None, 1).await.unwrap(), chain[..1]);
    assert_eq!(reader.audit_sealed(Some(1), 10).await.unwrap(), chain[1..]);
    assert_eq!(reader.audit_sealed(Some(2), 10).await.unwrap(), []);
}

pub async fn a_row_is_sealed_once(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    add_sealed(&mut *tx, &[("a", 1)]).await;
    assert!(!tx.audit_seal(&[(AuditId("a".to_owned()), seal(2))]).await.unwrap());
    assert!(!tx.audit_seal(&[(AuditId("none".to_owned()), seal(2))]).await.unwrap());
    assert!(tx.audit_seal(&[]).await.unwrap());
    assert_eq!(tx.audit_head().await.unwrap(), Some(seal(1)));
}

pub async fn old_rows_go_in_the_order_of_the_chain(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    add_sealed(&mut *tx, &[("a", 1), ("b", 2), ("c", 3), ("d", 4)]).await;
    tx.audit_append(&event("unsealed", 1)).await.unwrap();
    assert_eq!(tx.audit_prune(at(4), 2).await.unwrap(), 2);
    assert_eq!(tx.audit_anchor().await.unwrap(), Some(seal(2)));
    assert_eq!(left(&mut *tx).await, ["c", "d", "unsealed"]);
    assert_eq!(tx.audit_prune(at(4), 2).await.unwrap(), 1);
    assert_eq!(tx.audit_prune(at(4), 2).await.unwrap(), 0);
    assert_eq!(tx.audit_anchor().await.unwrap(), Some(seal(3)));
    assert_eq!(tx.audit_prune(at(5), 2).await.unwrap(), 1);
    // The chain goes on where it was.
    assert_eq!(tx.audit_head().await.unwrap(), Some(seal(4)));
    add_sealed(&mut *tx, &[("e", 6)]).await;
    assert_eq!(tx.audit_head().await.unwrap(), Some(seal(5)));
}

pub async fn a_young_row_keeps_what_was_sealed_after_it(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    add_sealed(&mut *tx, &[("a", 1), ("young", 9), ("late", 2), ("old", 3)]).await;
    assert_eq!(tx.audit_prune(at(5), 10).await.unwrap(), 1);
    assert_eq!(left(&mut *tx).await, ["late", "old", "young"]);
    assert_eq!(tx.audit_prune(at(10), 10).await.unwrap(), 3);
    assert_eq!(tx.audit_anchor().await.unwrap(), Some(seal(4)));
}

pub async fn a_lease_has_one_holder(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.lease_take("job", "a", at(0), at(10)).await.unwrap());
    assert!(!tx.lease_take("job", "b", at(9), at(20)).await.unwrap());
    assert!(tx.lease_take("other", "b", at(9), at(20)).await.unwrap());
    assert!(tx.lease_take("job", "a", at(9), at(12)).await.unwrap(), "its holder renews it");
    assert!(!tx.lease_take("job", "b", at(11), at(20)).await.unwrap());
    assert!(tx.lease_take("job", "b", at(12), at(20)).await.unwrap(), "it ran out");
    tx.lease_release("job", "a").await.unwrap();
    assert!(!tx.lease_take("job", "a", at(13), at(20)).await.unwrap(), "only its holder gives it back");
    tx.lease_release("job", "b").await.unwrap();
    assert!(tx.lease_take("job", "a", at(13), at(20)).await.unwrap());
}

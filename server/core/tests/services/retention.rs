//! What is deleted once it was kept long enough.

use portal_core::{
    activity::{CallOutcome, ToolCall},
    audit::{
        ACTIVITY_RETENTION_DAYS, AUDIT_RETENTION_DAYS, Actor, AuditEvent, AuditFilter, AuditService, prune,
    },
    identity::{RequestOrigin, User},
    ids::AgentSessionId,
    ports::Clock as _,
    time::{DAY_MS, UnixMillis},
};

use crate::support::{House, shell};

async fn audit_rows(house: &House, count: usize) {
    let mut tx = house.write().await;
    for number in 0..count {
        let rng = &*house.dependencies.rng;
        let event =
            AuditEvent::done(rng, house.clock.now(), Actor::System, "test.row", &RequestOrigin::default());
        tx.audit_append(&event.target(number.to_string())).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn call(user: &User, session: &AgentSessionId, at: UnixMillis) -> ToolCall {
    ToolCall {
        at,
        user_id: Some(user.id.clone()),
        session_id: Some(session.clone()),
        token_id: None,
        source: "auth".to_owned(),
        tool: "auth_who_am_i".to_owned(),
        outcome: CallOutcome::Done,
        duration_us: 100,
        address: None,
    }
}

#[tokio::test]
async fn the_audit_log_is_kept_for_400_days() {
    let house = House::new().await;
    audit_rows(&house, 2_500).await;
    house.clock.advance(DAY_MS);
    audit_rows(&house, 3).await;
    // What is not in the chain stays: its end could not be told from a row taken away.
    house.clock.advance(AUDIT_RETENTION_DAYS * DAY_MS);
    assert_eq!(prune(&house.dependencies).await.unwrap().audit, 0);
    house.clock.advance(-AUDIT_RETENTION_DAYS * DAY_MS);
    assert_eq!(AuditService::new(house.dependencies.clone()).seal("node").await.unwrap(), 2_503);

    house.clock.advance((AUDIT_RETENTION_DAYS - 1) * DAY_MS);
    assert_eq!(prune(&house.dependencies).await.unwrap().audit, 0);
    house.clock.advance(1);
    assert_eq!(prune(&house.dependencies).await.unwrap().audit, 2_500, "more than one batch");
    assert_eq!(house.audit("test.row").await.len(), 3);
}

#[tokio::test]
async fn the_activity_log_is_kept_for_90_days() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;
    let session = house.agent(&ada).await;
    let now = house.clock.now();
    let mut tx = house.write().await;
    tx.tool_call_append(&[call(&ada, &session, now), call(&ada, &session, now.plus(1))]).await.unwrap();
    tx.commit().await.unwrap();

    house.clock.advance(ACTIVITY_RETENTION_DAYS * DAY_MS + 1);
    assert_eq!(prune(&house.dependencies).await.unwrap().activity, 1);
    assert_eq!(house.read().await.tool_call_list(&ada.id, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_log_is_read_in_pages() {
    let house = House::new().await;
    for _ in 0..3 {
        audit_rows(&house, 1).await;
        house.clock.advance(1);
    }
    let audit = AuditService::new(house.dependencies.clone());
    let filter = AuditFilter { action_prefix: Some("test.".to_owned()), ..AuditFilter::default() };
    let first = audit.list(&shell(), &filter, None, 2).await.unwrap();
    let rest = audit.list(&shell(), &filter, Some(&first[1].id), 2).await.unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert!(first[0].at > first[1].at && first[1].at > rest[0].at);
}

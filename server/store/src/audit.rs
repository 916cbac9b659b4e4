//! The audit log.

use async_trait::async_trait;
use portal_core::{
    audit::{AuditEvent, AuditFilter},
    ids::AuditId,
    ports::{
        StoreError,
        store::{AuditReads, AuditWrites},
    },
    time::UnixMillis,
};

use crate::{
    row::Row,
    sql_builder::{Conditions, SqlBuilder, prefix_end},
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

statements! {
    AUDIT_APPEND = "INSERT INTO audit_events
        (id, at, actor, action, target, outcome, address, request_id, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    AUDIT_PRUNE = "DELETE FROM audit_events
        WHERE id IN (SELECT id FROM audit_events WHERE at < $1 ORDER BY at, id LIMIT $2)";
}

#[async_trait]
impl AuditReads for SqlTransaction {
    async fn audit_list(
        &mut self,
        filter: &AuditFilter,
        after: Option<&AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let mut builder = SqlBuilder::new("AUDIT_LIST");
        builder.sql(
            "SELECT e.id, e.at, e.actor, e.action, e.target, e.outcome, e.address, e.request_id, e.details
            FROM audit_events e",
        );
        if let Some(after) = after {
            builder
                .sql(" JOIN audit_events a ON a.id = ")
                .value(after)
                .sql(" AND (e.at < a.at OR (e.at = a.at AND e.id > a.id))");
        }
        filter_conditions(&mut builder, filter);
        builder.sql(" ORDER BY e.at DESC, e.id LIMIT ").value(limit);
        self.fetch_built(builder.once()).await?.iter().map(event).collect()
    }
}

#[async_trait]
impl AuditWrites for SqlTransaction {
    async fn audit_append(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        let values = values![
            &event.id,
            event.at,
            json(&event.actor)?,
            &event.action,
            &event.target,
            json(&event.outcome)?,
            &event.address,
            &event.request_id,
            json(&event.details)?,
        ];
        self.execute(&AUDIT_APPEND, values).await.map(drop)
    }

    async fn audit_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        self.execute(&AUDIT_PRUNE, values![before, limit]).await
    }
}

fn filter_conditions<'a>(builder: &mut SqlBuilder<'a>, filter: &'a AuditFilter) {
    let mut conditions = Conditions::new();
    if let Some(prefix) = filter.action_prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
        conditions.next(builder);
        builder.sql("e.action >= ").value(prefix);
        if let Some(end) = prefix_end(prefix) {
            builder.sql(" AND e.action < ").value(end);
        }
    }
    if let Some(target) = &filter.target {
        conditions.next(builder);
        builder.sql("e.target = ").value(target);
    }
    if let Some(from) = filter.from {
        conditions.next(builder);
        builder.sql("e.at >= ").value(from);
    }
    if let Some(until) = filter.until {
        conditions.next(builder);
        builder.sql("e.at < ").value(until);
    }
}

fn event(row: &Row) -> Result<AuditEvent, StoreError> {
    let mut columns = row.columns();
    Ok(AuditEvent {
        id: columns.take()?,
        at: columns.take()?,
        actor: columns.json()?,
        action: columns.take()?,
        target: columns.take()?,
        outcome: columns.json()?,
        address: columns.take()?,
        request_id: columns.take()?,
        details: columns.json()?,
    })
}

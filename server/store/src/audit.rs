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
    audit_chain,
    row::Columns,
    sql_builder::{Conditions, SqlBuilder, pattern_containing, prefix_end},
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

/// The columns that [`event`] reads, of a table named `e`.
macro_rules! event_columns {
    () => {
        "e.id, e.at, e.actor, e.action, e.target, e.outcome, e.address, e.request_id, e.details"
    };
}
pub(crate) use event_columns;

statements! {
    AUDIT_APPEND = "INSERT INTO audit_events
        (id, at, actor, action, target, outcome, address, request_id, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
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
        builder.sql(concat!("SELECT ", event_columns!(), " FROM audit_events e"));
        if let Some(after) = after {
            builder
                .sql(" JOIN audit_events a ON a.id = ")
                .value(after)
                .sql(" AND (e.at < a.at OR (e.at = a.at AND e.id > a.id))");
        }
        filter_conditions(&mut builder, filter);
        builder.sql(" ORDER BY e.at DESC, e.id LIMIT ").value(limit);
        self.fetch_built(builder.once()).await?.iter().map(|row| event(&mut row.columns())).collect()
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
        audit_chain::prune(self, before, limit).await
    }
}

/// How an outcome is stored that is no refusal.
const DONE: &str = r#"{"outcome":"done"}"#;

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
    if let Some(actor) = filter.actor.as_deref().filter(|actor| !actor.is_empty()) {
        conditions.next(builder);
        let pattern = pattern_containing(&actor.to_ascii_lowercase());
        builder.sql("LOWER(e.actor) LIKE ").value(pattern).sql(" ESCAPE '\\'");
    }
    if let Some(from) = filter.from {
        conditions.next(builder);
        builder.sql("e.at >= ").value(from);
    }
    if let Some(until) = filter.until {
        conditions.next(builder);
        builder.sql("e.at < ").value(until);
    }
    if let Some(refused) = filter.refused {
        conditions.next(builder);
        builder.sql(if refused { "e.outcome <> " } else { "e.outcome = " }).value(DONE);
    }
}

/// Reads [`event_columns`].
pub(crate) fn event(columns: &mut Columns<'_>) -> Result<AuditEvent, StoreError> {
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

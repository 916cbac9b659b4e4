//! Agent sessions.

use portal_core::{
    ids::AgentSessionId,
    oauth::records::{AgentSession, AgentSessionFilter, ClientKind, EndReason},
    ports::StoreError,
    time::UnixMillis,
};

use crate::{
    row::Columns,
    sql_builder::{Conditions, SqlBuilder, pattern_containing},
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

/// The columns that [`session`] reads, of a table named `s`.
macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.epoch, s.client, s.redirect_uri, s.scope, s.resource, s.refreshable,
        s.token_lifetime_days, s.session_lifetime_days, s.created_at, s.used_at, s.used_from, s.ended_at, s.end_reason"
    };
}
pub(super) use session_columns;

statements! {
    AGENT_SESSION_BY_ID = concat!("SELECT ", session_columns!(), " FROM agent_sessions s WHERE s.id = $1");
    AGENT_SESSION_INSERT = "INSERT INTO agent_sessions
        (id, user_id, epoch, client_id, client, redirect_uri, scope, resource, refreshable, token_lifetime_days,
        session_lifetime_days, created_at, used_at, used_from, ended_at, end_reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    AGENT_SESSION_END = "UPDATE agent_sessions SET ended_at = $2, end_reason = $3
        WHERE id = $1 AND ended_at IS NULL";
    AGENT_SESSION_TOUCH = "UPDATE agent_sessions SET used_at = $2, used_from = $3
        WHERE id = $1 AND (used_at IS NULL OR used_at < $2)";
    AGENT_SESSION_PRUNE = "DELETE FROM agent_sessions WHERE id IN
        (SELECT s.id FROM agent_sessions s WHERE s.ended_at < $1
            AND NOT EXISTS (SELECT 1 FROM access_tokens a WHERE a.session_id = s.id)
            AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.session_id = s.id)
        ORDER BY s.ended_at, s.id LIMIT $2)";
}

pub(super) async fn by_id(
    store: &mut SqlTransaction,
    id: &AgentSessionId,
) -> Result<Option<AgentSession>, StoreError> {
    let row = store.fetch_optional(&AGENT_SESSION_BY_ID, values![id]).await?;
    row.map(|row| session(&mut row.columns())).transpose()
}

pub(super) async fn list(
    store: &mut SqlTransaction,
    filter: &AgentSessionFilter,
    after: Option<&AgentSessionId>,
    limit: u32,
) -> Result<Vec<AgentSession>, StoreError> {
    let mut builder = SqlBuilder::new("AGENT_SESSION_LIST");
    builder.sql(concat!("SELECT ", session_columns!(), " FROM agent_sessions s"));
    if let Some(after) = after {
        builder
            .sql(" JOIN agent_sessions a ON a.id = ")
            .value(after)
            .sql(" AND (s.created_at < a.created_at OR (s.created_at = a.created_at AND s.id > a.id))");
    }
    filter_conditions(&mut builder, &mut Conditions::new(), filter);
    builder.sql(" ORDER BY s.created_at DESC, s.id LIMIT ").value(limit);
    store.fetch_built(builder.kept()).await?.iter().map(|row| session(&mut row.columns())).collect()
}

pub(super) async fn count(
    store: &mut SqlTransaction,
    filter: &AgentSessionFilter,
) -> Result<(i64, i64), StoreError> {
    let mut builder = SqlBuilder::new("AGENT_SESSION_COUNT");
    builder.sql("SELECT COUNT(*), COUNT(DISTINCT s.user_id) FROM agent_sessions s");
    filter_conditions(&mut builder, &mut Conditions::new(), filter);
    let rows = store.fetch_built(builder.kept()).await?;
    let Some(row) = rows.first() else {
        return Ok((0, 0));
    };
    let mut columns = row.columns();
    Ok((columns.take()?, columns.take()?))
}

pub(super) async fn insert(store: &mut SqlTransaction, session: &AgentSession) -> Result<(), StoreError> {
    let values = values![
        &session.id,
        &session.user_id,
        session.epoch,
        &session.client.client_id,
        json(&session.client)?,
        &session.redirect_uri,
        session.scope,
        &session.resource,
        session.refreshable,
        session.token_lifetime_days,
        session.session_lifetime_days,
        session.created_at,
        session.used_at,
        &session.used_from,
        session.ended.map(|(at, _)| at),
        session.ended.map(|(_, reason)| reason.as_str()),
    ];
    store.execute(&AGENT_SESSION_INSERT, values).await.map(drop)
}

pub(super) async fn end(
    store: &mut SqlTransaction,
    id: &AgentSessionId,
    reason: EndReason,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    store.execute_one(&AGENT_SESSION_END, values![id, now, reason.as_str()]).await
}

pub(super) async fn end_all(
    store: &mut SqlTransaction,
    filter: &AgentSessionFilter,
    reason: EndReason,
    now: UnixMillis,
) -> Result<u64, StoreError> {
    let mut builder = SqlBuilder::new("AGENT_SESSION_END_ALL");
    builder
        .sql("UPDATE agent_sessions AS s SET ended_at = ")
        .value(now)
        .sql(", end_reason = ")
        .value(reason.as_str());
    let mut conditions = Conditions::new();
    conditions.next(&mut builder);
    builder.sql("s.ended_at IS NULL");
    filter_conditions(&mut builder, &mut conditions, filter);
    store.execute_built(builder.kept()).await
}

pub(super) async fn touch(
    store: &mut SqlTransaction,
    id: &AgentSessionId,
    used_at: UnixMillis,
    address: Option<&str>,
) -> Result<(), StoreError> {
    store.execute(&AGENT_SESSION_TOUCH, values![id, used_at, address]).await.map(drop)
}

pub(super) async fn prune(
    store: &mut SqlTransaction,
    before: UnixMillis,
    limit: u32,
) -> Result<u64, StoreError> {
    store.execute(&AGENT_SESSION_PRUNE, values![before, limit]).await
}

pub(super) fn filter_conditions<'a>(
    builder: &mut SqlBuilder<'a>,
    conditions: &mut Conditions,
    filter: &'a AgentSessionFilter,
) {
    if let Some(user) = &filter.user_id {
        conditions.next(builder);
        builder.sql("s.user_id = ").value(user);
    }
    if let Some(client_id) = &filter.client_id {
        conditions.next(builder);
        builder.sql("s.client_id = ").value(client_id);
    }
    if filter.open_only {
        conditions.next(builder);
        builder.sql("s.ended_at IS NULL");
    }
    if filter.refreshable_only {
        conditions.next(builder);
        builder.sql("s.refreshable");
    }
    if let Some(kind) = filter.clients {
        conditions.next(builder);
        builder.sql(match kind {
            ClientKind::Document => "s.client_id LIKE 'http%'",
            ClientKind::Dynamic => {
                "s.client_id IN (SELECT c.client_id FROM registered_clients c WHERE c.dynamic)"
            }
        });
    }
    if !filter.search.is_empty() {
        conditions.next(builder);
        let pattern = pattern_containing(&filter.search.to_lowercase());
        builder
            .sql("(s.user_id IN (SELECT u.id FROM users u WHERE u.search_key LIKE ")
            .value(pattern.clone())
            .sql(" ESCAPE '\\') OR LOWER(s.client) LIKE ")
            .value(pattern)
            .sql(" ESCAPE '\\')");
    }
}

/// Reads [`session_columns`].
pub(super) fn session(columns: &mut Columns<'_>) -> Result<AgentSession, StoreError> {
    Ok(AgentSession {
        id: columns.take()?,
        user_id: columns.take()?,
        epoch: columns.take()?,
        client: columns.json()?,
        redirect_uri: columns.take()?,
        scope: columns.take()?,
        resource: columns.take()?,
        refreshable: columns.take()?,
        token_lifetime_days: columns.take()?,
        session_lifetime_days: columns.take()?,
        created_at: columns.take()?,
        used_at: columns.take()?,
        used_from: columns.take()?,
        ended: ended(columns)?,
    })
}

fn ended(columns: &mut Columns<'_>) -> Result<Option<(UnixMillis, EndReason)>, StoreError> {
    let at: Option<UnixMillis> = columns.take()?;
    let reason: Option<String> = columns.take()?;
    match (at, reason.as_deref().map(EndReason::parse)) {
        (None, None) => Ok(None),
        (Some(at), Some(Some(reason))) => Ok(Some((at, reason))),
        _ => Err(StoreError::Inconsistent("a session has ended without a time or a known reason".to_owned())),
    }
}

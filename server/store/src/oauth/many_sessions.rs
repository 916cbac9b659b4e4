//! What is done to many sessions at once, and to the consents behind them.

use portal_core::{
    oauth::records::{AgentSessionFilter, ClientSnapshot, EndReason, SessionLimits},
    ports::StoreError,
    time::{DAY_MS, UnixMillis},
};

use super::sessions::filter_conditions;
use crate::{
    sql_builder::{Conditions, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::values,
};

statements! {
    // Of a session with refresh tokens, the access token ends with the refresh token of its time, or before.
    AGENT_SESSION_END_EXPIRED = "UPDATE agent_sessions SET ended_at = $1, end_reason = $2 WHERE id IN
        (SELECT s.id FROM agent_sessions s WHERE s.ended_at IS NULL
            AND CASE WHEN s.refreshable THEN
                s.created_at + CASE WHEN s.session_lifetime_days < $3 THEN s.session_lifetime_days ELSE $3 END * $4 <= $1
                OR NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.session_id = s.id AND r.rotated_at IS NULL
                    AND r.created_at
                        + CASE WHEN s.token_lifetime_days < $5 THEN s.token_lifetime_days ELSE $5 END * $4 > $1)
            ELSE s.created_at + $6 <= $1 END
        ORDER BY s.created_at, s.id LIMIT $7)";
}

pub(super) async fn end_expired(
    store: &mut SqlTransaction,
    limits: &SessionLimits,
    now: UnixMillis,
    limit: u32,
) -> Result<u64, StoreError> {
    let values = values![
        now,
        EndReason::Expired.as_str(),
        limits.session_days,
        DAY_MS,
        limits.token_days,
        limits.access_ms,
        limit
    ];
    store.execute(&AGENT_SESSION_END_EXPIRED, values).await
}

pub(super) async fn client_list(
    store: &mut SqlTransaction,
    filter: &AgentSessionFilter,
    limit: u32,
) -> Result<Vec<(ClientSnapshot, i64)>, StoreError> {
    let mut builder = SqlBuilder::new("AGENT_SESSION_CLIENT_LIST");
    builder.sql("SELECT MAX(s.client), COUNT(*) FROM agent_sessions s");
    filter_conditions(&mut builder, &mut Conditions::new(), filter);
    builder.sql(" GROUP BY s.client_id ORDER BY COUNT(*) DESC, s.client_id LIMIT ").value(limit);
    let rows = store.fetch_built(builder.kept()).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok((columns.json()?, columns.take()?))
        })
        .collect()
}

pub(super) async fn consent_delete_all(
    store: &mut SqlTransaction,
    filter: &AgentSessionFilter,
) -> Result<u64, StoreError> {
    let mut builder = SqlBuilder::new("CONSENT_DELETE_ALL");
    builder.sql("DELETE FROM consents AS c");
    let mut conditions = Conditions::new();
    if let Some(user) = &filter.user_id {
        conditions.next(&mut builder);
        builder.sql("c.user_id = ").value(user);
    }
    if let Some(client_id) = &filter.client_id {
        conditions.next(&mut builder);
        builder.sql("c.client_id = ").value(client_id);
    }
    if filter.refreshable_only || filter.clients.is_some() || !filter.search.is_empty() {
        conditions.next(&mut builder);
        builder.sql("EXISTS (SELECT 1 FROM agent_sessions s");
        let mut inner = Conditions::new();
        inner.next(&mut builder);
        builder.sql("s.user_id = c.user_id AND s.client_id = c.client_id");
        filter_conditions(&mut builder, &mut inner, filter);
        builder.sql(")");
    }
    store.execute_built(builder.kept()).await
}

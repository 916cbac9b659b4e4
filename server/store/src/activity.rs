//! The activity log.

use async_trait::async_trait;
use portal_core::{
    activity::{ActivityCursor, CallOutcome, OwnCall, SourceCalls, ToolCall},
    ids::UserId,
    ports::{
        StoreError,
        store::{ActivityReads, ActivityWrites},
    },
    time::UnixMillis,
};

use crate::{
    row::Columns,
    sql_builder::Insertion,
    statement::statements,
    transaction::SqlTransaction,
    value::{Value, values},
};

statements! {
    TOOL_CALL_LIST = "SELECT at, user_id, session_id, token_id, source, tool, outcome, duration_us, address
        FROM tool_calls WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2";
    TOOL_CALL_PAGE = "SELECT t.id, t.at, t.user_id, t.session_id, t.token_id, t.source, t.tool, t.outcome, t.duration_us,
            t.address, s.client, k.name
        FROM tool_calls t
        LEFT JOIN agent_sessions s ON s.id = t.session_id
        LEFT JOIN static_tokens k ON k.id = t.token_id
        WHERE t.user_id = $1 AND t.at <= $2 AND (t.at < $2 OR t.id < $3) ORDER BY t.at DESC, t.id DESC LIMIT $4";
    TOOL_CALL_TOTALS = "SELECT source,
            CAST(SUM(CASE WHEN outcome = 'refused' THEN 0 ELSE 1 END) AS BIGINT),
            CAST(SUM(CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END) AS BIGINT)
        FROM tool_calls WHERE at >= $1 GROUP BY source ORDER BY source";
    TOOL_CALL_PRUNE = "DELETE FROM tool_calls
        WHERE id IN (SELECT id FROM tool_calls WHERE at < $1 ORDER BY at, id LIMIT $2)";
}

const TOOL_CALL_APPEND: Insertion = Insertion {
    name: "TOOL_CALL_APPEND",
    head: "INSERT INTO tool_calls (at, user_id, session_id, token_id, source, tool, outcome, duration_us, address) VALUES ",
    tail: "",
};

#[async_trait]
impl ActivityReads for SqlTransaction {
    async fn tool_call_list(&mut self, user: &UserId, limit: u32) -> Result<Vec<ToolCall>, StoreError> {
        self.fetch_all(&TOOL_CALL_LIST, values![user, limit])
            .await?
            .iter()
            .map(|row| tool_call(&mut row.columns()))
            .collect()
    }

    async fn tool_call_page(
        &mut self,
        user: &UserId,
        before: ActivityCursor,
        limit: u32,
    ) -> Result<Vec<OwnCall>, StoreError> {
        let values = values![user, before.at, before.number, limit];
        let rows = self.fetch_all(&TOOL_CALL_PAGE, values).await?;
        rows.iter()
            .map(|row| {
                let mut columns = row.columns();
                let number = columns.take()?;
                let call = tool_call(&mut columns)?;
                let cursor = ActivityCursor { at: call.at, number };
                Ok(OwnCall { cursor, call, client: columns.json_or_null()?, token_name: columns.take()? })
            })
            .collect()
    }

    async fn tool_call_totals(&mut self, since: UnixMillis) -> Result<Vec<SourceCalls>, StoreError> {
        let rows = self.fetch_all(&TOOL_CALL_TOTALS, values![since]).await?;
        rows.iter()
            .map(|row| {
                let mut columns = row.columns();
                Ok(SourceCalls { source: columns.take()?, calls: columns.take()?, refused: columns.take()? })
            })
            .collect()
    }
}

#[async_trait]
impl ActivityWrites for SqlTransaction {
    async fn tool_call_append(&mut self, calls: &[ToolCall]) -> Result<(), StoreError> {
        let rows: Vec<[Value<'_>; 9]> = calls
            .iter()
            .map(|call| {
                [
                    call.at.into(),
                    call.user_id.as_ref().into(),
                    call.session_id.as_ref().into(),
                    call.token_id.as_ref().into(),
                    (&call.source).into(),
                    (&call.tool).into(),
                    call.outcome.as_str().into(),
                    call.duration_us.into(),
                    (&call.address).into(),
                ]
            })
            .collect();
        for statement in TOOL_CALL_APPEND.statements(rows) {
            self.execute_built(statement).await?;
        }
        Ok(())
    }

    async fn tool_call_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        self.execute(&TOOL_CALL_PRUNE, values![before, limit]).await
    }
}

/// Reads the columns of a call, from its time.
fn tool_call(columns: &mut Columns<'_>) -> Result<ToolCall, StoreError> {
    Ok(ToolCall {
        at: columns.take()?,
        user_id: columns.take()?,
        session_id: columns.take()?,
        token_id: columns.take()?,
        source: columns.take()?,
        tool: columns.take()?,
        outcome: columns.word(CallOutcome::parse)?,
        duration_us: columns.take()?,
        address: columns.take()?,
    })
}

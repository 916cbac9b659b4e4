//! Steps and failures of agents that connect.

use async_trait::async_trait;
use portal_core::{
    attempts::{Attempt, AttemptFilter, AttemptKind, AttemptSource},
    ids::UserId,
    ports::{
        StoreError,
        store::{AttemptReads, AttemptWrites},
    },
    time::UnixMillis,
};

use crate::{
    row::Row,
    sql_builder::{Insertion, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::{Value, values},
};

statements! {
    CONNECTION_ATTEMPT_PRUNE = "DELETE FROM connection_attempts WHERE id IN
        (SELECT id FROM connection_attempts WHERE at < $1 ORDER BY at, id LIMIT $2)";
    CONNECTION_ATTEMPT_CUT = "DELETE FROM connection_attempts WHERE id IN
        (SELECT id FROM connection_attempts ORDER BY at DESC, id LIMIT $2 OFFSET $1)";
    CONNECTION_ATTEMPT_CUT_ANONYMOUS = "DELETE FROM connection_attempts WHERE id IN
        (SELECT id FROM connection_attempts WHERE user_id IS NULL ORDER BY at DESC, id LIMIT $2 OFFSET $1)";
    SETUP_GUIDE_OPENED_AT = "SELECT opened_at FROM setup_guides WHERE user_id = $1 AND agent = $2";
    SETUP_GUIDE_OPEN = "INSERT INTO setup_guides (user_id, agent, opened_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, agent) DO UPDATE SET opened_at = excluded.opened_at WHERE setup_guides.opened_at < $4";
    SETUP_GUIDE_PRUNE = "DELETE FROM setup_guides WHERE EXISTS
        (SELECT 1 FROM (SELECT o.user_id, o.agent FROM setup_guides o WHERE o.opened_at < $1
            ORDER BY o.opened_at, o.user_id, o.agent LIMIT $2) old
        WHERE old.user_id = setup_guides.user_id AND old.agent = setup_guides.agent)";
}

const CONNECTION_ATTEMPT_APPEND: Insertion = Insertion {
    name: "CONNECTION_ATTEMPT_APPEND",
    head: "INSERT INTO connection_attempts (id, at, user_id, client_id, client_name, kind, failed, detail, session_id, \
           token_id, source, address) VALUES ",
    tail: " ON CONFLICT DO NOTHING",
};

#[async_trait]
impl AttemptReads for SqlTransaction {
    async fn connection_attempt_list(
        &mut self,
        filter: &AttemptFilter,
        limit: u32,
    ) -> Result<Vec<Attempt>, StoreError> {
        let mut builder = SqlBuilder::new("CONNECTION_ATTEMPT_LIST");
        builder
            .sql(
                "SELECT id, at, user_id, client_id, client_name, kind, detail, session_id, token_id, source, address
                FROM connection_attempts WHERE at >= ",
            )
            .value(filter.since);
        if let Some(user) = &filter.user_id {
            builder.sql(" AND user_id = ").value(user);
        }
        if filter.failures_only {
            builder.sql(" AND failed = ").value(true);
        }
        builder.sql(" ORDER BY at DESC, id LIMIT ").value(limit);
        self.fetch_built(builder.kept()).await?.iter().map(attempt).collect()
    }

    async fn setup_guide_opened_at(
        &mut self,
        user: &UserId,
        agent: &str,
    ) -> Result<Option<UnixMillis>, StoreError> {
        self.fetch_optional(&SETUP_GUIDE_OPENED_AT, values![user, agent])
            .await?
            .map(|row| row.single())
            .transpose()
    }
}

#[async_trait]
impl AttemptWrites for SqlTransaction {
    async fn connection_attempt_append(&mut self, attempts: &[Attempt]) -> Result<u64, StoreError> {
        let rows: Vec<[Value<'_>; 12]> = attempts
            .iter()
            .map(|attempt| {
                [
                    (&attempt.id).into(),
                    attempt.at.into(),
                    attempt.user_id.as_ref().into(),
                    (&attempt.client_id).into(),
                    (&attempt.client_name).into(),
                    attempt.kind.as_str().into(),
                    attempt.is_failure().into(),
                    (&attempt.detail).into(),
                    attempt.session_id.as_ref().into(),
                    attempt.token_id.as_ref().into(),
                    attempt.source.as_str().into(),
                    (&attempt.address).into(),
                ]
            })
            .collect();
        let mut added = 0;
        for statement in CONNECTION_ATTEMPT_APPEND.statements(rows) {
            added += self.execute_built(statement).await?;
        }
        Ok(added)
    }

    async fn connection_attempt_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        self.execute(&CONNECTION_ATTEMPT_PRUNE, values![before, limit]).await
    }

    async fn connection_attempt_cut(
        &mut self,
        anonymous: bool,
        keep: u32,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let statement = if anonymous { &CONNECTION_ATTEMPT_CUT_ANONYMOUS } else { &CONNECTION_ATTEMPT_CUT };
        self.execute(statement, values![keep, limit]).await
    }

    async fn setup_guide_open(
        &mut self,
        user: &UserId,
        agent: &str,
        at: UnixMillis,
        stale_before: UnixMillis,
    ) -> Result<(), StoreError> {
        self.execute(&SETUP_GUIDE_OPEN, values![user, agent, at, stale_before]).await.map(drop)
    }

    async fn setup_guide_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        self.execute(&SETUP_GUIDE_PRUNE, values![before, limit]).await
    }
}

fn attempt(row: &Row) -> Result<Attempt, StoreError> {
    let mut columns = row.columns();
    Ok(Attempt {
        id: columns.take()?,
        at: columns.take()?,
        user_id: columns.take()?,
        client_id: columns.take()?,
        client_name: columns.take()?,
        kind: columns.word(AttemptKind::parse)?,
        detail: columns.take()?,
        session_id: columns.take()?,
        token_id: columns.take()?,
        source: columns.word(AttemptSource::parse)?,
        address: columns.take()?,
    })
}

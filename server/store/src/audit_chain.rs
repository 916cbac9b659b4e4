//! The chain over the audit log, and leases.

use async_trait::async_trait;
use portal_core::{
    audit::{AuditEvent, Seal},
    ids::AuditId,
    ports::{
        StoreError,
        store::{AuditChainReads, AuditChainWrites},
    },
    time::UnixMillis,
};

use crate::{
    audit::{event, event_columns},
    row::{Columns, Row},
    sql_builder::Insertion,
    statement::statements,
    transaction::SqlTransaction,
    value::values,
};

statements! {
    AUDIT_HEAD = "SELECT sequence, hash FROM audit_events WHERE sequence IS NOT NULL ORDER BY sequence DESC LIMIT 1";
    AUDIT_ANCHOR = "SELECT sequence, hash FROM audit_anchor WHERE id = 1";
    AUDIT_UNSEALED = concat!("SELECT ", event_columns!(), " FROM audit_events e
        WHERE e.sequence IS NULL ORDER BY e.at, e.id LIMIT $1");
    AUDIT_UNSEALED_COUNT = "SELECT COUNT(*) FROM audit_events WHERE sequence IS NULL";
    AUDIT_SEALED = concat!("SELECT e.sequence, e.hash, ", event_columns!(), " FROM audit_events e
        WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2");
    // A row goes only with all rows sealed before it, so that what is left is still a chain.
    AUDIT_PRUNE_END = "SELECT p.sequence, p.hash FROM
        (SELECT e.sequence, e.hash FROM audit_events e
        WHERE e.sequence < COALESCE(
            (SELECT MIN(k.sequence) FROM audit_events k WHERE k.at >= $1 AND k.sequence IS NOT NULL),
            9223372036854775807)
        ORDER BY e.sequence LIMIT $2) p
        ORDER BY p.sequence DESC LIMIT 1";
    AUDIT_PRUNE = "DELETE FROM audit_events WHERE sequence <= $1";
    AUDIT_ANCHOR_PUT = "INSERT INTO audit_anchor (id, sequence, hash) VALUES (1, $1, $2)
        ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash";
    LEASE_TAKE = "INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $4)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE leases.holder = excluded.holder OR leases.expires_at <= $3";
    LEASE_RELEASE = "DELETE FROM leases WHERE name = $1 AND holder = $2";
}

const AUDIT_SEAL: Insertion = Insertion {
    name: "AUDIT_SEAL",
    head: "WITH seals (id, sequence, hash) AS (VALUES ",
    tail: ") UPDATE audit_events SET sequence = s.sequence, hash = s.hash FROM seals s
        WHERE audit_events.id = s.id AND audit_events.sequence IS NULL",
};

#[async_trait]
impl AuditChainReads for SqlTransaction {
    async fn audit_head(&mut self) -> Result<Option<Seal>, StoreError> {
        match self.fetch_optional(&AUDIT_HEAD, values![]).await? {
            Some(row) => seal(&mut row.columns()).map(Some),
            None => self.audit_anchor().await,
        }
    }

    async fn audit_anchor(&mut self) -> Result<Option<Seal>, StoreError> {
        let row = self.fetch_optional(&AUDIT_ANCHOR, values![]).await?;
        row.map(|row| seal(&mut row.columns())).transpose()
    }

    async fn audit_unsealed(&mut self, limit: u32) -> Result<Vec<AuditEvent>, StoreError> {
        let rows = self.fetch_all(&AUDIT_UNSEALED, values![limit]).await?;
        rows.iter().map(|row| event(&mut row.columns())).collect()
    }

    async fn audit_unsealed_count(&mut self) -> Result<i64, StoreError> {
        self.fetch_number(&AUDIT_UNSEALED_COUNT, values![]).await
    }

    async fn audit_sealed(
        &mut self,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(Seal, AuditEvent)>, StoreError> {
        let rows = self.fetch_all(&AUDIT_SEALED, values![after.unwrap_or(i64::MIN), limit]).await?;
        rows.iter().map(sealed).collect()
    }
}

#[async_trait]
impl AuditChainWrites for SqlTransaction {
    async fn audit_seal(&mut self, seals: &[(AuditId, Seal)]) -> Result<bool, StoreError> {
        let rows = seals.iter().map(|(id, seal)| [id.into(), seal.sequence.into(), (&seal.hash).into()]);
        let mut sealed = 0;
        for statement in AUDIT_SEAL.statements::<3>(rows.collect()) {
            sealed += self.execute_built(statement).await?;
        }
        Ok(sealed == seals.len() as u64)
    }

    async fn lease_take(
        &mut self,
        name: &str,
        holder: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<bool, StoreError> {
        self.execute_one(&LEASE_TAKE, values![name, holder, now, until]).await
    }

    async fn lease_release(&mut self, name: &str, holder: &str) -> Result<(), StoreError> {
        self.execute(&LEASE_RELEASE, values![name, holder]).await.map(drop)
    }
}

/// Deletes sealed rows from before `before` as far as the chain allows, at most `limit`, and remembers the last one's seal.
pub(crate) async fn prune(
    store: &mut SqlTransaction,
    before: UnixMillis,
    limit: u32,
) -> Result<u64, StoreError> {
    let Some(end) = store.fetch_optional(&AUDIT_PRUNE_END, values![before, limit]).await? else {
        return Ok(0);
    };
    let end = seal(&mut end.columns())?;
    let pruned = store.execute(&AUDIT_PRUNE, values![end.sequence]).await?;
    store.execute(&AUDIT_ANCHOR_PUT, values![end.sequence, &end.hash]).await?;
    Ok(pruned)
}

fn sealed(row: &Row) -> Result<(Seal, AuditEvent), StoreError> {
    let mut columns = row.columns();
    Ok((seal(&mut columns)?, event(&mut columns)?))
}

fn seal(columns: &mut Columns<'_>) -> Result<Seal, StoreError> {
    Ok(Seal { sequence: columns.take()?, hash: columns.take()? })
}

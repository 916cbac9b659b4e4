//! Runs of directories.

use portal_core::{
    org::{
        ProviderId,
        run::{DirectoryRun, RunKind, RunNumber, RunState},
    },
    ports::StoreError,
};

use crate::{
    row::Row,
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

/// The columns that [`run`] reads.
macro_rules! run_columns {
    () => {
        "number, provider, kind, caused_by, state, started_at, updated_at, ended_at, waiting_until, attempts,
        reads_from, delta_cursor, counts, error, hold"
    };
}

statements! {
    DIRECTORY_RUN = concat!("SELECT ", run_columns!(), " FROM directory_runs WHERE number = $1");
    DIRECTORY_RUN_LIST = concat!("SELECT ", run_columns!(), " FROM directory_runs
        WHERE provider = $1 AND number < $2 ORDER BY number DESC LIMIT $3");
    DIRECTORY_RUN_INSERT = "INSERT INTO directory_runs
        (provider, kind, caused_by, state, started_at, updated_at, attempts, counts, has_rows)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE) RETURNING number";
    DIRECTORY_RUN_UPDATE = "UPDATE directory_runs SET state = $2, updated_at = $3, ended_at = $4, waiting_until = $5,
        attempts = $6, reads_from = $7, delta_cursor = $8, counts = $9, error = $10, hold = $11 WHERE number = $1";
    DIRECTORY_RUN_PRUNE = "DELETE FROM directory_runs
        WHERE provider = $1 AND NOT has_rows AND ended_at IS NOT NULL AND number <= COALESCE(
            (SELECT r.number FROM directory_runs r WHERE r.provider = $1 ORDER BY r.number DESC LIMIT 1 OFFSET $2), 0)";
    DIRECTORY_HISTORY_PRUNE = "DELETE FROM directory_runs WHERE NOT has_rows AND updated_at < $1
        AND NOT EXISTS (SELECT 1 FROM directory_providers p WHERE p.id = directory_runs.provider)";
}

pub(super) async fn find(
    store: &mut SqlTransaction,
    number: RunNumber,
) -> Result<Option<DirectoryRun>, StoreError> {
    store.fetch_optional(&DIRECTORY_RUN, values![number]).await?.as_ref().map(run).transpose()
}

pub(super) async fn list(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    before: Option<RunNumber>,
    limit: u32,
) -> Result<Vec<DirectoryRun>, StoreError> {
    let before = before.unwrap_or(RunNumber(i64::MAX));
    store
        .fetch_all(&DIRECTORY_RUN_LIST, values![provider.as_str(), before, limit])
        .await?
        .iter()
        .map(run)
        .collect()
}

pub(super) async fn insert(store: &mut SqlTransaction, run: &DirectoryRun) -> Result<RunNumber, StoreError> {
    let values = values![
        run.provider.as_str(),
        run.kind.as_str(),
        json(&run.trigger)?,
        run.state.as_str(),
        run.started_at,
        run.updated_at,
        run.attempts,
        json(&run.counts)?,
    ];
    store.fetch_number(&DIRECTORY_RUN_INSERT, values).await.map(RunNumber)
}

pub(super) async fn update(store: &mut SqlTransaction, run: &DirectoryRun) -> Result<(), StoreError> {
    let hold = run.hold.as_ref().map(json).transpose()?;
    let values = values![
        run.number,
        run.state.as_str(),
        run.updated_at,
        run.ended_at,
        run.waiting_until,
        run.attempts,
        run.cursor.as_ref().map(|cursor| cursor.0.as_str()),
        run.delta_cursor.as_ref().map(|cursor| cursor.0.as_str()),
        json(&run.counts)?,
        &run.error,
        hold,
    ];
    store.execute(&DIRECTORY_RUN_UPDATE, values).await?;
    if run.state == RunState::Comparing {
        // All its rows have just come; comparing them needs good plans.
        store.refresh_statistics().await?;
    }
    Ok(())
}

pub(super) async fn prune(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    keep: u32,
) -> Result<u64, StoreError> {
    store.execute(&DIRECTORY_RUN_PRUNE, values![provider.as_str(), keep]).await
}

/// Deletes the history of providers that are gone.
pub(super) async fn prune_removed(
    store: &mut SqlTransaction,
    before: portal_core::time::UnixMillis,
) -> Result<u64, StoreError> {
    store.execute(&DIRECTORY_HISTORY_PRUNE, values![before]).await
}

fn run(row: &Row) -> Result<DirectoryRun, StoreError> {
    let mut columns = row.columns();
    Ok(DirectoryRun {
        number: columns.take()?,
        provider: columns.take()?,
        kind: columns.word(RunKind::parse)?,
        trigger: columns.json()?,
        state: columns.word(RunState::parse)?,
        started_at: columns.take()?,
        updated_at: columns.take()?,
        ended_at: columns.take()?,
        waiting_until: columns.take()?,
        attempts: columns.take()?,
        cursor: columns.take()?,
        delta_cursor: columns.take()?,
        counts: columns.json()?,
        error: columns.take()?,
        hold: columns.json_or_null()?,
    })
}

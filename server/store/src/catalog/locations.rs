//! Locations, and what their runs came to.

use portal_core::{
    ids::{LocationId, RunId},
    ingestion::{Location, Rejection, RunOutcome, Target},
    ports::StoreError,
    time::UnixMillis,
};

use crate::{
    row::{Columns, Row},
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

/// The columns that [`location`] reads.
macro_rules! location_columns {
    () => {
        "id, target_kind, target, allowed_kinds, origin, created_at, published_run, last_outcome, failed_at, failure"
    };
}

statements! {
    LOCATION_LIST = concat!("SELECT ", location_columns!(), " FROM locations ORDER BY created_at, id");
    LOCATION_BY_ID = concat!("SELECT ", location_columns!(), " FROM locations WHERE id = $1");
    LOCATION_UPDATE = "UPDATE locations SET target_kind = $2, target = $3, allowed_kinds = $4, origin = $5
        WHERE id = $1 AND NOT EXISTS
            (SELECT 1 FROM locations o WHERE o.target_kind = $2 AND o.target = $3 AND o.id <> $1)";
    LOCATION_INSERT = "INSERT INTO locations (id, target_kind, target, allowed_kinds, origin, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING";
    LOCATION_DELETE = "DELETE FROM locations WHERE id = $1";
    RUN_PUBLISH = "UPDATE locations SET published_run = $2, last_outcome = $3, failed_at = NULL, failure = NULL
        WHERE id = $1";
    RUN_FAIL = "UPDATE locations SET failed_at = $2, failure = $3 WHERE id = $1";
    REJECTION_LIST = "SELECT r.file, r.line, r.path, r.entity, r.reason
        FROM rejections r JOIN locations l ON l.published_run = r.run_id
        WHERE l.id = $1 ORDER BY r.file, r.line NULLS FIRST, r.id LIMIT $2";
}

pub(super) async fn list(store: &mut SqlTransaction) -> Result<Vec<Location>, StoreError> {
    store.fetch_all(&LOCATION_LIST, &[]).await?.iter().map(location).collect()
}

pub(super) async fn by_id(
    store: &mut SqlTransaction,
    id: &LocationId,
) -> Result<Option<Location>, StoreError> {
    store.fetch_optional(&LOCATION_BY_ID, values![id]).await?.as_ref().map(location).transpose()
}

pub(super) async fn put(store: &mut SqlTransaction, location: &Location) -> Result<bool, StoreError> {
    let (target_kind, target) = target_columns(&location.target);
    let allowed = location.allow.as_ref().map(json).transpose()?;
    let origin = json(&location.origin)?;
    let values = values![&location.id, target_kind, target, allowed.as_deref(), &origin];
    if store.execute_one(&LOCATION_UPDATE, values).await? {
        return Ok(true);
    }
    let values = values![&location.id, target_kind, target, allowed, origin, location.created_at];
    store.execute_one(&LOCATION_INSERT, values).await
}

/// The entities are invisible from here on; `run_prune` deletes their rows.
pub(super) async fn delete(store: &mut SqlTransaction, id: &LocationId) -> Result<bool, StoreError> {
    store.execute_one(&LOCATION_DELETE, values![id]).await
}

pub(super) async fn publish(
    store: &mut SqlTransaction,
    location: &LocationId,
    run: &RunId,
    outcome: &RunOutcome,
) -> Result<bool, StoreError> {
    store.execute_one(&RUN_PUBLISH, values![location, run, json(outcome)?]).await
}

pub(super) async fn fail(
    store: &mut SqlTransaction,
    location: &LocationId,
    error: &str,
    at: UnixMillis,
) -> Result<(), StoreError> {
    store.execute(&RUN_FAIL, values![location, at, error]).await.map(drop)
}

pub(super) async fn rejection_list(
    store: &mut SqlTransaction,
    id: &LocationId,
    limit: u32,
) -> Result<Vec<Rejection>, StoreError> {
    store.fetch_all(&REJECTION_LIST, values![id, limit]).await?.iter().map(rejection).collect()
}

fn rejection(row: &Row) -> Result<Rejection, StoreError> {
    let mut columns = row.columns();
    Ok(Rejection {
        file: columns.take()?,
        line: columns.take()?,
        path: columns.take()?,
        entity: columns.take()?,
        reason: columns.take()?,
    })
}

fn location(row: &Row) -> Result<Location, StoreError> {
    let mut columns = row.columns();
    Ok(Location {
        id: columns.take()?,
        target: target(&mut columns)?,
        allow: columns.json_or_null()?,
        origin: columns.json()?,
        created_at: columns.take()?,
        published_run: columns.take()?,
        last_outcome: columns.json_or_null()?,
        last_failure: {
            let at: Option<UnixMillis> = columns.take()?;
            let failure: Option<String> = columns.take()?;
            at.zip(failure)
        },
    })
}

fn target_columns(target: &Target) -> (&'static str, &str) {
    match target {
        Target::File(path) => ("file", path),
        Target::Url(url) => ("url", url),
        Target::Provider(id) => ("provider", id),
    }
}

fn target(columns: &mut Columns<'_>) -> Result<Target, StoreError> {
    let make: fn(String) -> Target = columns.word(|kind| {
        Some(match kind {
            "file" => Target::File as fn(String) -> Target,
            "url" => Target::Url,
            "provider" => Target::Provider,
            _ => return None,
        })
    })?;
    columns.take().map(make)
}

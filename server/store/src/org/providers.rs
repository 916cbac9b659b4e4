//! Where providers stand, and who works on them.

use portal_core::{
    org::{
        ProviderId,
        run::{Fence, ProviderState, RunKind, RunRequest},
    },
    ports::StoreError,
    time::UnixMillis,
};

use crate::{
    row::Row,
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

/// The columns that [`state`] reads.
macro_rules! provider_columns {
    () => {
        "id, published_run, active_run, held_run, watermark, delta_cursor, full_due_at, delta_due_at, request, failures"
    };
}

statements! {
    DIRECTORY_PROVIDER_LIST = concat!("SELECT ", provider_columns!(), " FROM directory_providers ORDER BY id");
    DIRECTORY_PROVIDER = concat!("SELECT ", provider_columns!(), " FROM directory_providers WHERE id = $1");
    DIRECTORY_PROVIDER_INSERT = "INSERT INTO directory_providers
        (id, published_run, active_run, held_run, watermark, delta_cursor, full_due_at, delta_due_at, request, failures,
        lease_holder, lease_until, fence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, 0, 0) ON CONFLICT DO NOTHING";
    DIRECTORY_PROVIDER_DELETE = "DELETE FROM directory_providers WHERE id = $1";
    // A write of nothing: it locks the row on either engine.
    DIRECTORY_PROVIDER_LOCK = concat!("UPDATE directory_providers SET fence = fence WHERE id = $1
        RETURNING ", provider_columns!());
    DIRECTORY_PROVIDER_UPDATE = "UPDATE directory_providers SET published_run = $2, active_run = $3, held_run = $4,
        watermark = $5, delta_cursor = $6, full_due_at = $7, delta_due_at = $8, request = $9, failures = $10
        WHERE id = $1";
    DIRECTORY_REQUEST = "UPDATE directory_providers SET request = $2 WHERE id = $1";
    DIRECTORY_LEASE_TAKE = "UPDATE directory_providers SET lease_holder = $2, lease_until = $4, fence = fence + 1
        WHERE id = $1 AND (lease_holder IS NULL OR lease_until <= $3) RETURNING fence";
    DIRECTORY_LEASE_HOLD = "UPDATE directory_providers SET lease_until = $4
        WHERE id = $1 AND lease_holder = $2 AND fence = $3";
    DIRECTORY_LEASE_RELEASE = "UPDATE directory_providers SET lease_holder = NULL, lease_until = 0
        WHERE id = $1 AND lease_holder = $2 AND fence = $3";
}

pub(super) async fn list(store: &mut SqlTransaction) -> Result<Vec<ProviderState>, StoreError> {
    store.fetch_all(&DIRECTORY_PROVIDER_LIST, &[]).await?.iter().map(state).collect()
}

pub(super) async fn find(
    store: &mut SqlTransaction,
    id: &ProviderId,
) -> Result<Option<ProviderState>, StoreError> {
    store.fetch_optional(&DIRECTORY_PROVIDER, values![id.as_str()]).await?.as_ref().map(state).transpose()
}

pub(super) async fn insert(store: &mut SqlTransaction, state: &ProviderState) -> Result<bool, StoreError> {
    let request = state.request.as_ref().map(json).transpose()?;
    let values = values![
        state.id.as_str(),
        state.published_run,
        state.active_run,
        state.held_run,
        state.watermark,
        state.delta_cursor.as_ref().map(|cursor| cursor.0.as_str()),
        state.full_due_at,
        state.delta_due_at,
        request,
        state.failures,
    ];
    store.execute_one(&DIRECTORY_PROVIDER_INSERT, values).await
}

pub(super) async fn delete(store: &mut SqlTransaction, id: &ProviderId) -> Result<bool, StoreError> {
    store.execute_one(&DIRECTORY_PROVIDER_DELETE, values![id.as_str()]).await
}

pub(super) async fn lock(
    store: &mut SqlTransaction,
    id: &ProviderId,
) -> Result<Option<ProviderState>, StoreError> {
    let row = store.fetch_optional(&DIRECTORY_PROVIDER_LOCK, values![id.as_str()]).await?;
    row.as_ref().map(state).transpose()
}

pub(super) async fn update(store: &mut SqlTransaction, state: &ProviderState) -> Result<(), StoreError> {
    let request = state.request.as_ref().map(json).transpose()?;
    let values = values![
        state.id.as_str(),
        state.published_run,
        state.active_run,
        state.held_run,
        state.watermark,
        state.delta_cursor.as_ref().map(|cursor| cursor.0.as_str()),
        state.full_due_at,
        state.delta_due_at,
        request,
        state.failures,
    ];
    store.execute(&DIRECTORY_PROVIDER_UPDATE, values).await.map(drop)
}

pub(super) async fn request(
    store: &mut SqlTransaction,
    id: &ProviderId,
    request: &RunRequest,
) -> Result<bool, StoreError> {
    let Some(state) = lock(store, id).await? else { return Ok(false) };
    let waits = state.request.is_some_and(|waiting| waiting.kind == RunKind::Full);
    if waits && request.kind != RunKind::Full {
        return Ok(true);
    }
    store.execute_one(&DIRECTORY_REQUEST, values![id.as_str(), json(request)?]).await
}

pub(super) async fn lease_take(
    store: &mut SqlTransaction,
    id: &ProviderId,
    holder: &str,
    now: UnixMillis,
    until: UnixMillis,
) -> Result<Option<Fence>, StoreError> {
    let row = store.fetch_optional(&DIRECTORY_LEASE_TAKE, values![id.as_str(), holder, now, until]).await?;
    let fence = |number| Fence { provider: id.clone(), holder: holder.to_owned(), number };
    row.map(|row| row.single().map(fence)).transpose()
}

pub(super) async fn lease_hold(
    store: &mut SqlTransaction,
    fence: &Fence,
    until: UnixMillis,
) -> Result<bool, StoreError> {
    let values = values![fence.provider.as_str(), &fence.holder, fence.number, until];
    store.execute_one(&DIRECTORY_LEASE_HOLD, values).await
}

pub(super) async fn lease_release(store: &mut SqlTransaction, fence: &Fence) -> Result<(), StoreError> {
    let values = values![fence.provider.as_str(), &fence.holder, fence.number];
    store.execute(&DIRECTORY_LEASE_RELEASE, values).await.map(drop)
}

fn state(row: &Row) -> Result<ProviderState, StoreError> {
    let mut columns = row.columns();
    Ok(ProviderState {
        id: columns.take()?,
        published_run: columns.take()?,
        active_run: columns.take()?,
        held_run: columns.take()?,
        watermark: columns.take()?,
        delta_cursor: columns.take()?,
        full_due_at: columns.take()?,
        delta_due_at: columns.take()?,
        request: columns.json_or_null()?,
        failures: columns.take()?,
    })
}

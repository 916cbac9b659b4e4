//! One-time links and counted attempts.

use portal_core::{
    identity::{LinkPurpose, OneTimeLink},
    ids::UserId,
    ports::StoreError,
    secret::SecretHash,
    time::UnixMillis,
};

use crate::{statement::statements, transaction::SqlTransaction, value::values};

/// Most rows of each kind that one prune of ended things deletes: what is left goes with the next.
pub(super) const PRUNE_ROWS_MAX: u32 = 10_000;

statements! {
    LINK_BY_HASH = "SELECT hash, purpose, user_id, created_at, expires_at, consumed_at
        FROM one_time_links WHERE hash = $1";
    LINK_INSERT = "INSERT INTO one_time_links (hash, purpose, user_id, created_at, expires_at, consumed_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    LINK_CONSUME = "UPDATE one_time_links SET consumed_at = $2
        WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2";
    LINK_DELETE_OF_USER = "DELETE FROM one_time_links WHERE purpose = $1 AND user_id = $2";
    LINK_DELETE_OF_NOBODY = "DELETE FROM one_time_links WHERE purpose = $1 AND user_id IS NULL";
    LINK_PRUNE = "DELETE FROM one_time_links WHERE hash IN
        (SELECT hash FROM one_time_links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    ATTEMPT_COUNT = "SELECT attempts FROM attempts WHERE bucket = $1 AND window_start = $2";
    ATTEMPT_RECORD = "INSERT INTO attempts (bucket, window_start, attempts) VALUES ($1, $2, 1)
        ON CONFLICT (bucket, window_start) DO UPDATE SET attempts = attempts.attempts + 1
        RETURNING attempts";
    ATTEMPT_PRUNE = "DELETE FROM attempts WHERE (bucket, window_start) IN
        (SELECT bucket, window_start FROM attempts WHERE window_start < $1 ORDER BY window_start LIMIT $2)";
}

pub(super) async fn by_hash(
    store: &mut SqlTransaction,
    hash: &SecretHash,
) -> Result<Option<OneTimeLink>, StoreError> {
    let Some(row) = store.fetch_optional(&LINK_BY_HASH, values![hash]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some(OneTimeLink {
        hash: columns.take()?,
        purpose: columns.word(LinkPurpose::parse)?,
        user_id: columns.take()?,
        created_at: columns.take()?,
        expires_at: columns.take()?,
        consumed_at: columns.take()?,
    }))
}

pub(super) async fn insert(store: &mut SqlTransaction, link: &OneTimeLink) -> Result<(), StoreError> {
    let values = values![
        &link.hash,
        link.purpose.as_str(),
        link.user_id.as_ref(),
        link.created_at,
        link.expires_at,
        link.consumed_at,
    ];
    store.execute(&LINK_INSERT, values).await.map(drop)
}

pub(super) async fn consume(
    store: &mut SqlTransaction,
    hash: &SecretHash,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    store.execute_one(&LINK_CONSUME, values![hash, now]).await
}

pub(super) async fn delete(
    store: &mut SqlTransaction,
    purpose: LinkPurpose,
    user: Option<&UserId>,
) -> Result<u64, StoreError> {
    match user {
        Some(user) => store.execute(&LINK_DELETE_OF_USER, values![purpose.as_str(), user]).await,
        None => store.execute(&LINK_DELETE_OF_NOBODY, values![purpose.as_str()]).await,
    }
}

pub(super) async fn attempt_count(
    store: &mut SqlTransaction,
    bucket: &str,
    window_start: UnixMillis,
) -> Result<i64, StoreError> {
    store.fetch_number(&ATTEMPT_COUNT, values![bucket, window_start]).await
}

pub(super) async fn attempt_record(
    store: &mut SqlTransaction,
    bucket: &str,
    window_start: UnixMillis,
) -> Result<i64, StoreError> {
    store.fetch_number(&ATTEMPT_RECORD, values![bucket, window_start]).await
}

pub(super) async fn prune(store: &mut SqlTransaction, before: UnixMillis) -> Result<u64, StoreError> {
    let links = store.execute(&LINK_PRUNE, values![before, PRUNE_ROWS_MAX]).await?;
    Ok(links + store.execute(&ATTEMPT_PRUNE, values![before, PRUNE_ROWS_MAX]).await?)
}

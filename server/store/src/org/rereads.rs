//! People who are to be read again.

use portal_core::{
    org::{ProviderId, Subject, rows::Reread},
    ports::{PersonKey, StoreError},
    time::UnixMillis,
};

use crate::{row::Row, statement::statements, transaction::SqlTransaction, value::values};

statements! {
    DIRECTORY_REREAD_COUNT = "SELECT COUNT(*) FROM directory_rereads WHERE provider = $1";
    DIRECTORY_REREAD_DUE = "SELECT key_kind, key, queued_at, attempts FROM directory_rereads
        WHERE provider = $1 AND due_at <= $2 ORDER BY due_at, key_kind, key LIMIT $3";
    // Later than before in any case, so that whoever is reading that person just now does not take this for done.
    DIRECTORY_REREAD_AGAIN = "UPDATE directory_rereads SET due_at = $4, attempts = 0,
        queued_at = CASE WHEN queued_at >= $4 THEN queued_at + 1 ELSE $4 END
        WHERE provider = $1 AND key_kind = $2 AND key = $3";
    DIRECTORY_REREAD_INSERT = "INSERT INTO directory_rereads (provider, key_kind, key, queued_at, due_at, attempts)
        SELECT $1, $2, $3, $4, $4, 0 WHERE (SELECT COUNT(*) FROM directory_rereads WHERE provider = $1) < $5
        ON CONFLICT DO NOTHING";
    DIRECTORY_REREAD_DEFER = "UPDATE directory_rereads SET due_at = $6, attempts = $7
        WHERE provider = $1 AND key_kind = $2 AND key = $3 AND queued_at = $4 AND attempts = $5";
    DIRECTORY_REREAD_DELETE = "DELETE FROM directory_rereads
        WHERE provider = $1 AND key_kind = $2 AND key = $3 AND queued_at = $4";
    DIRECTORY_REREAD_CLEAR = "DELETE FROM directory_rereads WHERE provider = $1";
}

/// The key as two columns.
fn key_columns(key: &PersonKey) -> (&'static str, &str) {
    match key {
        PersonKey::Subject(subject) => ("subject", subject.as_str()),
        PersonKey::Login(login) => ("login", login),
    }
}

pub(super) async fn count(store: &mut SqlTransaction, provider: &ProviderId) -> Result<i64, StoreError> {
    store.fetch_number(&DIRECTORY_REREAD_COUNT, values![provider.as_str()]).await
}

pub(super) async fn due(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<Reread>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_REREAD_DUE, values![provider.as_str(), now, limit]).await?;
    rows.iter().map(reread).collect()
}

pub(super) async fn put(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    key: &PersonKey,
    now: UnixMillis,
    limit: u32,
) -> Result<bool, StoreError> {
    let (kind, key) = key_columns(key);
    if store.execute_one(&DIRECTORY_REREAD_AGAIN, values![provider.as_str(), kind, key, now]).await? {
        return Ok(true);
    }
    store.execute_one(&DIRECTORY_REREAD_INSERT, values![provider.as_str(), kind, key, now, limit]).await
}

pub(super) async fn defer(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    reread: &Reread,
    due_at: UnixMillis,
    attempts: u32,
) -> Result<bool, StoreError> {
    let (kind, key) = key_columns(&reread.key);
    let values = values![provider.as_str(), kind, key, reread.queued_at, reread.attempts, due_at, attempts];
    store.execute_one(&DIRECTORY_REREAD_DEFER, values).await
}

pub(super) async fn delete(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    reread: &Reread,
) -> Result<bool, StoreError> {
    let (kind, key) = key_columns(&reread.key);
    let values = values![provider.as_str(), kind, key, reread.queued_at];
    store.execute_one(&DIRECTORY_REREAD_DELETE, values).await
}

/// Forgets everyone of a provider.
pub(super) async fn clear(store: &mut SqlTransaction, provider: &ProviderId) -> Result<(), StoreError> {
    store.execute(&DIRECTORY_REREAD_CLEAR, values![provider.as_str()]).await.map(drop)
}

fn reread(row: &Row) -> Result<Reread, StoreError> {
    let mut columns = row.columns();
    let (kind, key): (String, String) = (columns.take()?, columns.take()?);
    let key = match kind.as_str() {
        "subject" => PersonKey::Subject(Subject(key)),
        _ => PersonKey::Login(key),
    };
    Ok(Reread { key, queued_at: columns.take()?, attempts: columns.take()? })
}

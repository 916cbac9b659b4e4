//! Browsers: their sessions, and which of them are known.

use std::net::IpAddr;

use portal_core::{
    identity::{BrowserSession, User},
    ids::UserId,
    ports::StoreError,
    secret::SecretHash,
    time::{DAY_MS, UnixMillis},
};

use super::{
    accounts::{user, user_columns},
    links::PRUNE_ROWS_MAX,
};
use crate::{row::Columns, statement::statements, transaction::SqlTransaction, value::values};

/// How long a browser is known after it was last seen, in milliseconds: as long as browsers keep a cookie.
const KNOWN_BROWSER_MS: i64 = 400 * DAY_MS;

statements! {
    BROWSER_SESSION_BY_HASH = concat!(
        "SELECT s.hash, s.user_id, s.epoch, s.created_at, s.seen_at, s.expires_at, s.address, s.user_agent, ",
        user_columns!(),
        " FROM browser_sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1"
    );
    BROWSER_SESSION_COUNT = "SELECT COUNT(*) FROM browser_sessions s JOIN users u ON u.id = s.user_id
        WHERE s.user_id = $1 AND s.expires_at > $2 AND s.epoch >= u.revocation_epoch";
    BROWSER_SESSION_LIST = "SELECT s.hash, s.user_id, s.epoch, s.created_at, s.seen_at, s.expires_at, s.address,
            s.user_agent
        FROM browser_sessions s JOIN users u ON u.id = s.user_id
        WHERE s.user_id = $1 AND s.expires_at > $2 AND s.epoch >= u.revocation_epoch
        ORDER BY s.created_at DESC, s.hash LIMIT $3";
    BROWSER_SESSION_INSERT = "INSERT INTO browser_sessions
        (hash, user_id, epoch, created_at, seen_at, expires_at, address, user_agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BROWSER_SESSION_TOUCH = "UPDATE browser_sessions SET seen_at = $2 WHERE hash = $1 AND seen_at < $2";
    BROWSER_SESSION_DELETE = "DELETE FROM browser_sessions WHERE hash = $1";
    BROWSER_SESSION_DELETE_BY_USER = "DELETE FROM browser_sessions WHERE user_id = $1";
    BROWSER_SESSION_PRUNE = "DELETE FROM browser_sessions WHERE hash IN
        (SELECT hash FROM browser_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    KNOWN_BROWSER_EXISTS = "SELECT COUNT(*) FROM known_browsers WHERE user_id = $1 AND hash = $2";
    KNOWN_BROWSER_PUT = "INSERT INTO known_browsers (user_id, hash, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, hash) DO UPDATE SET seen_at = excluded.seen_at";
    KNOWN_BROWSER_DELETE_BY_USER = "DELETE FROM known_browsers WHERE user_id = $1";
    KNOWN_BROWSER_PRUNE = "DELETE FROM known_browsers WHERE seen_at < $1";
}

pub(super) async fn by_hash(
    store: &mut SqlTransaction,
    hash: &SecretHash,
) -> Result<Option<(BrowserSession, User)>, StoreError> {
    let Some(row) = store.fetch_optional(&BROWSER_SESSION_BY_HASH, values![hash]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some((session(&mut columns)?, user(&mut columns)?)))
}

pub(super) async fn count(
    store: &mut SqlTransaction,
    user: &UserId,
    now: UnixMillis,
) -> Result<i64, StoreError> {
    store.fetch_number(&BROWSER_SESSION_COUNT, values![user, now]).await
}

pub(crate) async fn list(
    store: &mut SqlTransaction,
    user: &UserId,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<BrowserSession>, StoreError> {
    let rows = store.fetch_all(&BROWSER_SESSION_LIST, values![user, now, limit]).await?;
    rows.iter().map(|row| session(&mut row.columns())).collect()
}

pub(super) async fn insert(store: &mut SqlTransaction, session: &BrowserSession) -> Result<(), StoreError> {
    let values = values![
        &session.hash,
        &session.user_id,
        session.epoch,
        session.created_at,
        session.seen_at,
        session.expires_at,
        session.address.map(|address| address.to_string()),
        &session.user_agent,
    ];
    store.execute(&BROWSER_SESSION_INSERT, values).await.map(drop)
}

pub(super) async fn touch(
    store: &mut SqlTransaction,
    hash: &SecretHash,
    seen_at: UnixMillis,
) -> Result<(), StoreError> {
    store.execute(&BROWSER_SESSION_TOUCH, values![hash, seen_at]).await.map(drop)
}

pub(super) async fn delete(store: &mut SqlTransaction, hash: &SecretHash) -> Result<bool, StoreError> {
    store.execute_one(&BROWSER_SESSION_DELETE, values![hash]).await
}

pub(super) async fn delete_by_user(store: &mut SqlTransaction, user: &UserId) -> Result<u64, StoreError> {
    store.execute(&BROWSER_SESSION_DELETE_BY_USER, values![user]).await
}

pub(super) async fn prune(store: &mut SqlTransaction, before: UnixMillis) -> Result<u64, StoreError> {
    store.execute(&KNOWN_BROWSER_PRUNE, values![before.plus(-KNOWN_BROWSER_MS)]).await?;
    store.execute(&BROWSER_SESSION_PRUNE, values![before, PRUNE_ROWS_MAX]).await
}

pub(super) async fn known_browser_exists(
    store: &mut SqlTransaction,
    user: &UserId,
    hash: &SecretHash,
) -> Result<bool, StoreError> {
    Ok(store.fetch_number(&KNOWN_BROWSER_EXISTS, values![user, hash]).await? > 0)
}

pub(super) async fn known_browser_put(
    store: &mut SqlTransaction,
    user: &UserId,
    hash: &SecretHash,
    seen_at: UnixMillis,
) -> Result<(), StoreError> {
    store.execute(&KNOWN_BROWSER_PUT, values![user, hash, seen_at]).await.map(drop)
}

pub(super) async fn known_browser_delete_by_user(
    store: &mut SqlTransaction,
    user: &UserId,
) -> Result<u64, StoreError> {
    store.execute(&KNOWN_BROWSER_DELETE_BY_USER, values![user]).await
}

fn session(columns: &mut Columns<'_>) -> Result<BrowserSession, StoreError> {
    Ok(BrowserSession {
        hash: columns.take()?,
        user_id: columns.take()?,
        epoch: columns.take()?,
        created_at: columns.take()?,
        seen_at: columns.take()?,
        expires_at: columns.take()?,
        address: columns.take::<Option<String>>()?.and_then(|text| text.parse::<IpAddr>().ok()),
        user_agent: columns.take()?,
    })
}

//! Access tokens and refresh tokens.

use portal_core::{
    identity::User,
    oauth::records::{AccessToken, AgentSession, RefreshState, RefreshToken},
    ports::{StoreError, store::PresentedRefreshToken},
    secret::SecretHash,
    time::UnixMillis,
};

use super::sessions::{session, session_columns};
use crate::{
    row::Columns,
    statement::statements,
    transaction::SqlTransaction,
    users::accounts::{user, user_columns},
    value::values,
};

/// The columns that [`refresh_token`] reads, of a table named `t`.
macro_rules! refresh_columns {
    () => {
        "t.hash, t.session_id, t.created_at, t.confirmed_at, t.rotated_at, t.successor, t.sealed_answer"
    };
}

statements! {
    ACCESS_TOKEN_BY_HASH = concat!(
        "SELECT t.hash, t.session_id, t.scope, t.created_at, t.expires_at, t.refresh_hash, ",
        session_columns!(), ", ", user_columns!(),
        " FROM access_tokens t
        JOIN agent_sessions s ON s.id = t.session_id
        JOIN users u ON u.id = s.user_id
        WHERE t.hash = $1"
    );
    ACCESS_TOKEN_INSERT = "INSERT INTO access_tokens (hash, session_id, scope, created_at, expires_at, refresh_hash)
        VALUES ($1, $2, $3, $4, $5, $6)";
    ACCESS_TOKEN_DELETE = "DELETE FROM access_tokens WHERE hash = $1";
    ACCESS_TOKEN_PRUNE_EXPIRED = "DELETE FROM access_tokens WHERE hash IN
        (SELECT hash FROM access_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    ACCESS_TOKEN_PRUNE_ENDED = "DELETE FROM access_tokens WHERE hash IN
        (SELECT t.hash FROM access_tokens t JOIN agent_sessions s ON s.id = t.session_id
        WHERE s.ended_at < $1 LIMIT $2)";
    REFRESH_TOKEN_BY_HASH =
        concat!("SELECT ", refresh_columns!(), " FROM refresh_tokens t WHERE t.hash = $1");
    REFRESH_TOKEN_PRESENTED = concat!(
        "SELECT ", refresh_columns!(), ", ", session_columns!(), ", ", user_columns!(),
        ", (SELECT COUNT(*) FROM published_entities e WHERE e.entity_ref = u.entity_ref)
        FROM refresh_tokens t
        JOIN agent_sessions s ON s.id = t.session_id
        JOIN users u ON u.id = s.user_id
        WHERE t.hash = $1"
    );
    REFRESH_TOKEN_INSERT = "INSERT INTO refresh_tokens
        (hash, session_id, created_at, confirmed_at, rotated_at, successor, sealed_answer)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    REFRESH_TOKEN_ROTATE = "UPDATE refresh_tokens SET successor = $2, sealed_answer = $3, rotated_at = $4,
            confirmed_at = COALESCE(confirmed_at, $4)
        WHERE hash = $1 AND rotated_at IS NULL";
    REFRESH_TOKEN_CONFIRM = "UPDATE refresh_tokens SET confirmed_at = $2 WHERE hash = $1 AND confirmed_at IS NULL";
    // Looks each successor up: a list of all confirmed tokens would be made anew every few seconds.
    SEALED_ANSWER_PRUNE = "UPDATE refresh_tokens SET sealed_answer = NULL
        WHERE sealed_answer IS NOT NULL
            AND EXISTS (SELECT 1 FROM refresh_tokens o
                WHERE o.hash = refresh_tokens.successor AND o.confirmed_at < $1)";
    REFRESH_TOKEN_PRUNE_ROTATED = "DELETE FROM refresh_tokens WHERE hash IN
        (SELECT t.hash FROM refresh_tokens t WHERE t.rotated_at < $1
            AND NOT EXISTS (SELECT 1 FROM refresh_tokens o WHERE o.hash = t.successor AND o.confirmed_at IS NULL)
        ORDER BY t.rotated_at LIMIT $2)";
    REFRESH_TOKEN_PRUNE_ENDED = "DELETE FROM refresh_tokens WHERE hash IN
        (SELECT t.hash FROM refresh_tokens t JOIN agent_sessions s ON s.id = t.session_id
        WHERE s.ended_at < $1 LIMIT $2)";
}

pub(super) async fn access_by_hash(
    store: &mut SqlTransaction,
    hash: &SecretHash,
) -> Result<Option<(AccessToken, AgentSession, User)>, StoreError> {
    let Some(row) = store.fetch_optional(&ACCESS_TOKEN_BY_HASH, values![hash]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    let token = AccessToken {
        hash: columns.take()?,
        session_id: columns.take()?,
        scope: columns.take()?,
        created_at: columns.take()?,
        expires_at: columns.take()?,
        refresh_hash: columns.take()?,
    };
    Ok(Some((token, session(&mut columns)?, user(&mut columns)?)))
}

pub(super) async fn access_insert(store: &mut SqlTransaction, token: &AccessToken) -> Result<(), StoreError> {
    let values = values![
        &token.hash,
        &token.session_id,
        token.scope,
        token.created_at,
        token.expires_at,
        token.refresh_hash.as_ref(),
    ];
    store.execute(&ACCESS_TOKEN_INSERT, values).await.map(drop)
}

pub(super) async fn access_delete(store: &mut SqlTransaction, hash: &SecretHash) -> Result<bool, StoreError> {
    store.execute_one(&ACCESS_TOKEN_DELETE, values![hash]).await
}

pub(super) async fn refresh_by_hash(
    store: &mut SqlTransaction,
    hash: &SecretHash,
) -> Result<Option<RefreshToken>, StoreError> {
    let row = store.fetch_optional(&REFRESH_TOKEN_BY_HASH, values![hash]).await?;
    row.map(|row| refresh_token(&mut row.columns())).transpose()
}

pub(super) async fn refresh_presented(
    store: &mut SqlTransaction,
    hash: &SecretHash,
) -> Result<Option<PresentedRefreshToken>, StoreError> {
    let Some(row) = store.fetch_optional(&REFRESH_TOKEN_PRESENTED, values![hash]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some(PresentedRefreshToken {
        token: refresh_token(&mut columns)?,
        session: session(&mut columns)?,
        user: user(&mut columns)?,
        in_catalog: columns.take::<i64>()? > 0,
    }))
}

pub(super) async fn refresh_insert(
    store: &mut SqlTransaction,
    token: &RefreshToken,
) -> Result<(), StoreError> {
    let (rotated_at, successor, sealed_answer) = match &token.state {
        RefreshState::Current => (None, None, None),
        RefreshState::Rotated { at, successor, sealed_answer } => {
            (Some(*at), Some(successor), sealed_answer.as_deref())
        }
    };
    let values = values![
        &token.hash,
        &token.session_id,
        token.created_at,
        token.confirmed_at,
        rotated_at,
        successor,
        sealed_answer,
    ];
    store.execute(&REFRESH_TOKEN_INSERT, values).await.map(drop)
}

pub(super) async fn refresh_rotate(
    store: &mut SqlTransaction,
    hash: &SecretHash,
    successor: &SecretHash,
    sealed_answer: &[u8],
    now: UnixMillis,
) -> Result<bool, StoreError> {
    store.execute_one(&REFRESH_TOKEN_ROTATE, values![hash, successor, sealed_answer, now]).await
}

pub(super) async fn refresh_confirm(
    store: &mut SqlTransaction,
    hash: &SecretHash,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    store.execute_one(&REFRESH_TOKEN_CONFIRM, values![hash, now]).await
}

pub(super) async fn sealed_answer_prune(
    store: &mut SqlTransaction,
    confirmed_before: UnixMillis,
) -> Result<u64, StoreError> {
    store.expect_long().await?;
    store.execute(&SEALED_ANSWER_PRUNE, values![confirmed_before]).await
}

/// A rotated token stays while its successor was not confirmed: its holder may still come for the answer.
pub(super) async fn prune(
    store: &mut SqlTransaction,
    before: UnixMillis,
    limit: u32,
) -> Result<u64, StoreError> {
    let mut pruned = 0;
    for statement in [
        &ACCESS_TOKEN_PRUNE_EXPIRED,
        &ACCESS_TOKEN_PRUNE_ENDED,
        &REFRESH_TOKEN_PRUNE_ROTATED,
        &REFRESH_TOKEN_PRUNE_ENDED,
    ] {
        pruned += store.execute(statement, values![before, limit]).await?;
    }
    Ok(pruned)
}

/// Reads [`refresh_columns`].
fn refresh_token(columns: &mut Columns<'_>) -> Result<RefreshToken, StoreError> {
    Ok(RefreshToken {
        hash: columns.take()?,
        session_id: columns.take()?,
        created_at: columns.take()?,
        confirmed_at: columns.take()?,
        state: refresh_state(columns)?,
    })
}

fn refresh_state(columns: &mut Columns<'_>) -> Result<RefreshState, StoreError> {
    let rotated_at: Option<UnixMillis> = columns.take()?;
    let successor: Option<SecretHash> = columns.take()?;
    let sealed_answer: Option<Vec<u8>> = columns.take()?;
    match (rotated_at, successor) {
        (None, None) => Ok(RefreshState::Current),
        (Some(at), Some(successor)) => Ok(RefreshState::Rotated { at, successor, sealed_answer }),
        _ => Err(StoreError::Inconsistent("a refresh token is half rotated".to_owned())),
    }
}

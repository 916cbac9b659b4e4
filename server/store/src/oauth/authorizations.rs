//! Authorization requests and codes.

use portal_core::{
    ids::AgentSessionId,
    oauth::records::{AuthorizationCode, AuthorizationRequest},
    ports::StoreError,
    secret::SecretHash,
    time::UnixMillis,
};

use crate::{
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

statements! {
    AUTHORIZATION_REQUEST_BY_HASH = "SELECT hash, browser_hash, client, redirect_uri, scope, state, resource,
            code_challenge, prompt_consent, prompt_login, created_at, expires_at, answered_at
        FROM authorization_requests WHERE hash = $1";
    AUTHORIZATION_REQUEST_INSERT = "INSERT INTO authorization_requests
        (hash, browser_hash, client, redirect_uri, scope, state, resource, code_challenge, prompt_consent,
        prompt_login, created_at, expires_at, answered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    AUTHORIZATION_REQUEST_ANSWER = "UPDATE authorization_requests SET answered_at = $2
        WHERE hash = $1 AND answered_at IS NULL AND expires_at > $2";
    AUTHORIZATION_REQUEST_PRUNE = "DELETE FROM authorization_requests WHERE hash IN
        (SELECT hash FROM authorization_requests WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    AUTHORIZATION_CODE_BY_HASH = "SELECT hash, user_id, epoch, client, redirect_uri, scope, resource, code_challenge,
            created_at, expires_at, session_id
        FROM authorization_codes WHERE hash = $1";
    AUTHORIZATION_CODE_INSERT = "INSERT INTO authorization_codes
        (hash, user_id, epoch, client, redirect_uri, scope, resource, code_challenge, created_at, expires_at,
        session_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    AUTHORIZATION_CODE_CONSUME = "UPDATE authorization_codes SET session_id = $2, consumed_at = $3
        WHERE hash = $1 AND session_id IS NULL";
    AUTHORIZATION_CODE_PRUNE = "DELETE FROM authorization_codes WHERE hash IN
        (SELECT hash FROM authorization_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

pub(super) async fn request_by_hash(
    store: &mut SqlTransaction,
    hash: &SecretHash,
) -> Result<Option<AuthorizationRequest>, StoreError> {
    let Some(row) = store.fetch_optional(&AUTHORIZATION_REQUEST_BY_HASH, values![hash]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some(AuthorizationRequest {
        hash: columns.take()?,
        browser_hash: columns.take()?,
        client: columns.json()?,
        redirect_uri: columns.take()?,
        scope: columns.take()?,
        state: columns.take()?,
        resource: columns.take()?,
        code_challenge: columns.take()?,
        prompt_consent: columns.take()?,
        prompt_login: columns.take()?,
        created_at: columns.take()?,
        expires_at: columns.take()?,
        answered_at: columns.take()?,
    }))
}

pub(super) async fn request_insert(
    store: &mut SqlTransaction,
    request: &AuthorizationRequest,
) -> Result<(), StoreError> {
    let values = values![
        &request.hash,
        &request.browser_hash,
        json(&request.client)?,
        &request.redirect_uri,
        request.scope,
        &request.state,
        &request.resource,
        &request.code_challenge,
        request.prompt_consent,
        request.prompt_login,
        request.created_at,
        request.expires_at,
        request.answered_at,
    ];
    store.execute(&AUTHORIZATION_REQUEST_INSERT, values).await.map(drop)
}

pub(super) async fn request_answer(
    store: &mut SqlTransaction,
    hash: &SecretHash,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    store.execute_one(&AUTHORIZATION_REQUEST_ANSWER, values![hash, now]).await
}

pub(super) async fn code_by_hash(
    store: &mut SqlTransaction,
    hash: &SecretHash,
) -> Result<Option<AuthorizationCode>, StoreError> {
    let Some(row) = store.fetch_optional(&AUTHORIZATION_CODE_BY_HASH, values![hash]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some(AuthorizationCode {
        hash: columns.take()?,
        user_id: columns.take()?,
        epoch: columns.take()?,
        client: columns.json()?,
        redirect_uri: columns.take()?,
        scope: columns.take()?,
        resource: columns.take()?,
        code_challenge: columns.take()?,
        created_at: columns.take()?,
        expires_at: columns.take()?,
        session_id: columns.take()?,
    }))
}

pub(super) async fn code_insert(
    store: &mut SqlTransaction,
    code: &AuthorizationCode,
) -> Result<(), StoreError> {
    let values = values![
        &code.hash,
        &code.user_id,
        code.epoch,
        json(&code.client)?,
        &code.redirect_uri,
        code.scope,
        &code.resource,
        &code.code_challenge,
        code.created_at,
        code.expires_at,
        code.session_id.as_ref(),
    ];
    store.execute(&AUTHORIZATION_CODE_INSERT, values).await.map(drop)
}

pub(super) async fn code_consume(
    store: &mut SqlTransaction,
    hash: &SecretHash,
    session: &AgentSessionId,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    store.execute_one(&AUTHORIZATION_CODE_CONSUME, values![hash, session, now]).await
}

pub(super) async fn prune(
    store: &mut SqlTransaction,
    before: UnixMillis,
    limit: u32,
) -> Result<u64, StoreError> {
    let requests = store.execute(&AUTHORIZATION_REQUEST_PRUNE, values![before, limit]).await?;
    Ok(requests + store.execute(&AUTHORIZATION_CODE_PRUNE, values![before, limit]).await?)
}

//! Remembered client documents and consents.

use portal_core::{
    ids::UserId,
    oauth::records::{Consent, StoredClientDocument},
    ports::StoreError,
};

use crate::{statement::statements, transaction::SqlTransaction, value::values};

statements! {
    CLIENT_DOCUMENT_GET = "SELECT client_id, body, fetched_at, fresh_until FROM client_documents
        WHERE client_id = $1";
    CLIENT_DOCUMENT_PUT = "INSERT INTO client_documents (client_id, body, fetched_at, fresh_until)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (client_id) DO UPDATE
        SET body = excluded.body, fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until";
    CLIENT_DOCUMENT_TRIM = "DELETE FROM client_documents
        WHERE client_id <> $1 AND client_id NOT IN
            (SELECT o.client_id FROM client_documents o WHERE o.client_id <> $1
            ORDER BY o.fetched_at DESC, o.client_id LIMIT $2)";
    CONSENT_GET = "SELECT user_id, client_id, redirect_uris_hash, scope, given_at FROM consents
        WHERE user_id = $1 AND client_id = $2";
    CONSENT_DELETE = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";
    CONSENT_DELETE_BY_USER = "DELETE FROM consents WHERE user_id = $1";
    CONSENT_PUT = "INSERT INTO consents (user_id, client_id, redirect_uris_hash, scope, given_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id, client_id) DO UPDATE
        SET redirect_uris_hash = excluded.redirect_uris_hash, scope = excluded.scope, given_at = excluded.given_at";
}

pub(super) async fn document_get(
    store: &mut SqlTransaction,
    client_id: &str,
) -> Result<Option<StoredClientDocument>, StoreError> {
    let Some(row) = store.fetch_optional(&CLIENT_DOCUMENT_GET, values![client_id]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some(StoredClientDocument {
        client_id: columns.take()?,
        body: columns.take()?,
        fetched_at: columns.take()?,
        fresh_until: columns.take()?,
    }))
}

/// A document in use is fetched again when it is no longer fresh: the one fetched longest ago is the one longest unused.
pub(super) async fn document_put(
    store: &mut SqlTransaction,
    document: &StoredClientDocument,
    keep: u32,
) -> Result<(), StoreError> {
    let values = values![&document.client_id, &document.body, document.fetched_at, document.fresh_until];
    store.execute(&CLIENT_DOCUMENT_PUT, values).await?;
    let others = keep.saturating_sub(1);
    store.execute(&CLIENT_DOCUMENT_TRIM, values![&document.client_id, others]).await.map(drop)
}

pub(super) async fn consent_get(
    store: &mut SqlTransaction,
    user: &UserId,
    client_id: &str,
) -> Result<Option<Consent>, StoreError> {
    let Some(row) = store.fetch_optional(&CONSENT_GET, values![user, client_id]).await? else {
        return Ok(None);
    };
    let mut columns = row.columns();
    Ok(Some(Consent {
        user_id: columns.take()?,
        client_id: columns.take()?,
        redirect_uris_hash: columns.take()?,
        scope: columns.take()?,
        given_at: columns.take()?,
    }))
}

pub(super) async fn consent_put(store: &mut SqlTransaction, consent: &Consent) -> Result<(), StoreError> {
    let values = values![
        &consent.user_id,
        &consent.client_id,
        &consent.redirect_uris_hash,
        consent.scope,
        consent.given_at,
    ];
    store.execute(&CONSENT_PUT, values).await.map(drop)
}

pub(super) async fn consent_delete(
    store: &mut SqlTransaction,
    user: &UserId,
    client_id: Option<&str>,
) -> Result<u64, StoreError> {
    match client_id {
        Some(client_id) => store.execute(&CONSENT_DELETE, values![user, client_id]).await,
        None => store.execute(&CONSENT_DELETE_BY_USER, values![user]).await,
    }
}

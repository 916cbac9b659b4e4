//! What cannot be decided without an admin: references and link rules that mean several people.

use portal_core::{
    ids::UserId,
    org::{IdentityKey, ProviderId},
    ports::StoreError,
};
use portal_model::EntityRef;

use super::people::{key, required_key};
use crate::{row::Row, statement::statements, transaction::SqlTransaction, value::values};

statements! {
    IDENTITY_SHARED_REFS = "SELECT entity_ref FROM directory_identities
        WHERE standing IN ('active', 'rejected') AND linked_provider IS NULL
        GROUP BY entity_ref HAVING COUNT(DISTINCT provider) > 1 ORDER BY entity_ref LIMIT $1";
    IDENTITY_LOCAL_CONFLICTS = "SELECT i.provider, i.subject, i.entity_ref, u.id
        FROM users u JOIN directory_identities i ON i.entity_ref = u.entity_ref
        WHERE u.provider = 'local' AND u.person_provider IS NULL AND u.status <> 'disabled'
            AND i.standing IN ('active', 'rejected') AND i.linked_provider IS NULL
        ORDER BY i.entity_ref, i.provider, i.subject, u.id LIMIT $1";
    IDENTITY_AMBIGUOUS_EMAILS = "SELECT f.email_key
        FROM directory_identities f JOIN directory_identities t ON t.provider = $2 AND t.email_key = f.email_key
        WHERE f.provider = $1 AND f.email_verified AND f.standing <> 'gone'
            AND t.email_verified AND t.standing <> 'gone'
        GROUP BY f.email_key HAVING COUNT(*) > 1 ORDER BY f.email_key LIMIT $3";
    IDENTITY_AMBIGUOUS_KEYS = "SELECT f.value
        FROM directory_identity_keys f
        JOIN directory_identity_keys t ON t.provider = $2 AND t.key = f.key AND t.value = f.value
        JOIN directory_identities fi ON fi.provider = f.provider AND fi.subject = f.subject
        JOIN directory_identities ti ON ti.provider = t.provider AND ti.subject = t.subject
        WHERE f.provider = $1 AND f.key = $3 AND fi.standing <> 'gone' AND ti.standing <> 'gone'
        GROUP BY f.value HAVING COUNT(*) > 1 ORDER BY f.value LIMIT $4";
}

pub(super) async fn shared_refs(
    store: &mut SqlTransaction,
    limit: u32,
) -> Result<Vec<EntityRef>, StoreError> {
    store.fetch_all(&IDENTITY_SHARED_REFS, values![limit]).await?.iter().map(Row::single).collect()
}

pub(super) async fn local_accounts(
    store: &mut SqlTransaction,
    limit: u32,
) -> Result<Vec<(IdentityKey, EntityRef, UserId)>, StoreError> {
    let rows = store.fetch_all(&IDENTITY_LOCAL_CONFLICTS, values![limit]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok((required_key(key(&mut columns)?)?, columns.take()?, columns.take()?))
        })
        .collect()
}

pub(super) async fn ambiguous_emails(
    store: &mut SqlTransaction,
    from: &ProviderId,
    to: &ProviderId,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let values = values![from.as_str(), to.as_str(), limit];
    store.fetch_all(&IDENTITY_AMBIGUOUS_EMAILS, values).await?.iter().map(Row::single).collect()
}

pub(super) async fn ambiguous_keys(
    store: &mut SqlTransaction,
    from: &ProviderId,
    to: &ProviderId,
    key: &str,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let values = values![from.as_str(), to.as_str(), key, limit];
    store.fetch_all(&IDENTITY_AMBIGUOUS_KEYS, values).await?.iter().map(Row::single).collect()
}

//! Identities: written by published runs, found by subject, reference, link, e-mail address and annotation.

use std::collections::BTreeMap;

use portal_core::{
    org::{DirectoryEmail, DirectoryIdentity, IdentityKey, IdentityStanding, ProviderId, Subject},
    ports::StoreError,
    time::UnixMillis,
};
use portal_model::EntityRef;

use crate::{
    row::Columns,
    sql_builder::{Insertion, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::{Value, json, values},
};

/// The columns that [`identity`] reads, of a table named `i`.
macro_rules! identity_columns {
    () => {
        "i.provider, i.subject, i.entity_ref, i.standing, i.vendor_status, i.login, i.email, i.email_verified,
        i.display_name, i.annotations, i.linked_provider, i.linked_subject, i.first_seen_at, i.changed_at"
    };
}

statements! {
    IDENTITY_PAGE_FIRST = concat!("SELECT ", identity_columns!(), " FROM directory_identities i
        WHERE i.provider = $1 ORDER BY i.subject LIMIT $2");
    IDENTITY_PAGE_AFTER = concat!("SELECT ", identity_columns!(), " FROM directory_identities i
        WHERE i.provider = $1 AND i.subject > $2 ORDER BY i.subject LIMIT $3");
    IDENTITY_FORGETTABLE = "SELECT i.provider, i.subject FROM directory_identities i
        WHERE i.standing IN ('gone', 'deleted') AND i.changed_at < $1 AND i.linked_provider IS NULL
            AND NOT EXISTS (SELECT 1 FROM users u WHERE u.provider = i.provider AND u.subject = i.subject)
            AND NOT EXISTS (SELECT 1 FROM users u
                WHERE u.person_provider = i.provider AND u.person_subject = i.subject)
            AND NOT EXISTS (SELECT 1 FROM static_tokens t
                WHERE t.owner_provider = i.provider AND t.owner_subject = i.subject)
            AND NOT EXISTS (SELECT 1 FROM directory_identities l
                WHERE l.linked_provider = i.provider AND l.linked_subject = i.subject)
        ORDER BY i.provider, i.subject LIMIT $2";
    IDENTITY_DELETE = "DELETE FROM directory_identities WHERE provider = $1 AND subject = $2
        AND standing IN ('gone', 'deleted') AND changed_at < $3";
    IDENTITY_KEY_DELETE = "DELETE FROM directory_identity_keys WHERE provider = $1 AND subject = $2";
    IDENTITY_KEY_INSERT = "INSERT INTO directory_identity_keys (provider, key, value, subject)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
}

const IDENTITY_PUT: Insertion = Insertion {
    name: "IDENTITY_PUT",
    head: "INSERT INTO directory_identities (provider, subject, entity_ref, standing, vendor_status, login, email,
        email_key, email_verified, display_name, annotations, linked_provider, linked_subject, first_seen_at,
        changed_at) VALUES ",
    tail: " ON CONFLICT (provider, subject) DO UPDATE SET entity_ref = excluded.entity_ref,
        standing = excluded.standing, vendor_status = excluded.vendor_status, login = excluded.login,
        email = excluded.email, email_key = excluded.email_key, email_verified = excluded.email_verified,
        display_name = excluded.display_name, annotations = excluded.annotations,
        linked_provider = excluded.linked_provider, linked_subject = excluded.linked_subject,
        changed_at = excluded.changed_at",
};

const SELECT: &str = concat!("SELECT ", identity_columns!(), " FROM directory_identities i WHERE ");
const ORDER: &str = " ORDER BY i.provider, i.subject";

pub(super) async fn list(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    subjects: &[Subject],
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    let mut builder = SqlBuilder::new("IDENTITY_LIST");
    builder.sql(SELECT).sql("i.provider = ").value(provider.as_str()).sql(" AND i.subject IN (");
    builder.list(subjects.iter().map(Subject::as_str)).sql(")").sql(ORDER);
    fetch(store, subjects.is_empty(), builder).await
}

pub(super) async fn list_by_refs(
    store: &mut SqlTransaction,
    refs: &[EntityRef],
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    let mut builder = SqlBuilder::new("IDENTITY_LIST_BY_REFS");
    builder.sql(SELECT).sql("i.entity_ref IN (").list(refs).sql(")").sql(ORDER);
    fetch(store, refs.is_empty(), builder).await
}

pub(super) async fn list_linked(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    subjects: &[Subject],
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    let mut builder = SqlBuilder::new("IDENTITY_LIST_LINKED");
    builder
        .sql(SELECT)
        .sql("i.linked_provider = ")
        .value(provider.as_str())
        .sql(" AND i.linked_subject IN (");
    builder.list(subjects.iter().map(Subject::as_str)).sql(")").sql(ORDER);
    fetch(store, subjects.is_empty(), builder).await
}

pub(super) async fn list_by_emails(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    emails: &[String],
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    let mut builder = SqlBuilder::new("IDENTITY_LIST_BY_EMAILS");
    builder
        .sql(SELECT)
        .sql("i.email_verified AND i.standing <> 'gone' AND i.provider = ")
        .value(provider.as_str());
    builder.sql(" AND i.email_key IN (").list(emails).sql(")").sql(ORDER);
    fetch(store, emails.is_empty(), builder).await
}

pub(super) async fn list_by_keys(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    key: &str,
    found: &[String],
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    // Whoever calls with a key of their own lives as long as the statement.
    let mut builder = SqlBuilder::new("IDENTITY_LIST_BY_KEYS");
    builder.sql(SELECT).sql("i.standing <> 'gone' AND i.provider = ").value(provider.as_str());
    builder.sql(" AND i.subject IN (SELECT k.subject FROM directory_identity_keys k WHERE k.provider = ");
    builder.value(provider.as_str()).sql(" AND k.key = ").value(key).sql(" AND k.value IN (").list(found);
    builder.sql("))").sql(ORDER);
    fetch(store, found.is_empty(), builder).await
}

pub(super) async fn page(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    after: Option<&Subject>,
    limit: u32,
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    let rows = match after {
        None => store.fetch_all(&IDENTITY_PAGE_FIRST, values![provider.as_str(), limit]).await?,
        Some(after) => {
            store.fetch_all(&IDENTITY_PAGE_AFTER, values![provider.as_str(), after.as_str(), limit]).await?
        }
    };
    rows.iter().map(|row| identity(&mut row.columns())).collect()
}

pub(super) async fn put(
    store: &mut SqlTransaction,
    identities: &[DirectoryIdentity],
) -> Result<(), StoreError> {
    let rows = identities.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    for statement in IDENTITY_PUT.statements(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

fn row(identity: &DirectoryIdentity) -> Result<[Value<'_>; 15], StoreError> {
    let email = identity.email.as_ref();
    Ok([
        identity.key.provider.as_str().into(),
        identity.key.subject.as_str().into(),
        (&identity.entity_ref).into(),
        identity.standing.as_str().into(),
        identity.standing.vendor_status().into(),
        (&identity.login).into(),
        email.map(|email| email.address.as_str()).into(),
        email.map(|email| email.address.trim().to_lowercase()).into(),
        email.is_some_and(|email| email.verified).into(),
        (&identity.display_name).into(),
        json(&identity.annotations)?.into(),
        identity.link.as_ref().map(|link| link.provider.as_str()).into(),
        identity.link.as_ref().map(|link| link.subject.as_str()).into(),
        identity.first_seen_at.into(),
        identity.changed_at.into(),
    ])
}

pub(super) async fn put_keys(
    store: &mut SqlTransaction,
    identity: &IdentityKey,
    keys: &[(String, String)],
) -> Result<(), StoreError> {
    let (provider, subject) = (identity.provider.as_str(), identity.subject.as_str());
    store.execute(&IDENTITY_KEY_DELETE, values![provider, subject]).await?;
    for (key, value) in keys {
        store.execute(&IDENTITY_KEY_INSERT, values![provider, key, value, subject]).await?;
    }
    Ok(())
}

pub(super) async fn list_forgettable(
    store: &mut SqlTransaction,
    before: UnixMillis,
    limit: u32,
) -> Result<Vec<IdentityKey>, StoreError> {
    let rows = store.fetch_all(&IDENTITY_FORGETTABLE, values![before, limit]).await?;
    rows.iter().map(|row| required_key(key(&mut row.columns())?)).collect()
}

pub(super) async fn delete(
    store: &mut SqlTransaction,
    identities: &[IdentityKey],
    before: UnixMillis,
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for IdentityKey { provider, subject } in identities {
        let (provider, subject) = (provider.as_str(), subject.as_str());
        if store.execute_one(&IDENTITY_DELETE, values![provider, subject, before]).await? {
            store.execute(&IDENTITY_KEY_DELETE, values![provider, subject]).await?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

async fn fetch(
    store: &mut SqlTransaction,
    nothing: bool,
    builder: SqlBuilder<'_>,
) -> Result<Vec<DirectoryIdentity>, StoreError> {
    if nothing {
        return Ok(Vec::new());
    }
    let rows = store.fetch_built(builder.once()).await?;
    rows.iter().map(|row| identity(&mut row.columns())).collect()
}

fn identity(columns: &mut Columns<'_>) -> Result<DirectoryIdentity, StoreError> {
    let key = required_key(key(columns)?)?;
    let entity_ref = columns.take()?;
    let (standing, vendor_status): (String, String) = (columns.take()?, columns.take()?);
    let standing = IdentityStanding::parse(&standing, &vendor_status)
        .ok_or_else(|| unreadable("a person with an unknown standing"))?;
    let login = columns.take()?;
    let (address, verified): (Option<String>, bool) = (columns.take()?, columns.take()?);
    Ok(DirectoryIdentity {
        key,
        entity_ref,
        standing,
        login,
        email: address.map(|address| DirectoryEmail { address, verified }),
        display_name: columns.take()?,
        annotations: columns.json::<BTreeMap<String, String>>()?,
        link: self::key(columns)?,
        first_seen_at: columns.take()?,
        changed_at: columns.take()?,
    })
}

/// Reads a provider and a subject; `None` where there is no provider.
pub(super) fn key(columns: &mut Columns<'_>) -> Result<Option<IdentityKey>, StoreError> {
    let (provider, subject): (Option<String>, Option<String>) = (columns.take()?, columns.take()?);
    let (Some(provider), Some(subject)) = (provider, subject) else { return Ok(None) };
    let provider =
        ProviderId::parse(&provider).map_err(|_| unreadable("a provider whose id cannot be read"))?;
    Ok(Some(IdentityKey { provider, subject: Subject(subject) }))
}

pub(super) fn required_key(key: Option<IdentityKey>) -> Result<IdentityKey, StoreError> {
    key.ok_or_else(|| unreadable("a person without a provider"))
}

fn unreadable(what: &str) -> StoreError {
    StoreError::Inconsistent(format!("the store holds {what}"))
}

//! Accounts.

use portal_core::{
    identity::{PasswordHash, User, UserStatus},
    ids::UserId,
    ports::StoreError,
};
use portal_model::EntityRef;

use crate::{
    row::{Columns, Row},
    sql_builder::{Conditions, SqlBuilder, pattern_containing},
    statement::statements,
    transaction::SqlTransaction,
    value::values,
};

/// The columns that [`user`] reads, of a table named `u`.
macro_rules! user_columns {
    () => {
        "u.id, u.provider, u.subject, u.entity_ref, u.email, u.display_name, u.status, u.admin, u.password_hash,
        u.revocation_epoch, u.created_at, u.last_sign_in_at"
    };
}
pub(crate) use user_columns;

statements! {
    USER_BY_ID = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1");
    USER_BY_EMAIL = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.provider = $1 AND u.email_key = $2");
    USER_BY_SUBJECT = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.provider = $1 AND u.subject = $2");
    USER_LIST_BY_ENTITY_REF =
        concat!("SELECT ", user_columns!(), " FROM users u WHERE u.entity_ref = $1 ORDER BY u.id");
    USER_COUNT_ACTIVE_ADMINS = "SELECT COUNT(*) FROM users WHERE admin AND status = 'active'";
    USER_COUNT = "SELECT COUNT(*) FROM users WHERE status NOT IN ('disabled', 'suspended')";
    USER_INSERT = "INSERT INTO users
        (id, provider, subject, entity_ref, email, email_key, display_name, name_key, search_key, status, admin,
        password_hash, revocation_epoch, created_at, last_sign_in_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT DO NOTHING";
    USER_UPDATE = "UPDATE users SET entity_ref = $3, email = $4, email_key = $5, display_name = $6, name_key = $7,
            search_key = $8, admin = $9, password_hash = $10, last_sign_in_at = $11
        WHERE id = $1 AND NOT EXISTS
            (SELECT 1 FROM users o WHERE o.provider = $2 AND o.email_key = $5 AND o.id <> $1)";
    USER_SET_STATUS = "UPDATE users SET status = $3 WHERE id = $1 AND status = $2";
    USER_RAISE_EPOCH = "UPDATE users SET revocation_epoch = revocation_epoch + 1 WHERE id = $1
        RETURNING revocation_epoch";
}

pub(super) async fn by_id(store: &mut SqlTransaction, id: &UserId) -> Result<Option<User>, StoreError> {
    first(store.fetch_optional(&USER_BY_ID, values![id]).await?)
}

pub(super) async fn by_email(
    store: &mut SqlTransaction,
    provider: &str,
    email: &str,
) -> Result<Option<User>, StoreError> {
    first(store.fetch_optional(&USER_BY_EMAIL, values![provider, email.to_lowercase()]).await?)
}

pub(super) async fn by_subject(
    store: &mut SqlTransaction,
    provider: &str,
    subject: &str,
) -> Result<Option<User>, StoreError> {
    first(store.fetch_optional(&USER_BY_SUBJECT, values![provider, subject]).await?)
}

pub(super) async fn list_by_entity_ref(
    store: &mut SqlTransaction,
    entity_ref: &EntityRef,
) -> Result<Vec<User>, StoreError> {
    all(&store.fetch_all(&USER_LIST_BY_ENTITY_REF, values![entity_ref]).await?)
}

pub(super) async fn list(
    store: &mut SqlTransaction,
    search: &str,
    after: Option<&UserId>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let mut builder = SqlBuilder::new("USER_LIST");
    builder.sql(concat!("SELECT ", user_columns!(), " FROM users u"));
    if let Some(after) = after {
        builder
            .sql(" JOIN users a ON a.id = ")
            .value(after)
            .sql(" AND (u.name_key > a.name_key OR (u.name_key = a.name_key AND u.id > a.id))");
    }
    let mut conditions = Conditions::new();
    if !search.is_empty() {
        conditions.next(&mut builder);
        builder
            .sql("u.search_key LIKE ")
            .value(pattern_containing(&search.to_lowercase()))
            .sql(r" ESCAPE '\'");
    }
    builder.sql(" ORDER BY u.name_key, u.id LIMIT ").value(limit);
    all(&store.fetch_built(builder.kept()).await?)
}

pub(super) async fn count_active_admins(store: &mut SqlTransaction) -> Result<i64, StoreError> {
    store.fetch_number(&USER_COUNT_ACTIVE_ADMINS, &[]).await
}

pub(super) async fn count(store: &mut SqlTransaction) -> Result<i64, StoreError> {
    store.fetch_number(&USER_COUNT, &[]).await
}

pub(super) async fn insert(store: &mut SqlTransaction, user: &User) -> Result<bool, StoreError> {
    let values = values![
        &user.id,
        &user.provider,
        &user.subject,
        &user.entity_ref,
        &user.email,
        email_key(user),
        &user.display_name,
        user.display_name.to_lowercase(),
        search_key(user),
        user.status.as_str(),
        user.admin,
        password_text(user),
        user.revocation_epoch,
        user.created_at,
        user.last_sign_in_at,
    ];
    store.execute_one(&USER_INSERT, values).await
}

pub(super) async fn update(store: &mut SqlTransaction, user: &User) -> Result<bool, StoreError> {
    let values = values![
        &user.id,
        &user.provider,
        &user.entity_ref,
        &user.email,
        email_key(user),
        &user.display_name,
        user.display_name.to_lowercase(),
        search_key(user),
        user.admin,
        password_text(user),
        user.last_sign_in_at,
    ];
    store.execute_one(&USER_UPDATE, values).await
}

pub(super) async fn set_status(
    store: &mut SqlTransaction,
    id: &UserId,
    from: UserStatus,
    to: UserStatus,
) -> Result<bool, StoreError> {
    store.execute_one(&USER_SET_STATUS, values![id, from.as_str(), to.as_str()]).await
}

pub(super) async fn raise_epoch(store: &mut SqlTransaction, id: &UserId) -> Result<Option<i64>, StoreError> {
    store.fetch_optional(&USER_RAISE_EPOCH, values![id]).await?.map(|row| row.single()).transpose()
}

/// Reads [`user_columns`].
pub(crate) fn user(columns: &mut Columns<'_>) -> Result<User, StoreError> {
    Ok(User {
        id: columns.take()?,
        provider: columns.take()?,
        subject: columns.take()?,
        entity_ref: columns.take()?,
        email: columns.take()?,
        display_name: columns.take()?,
        status: columns.word(UserStatus::parse)?,
        admin: columns.take()?,
        password_hash: columns.take::<Option<String>>()?.map(PasswordHash),
        revocation_epoch: columns.take()?,
        created_at: columns.take()?,
        last_sign_in_at: columns.take()?,
    })
}

fn first(row: Option<Row>) -> Result<Option<User>, StoreError> {
    row.map(|row| user(&mut row.columns())).transpose()
}

fn all(rows: &[Row]) -> Result<Vec<User>, StoreError> {
    rows.iter().map(|row| user(&mut row.columns())).collect()
}

fn email_key(user: &User) -> Option<String> {
    user.email.as_ref().map(|email| email.to_lowercase())
}

/// The fields that are searched, each on a line of its own, so that no search finds the seam of two.
fn search_key(user: &User) -> String {
    let email = user.email.as_deref().unwrap_or_default();
    format!("{email}\n{}\n{}", user.display_name, user.entity_ref).to_lowercase()
}

fn password_text(user: &User) -> Option<&str> {
    user.password_hash.as_ref().map(|hash| hash.0.as_str())
}

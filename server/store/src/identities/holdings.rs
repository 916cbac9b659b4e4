//! What belongs to the people of directories: accounts and static tokens.

use portal_core::{
    identity::User,
    ids::{StaticTokenId, UserId},
    org::{IdentityKey, ProviderId, Subject},
    ports::StoreError,
    tokens::StaticToken,
};
use portal_model::EntityRef;

use super::people::key;
use crate::{
    sql_builder::SqlBuilder,
    statement::statements,
    static_tokens::{search_key, token, token_columns},
    transaction::SqlTransaction,
    users::accounts::{user, user_columns},
    value::values,
};

statements! {
    ACCOUNT_PERSON = "SELECT person_provider, person_subject FROM users WHERE id = $1";
    ACCOUNT_BIND = "UPDATE users SET person_provider = $2, person_subject = $3 WHERE id = $1";
    STATIC_TOKEN_PERSON = "SELECT owner_provider, owner_subject FROM static_tokens WHERE id = $1";
    STATIC_TOKEN_BIND = "UPDATE static_tokens SET owner_provider = $2, owner_subject = $3 WHERE id = $1";
    STATIC_TOKEN_SET_OWNER = "UPDATE static_tokens SET owner_ref = $2, search_key = $3 WHERE id = $1";
}

pub(super) async fn accounts_of_people(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    subjects: &[Subject],
) -> Result<Vec<(User, Subject)>, StoreError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let subjects = || subjects.iter().map(Subject::as_str);
    let mut builder = SqlBuilder::new("ACCOUNT_LIST_OF_PEOPLE");
    builder.sql(concat!("SELECT ", user_columns!(), ", u.subject FROM users u WHERE u.provider = "));
    builder.value(provider.as_str()).sql(" AND u.subject IN (").list(subjects());
    builder.sql(concat!(
        ") UNION ALL SELECT ",
        user_columns!(),
        ", u.person_subject FROM users u WHERE u.person_provider = "
    ));
    builder.value(provider.as_str()).sql(" AND u.person_subject IN (").list(subjects()).sql(")");
    let rows = store.fetch_built(builder.once()).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok((user(&mut columns)?, Subject(columns.take()?)))
        })
        .collect()
}

pub(super) async fn account_person(
    store: &mut SqlTransaction,
    user: &UserId,
) -> Result<Option<IdentityKey>, StoreError> {
    let row = store.fetch_optional(&ACCOUNT_PERSON, values![user]).await?;
    row.map_or(Ok(None), |row| key(&mut row.columns()))
}

pub(super) async fn accounts_unbound(
    store: &mut SqlTransaction,
    refs: &[EntityRef],
) -> Result<Vec<User>, StoreError> {
    if refs.is_empty() {
        return Ok(Vec::new());
    }
    let mut builder = SqlBuilder::new("ACCOUNT_LIST_UNBOUND");
    builder.sql(concat!(
        "SELECT ",
        user_columns!(),
        " FROM users u WHERE u.provider = 'local' AND u.person_provider IS NULL AND u.entity_ref IN ("
    ));
    builder.list(refs).sql(") ORDER BY u.id");
    let rows = store.fetch_built(builder.once()).await?;
    rows.iter().map(|row| user(&mut row.columns())).collect()
}

pub(super) async fn account_bind(
    store: &mut SqlTransaction,
    user: &UserId,
    person: &IdentityKey,
) -> Result<(), StoreError> {
    let values = values![user, person.provider.as_str(), person.subject.as_str()];
    store.execute(&ACCOUNT_BIND, values).await.map(drop)
}

pub(super) async fn token_person(
    store: &mut SqlTransaction,
    id: &StaticTokenId,
) -> Result<Option<IdentityKey>, StoreError> {
    let row = store.fetch_optional(&STATIC_TOKEN_PERSON, values![id]).await?;
    row.map_or(Ok(None), |row| key(&mut row.columns()))
}

pub(super) async fn tokens_of_people(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    subjects: &[Subject],
) -> Result<Vec<(StaticToken, Subject)>, StoreError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let mut builder = SqlBuilder::new("STATIC_TOKEN_LIST_OF_PEOPLE");
    builder.sql(concat!(
        "SELECT ",
        token_columns!(),
        ", t.owner_subject FROM static_tokens t WHERE t.ended_at IS NULL AND t.owner_provider = "
    ));
    builder.value(provider.as_str()).sql(" AND t.owner_subject IN (");
    builder.list(subjects.iter().map(Subject::as_str)).sql(") ORDER BY t.id");
    let rows = store.fetch_built(builder.once()).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok((token(&mut columns)?, Subject(columns.take()?)))
        })
        .collect()
}

pub(super) async fn tokens_unbound(
    store: &mut SqlTransaction,
    owners: &[EntityRef],
) -> Result<Vec<StaticToken>, StoreError> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let mut builder = SqlBuilder::new("STATIC_TOKEN_LIST_UNBOUND");
    builder.sql(concat!(
        "SELECT ",
        token_columns!(),
        " FROM static_tokens t WHERE t.ended_at IS NULL AND t.owner_provider IS NULL AND t.owner_ref IN ("
    ));
    builder.list(owners).sql(") ORDER BY t.id");
    let rows = store.fetch_built(builder.once()).await?;
    rows.iter().map(|row| token(&mut row.columns())).collect()
}

pub(super) async fn token_bind(
    store: &mut SqlTransaction,
    id: &StaticTokenId,
    person: &IdentityKey,
) -> Result<(), StoreError> {
    let values = values![id, person.provider.as_str(), person.subject.as_str()];
    store.execute(&STATIC_TOKEN_BIND, values).await.map(drop)
}

pub(super) async fn token_set_owner(
    store: &mut SqlTransaction,
    token: &StaticToken,
    owner: &EntityRef,
) -> Result<(), StoreError> {
    let values = values![&token.id, owner, search_key(&token.name, owner)];
    store.execute(&STATIC_TOKEN_SET_OWNER, values).await.map(drop)
}

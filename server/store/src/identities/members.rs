//! Members of groups as the directory has them, and admin roles that come from groups.

use std::collections::BTreeSet;

use portal_core::{
    identity::User,
    ids::UserId,
    org::{GroupId, ProviderId, Subject},
    ports::{StoreError, store::IDENTITY_BATCH_MAX},
};

use crate::{
    row::Row,
    sql_builder::SqlBuilder,
    statement::statements,
    transaction::SqlTransaction,
    users::accounts::{user, user_columns},
    value::values,
};

/// How deep groups inside groups are followed.
const LEVELS_MAX: usize = 16;

statements! {
    PUBLISHED_RUN = "SELECT published_run FROM directory_providers WHERE id = $1 AND published_run IS NOT NULL";
    ACCOUNT_LIST_ADMINS_BY_GROUP = concat!(
        "SELECT ", user_columns!(), " FROM users u WHERE u.provider = $1 AND u.admin_by_group ORDER BY u.id");
    ACCOUNT_ADMIN_BY_GROUP = "SELECT COUNT(*) FROM users WHERE id = $1 AND admin_by_group";
    ACCOUNT_SET_ADMIN_BY_GROUP = "UPDATE users SET admin_by_group = $2 WHERE id = $1";
}

pub(super) async fn of_groups(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    groups: &[GroupId],
) -> Result<Vec<Subject>, StoreError> {
    let Some(row) = store.fetch_optional(&PUBLISHED_RUN, values![provider.as_str()]).await? else {
        return Ok(Vec::new());
    };
    let run: i64 = row.single()?;
    let mut people = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut level = named(store, run, groups).await?;
    for _ in 0..LEVELS_MAX {
        level.retain(|group| seen.insert(group.clone()));
        if level.is_empty() {
            break;
        }
        let mut inside = Vec::new();
        for groups in level.chunks(IDENTITY_BATCH_MAX) {
            for (kind, member) in members(store, run, groups).await? {
                if kind == "person" {
                    people.insert(Subject(member));
                } else {
                    inside.push(member);
                }
            }
        }
        level = inside;
    }
    Ok(people.into_iter().collect())
}

/// The ids of the groups that are meant by id, or by name.
async fn named(store: &mut SqlTransaction, run: i64, groups: &[GroupId]) -> Result<Vec<String>, StoreError> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let mut builder = SqlBuilder::new("DIRECTORY_GROUPS_NAMED");
    builder.sql("SELECT g.id FROM directory_groups g WHERE g.standing <> 'gone' AND g.run = ").value(run);
    builder.sql(" AND (g.id IN (").list(groups.iter().map(GroupId::as_str)).sql(") OR g.name IN (");
    builder.list(groups.iter().map(|group| group.as_str().to_lowercase())).sql(")) ORDER BY g.id");
    store.fetch_built(builder.once()).await?.iter().map(Row::single).collect()
}

async fn members(
    store: &mut SqlTransaction,
    run: i64,
    groups: &[String],
) -> Result<Vec<(String, String)>, StoreError> {
    let mut builder = SqlBuilder::new("DIRECTORY_GROUP_MEMBERS");
    builder.sql("SELECT m.member_kind, m.member FROM directory_memberships m WHERE NOT m.gone AND m.run = ");
    builder.value(run).sql(" AND m.group_id IN (").list(groups).sql(")");
    let rows = store.fetch_built(builder.once()).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok((columns.take()?, columns.take()?))
        })
        .collect()
}

pub(super) async fn admins_by_group(
    store: &mut SqlTransaction,
    provider: &ProviderId,
) -> Result<Vec<User>, StoreError> {
    let rows = store.fetch_all(&ACCOUNT_LIST_ADMINS_BY_GROUP, values![provider.as_str()]).await?;
    rows.iter().map(|row| user(&mut row.columns())).collect()
}

pub(super) async fn is_admin_by_group(store: &mut SqlTransaction, user: &UserId) -> Result<bool, StoreError> {
    Ok(store.fetch_number(&ACCOUNT_ADMIN_BY_GROUP, values![user]).await? > 0)
}

pub(super) async fn set_admin_by_group(
    store: &mut SqlTransaction,
    user: &UserId,
    by_group: bool,
) -> Result<(), StoreError> {
    store.execute(&ACCOUNT_SET_ADMIN_BY_GROUP, values![user, by_group]).await.map(drop)
}

//! Groups of runs.

use std::collections::BTreeMap;

use portal_core::{
    org::{
        GroupId, ProviderId, Subject,
        rows::{ACTIVE, GONE, GroupRow},
        run::RunNumber,
    },
    ports::StoreError,
};
use portal_model::EntityRef;

use super::rows::KEYS_PER_STATEMENT;
use crate::{
    row::{Columns, Row},
    sql_builder::{Insertion, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::{Value, json, values},
};

/// The columns that [`group`] reads, of a table named `g`.
macro_rules! group_columns {
    () => {
        "g.name, g.entity_ref, g.standing, g.reason, g.record"
    };
}

/// Most groups of one person that are read.
const GROUPS_OF_PERSON_MAX: u32 = 10_000;

statements! {
    DIRECTORY_GROUP_LIST_OF_PERSON = concat!("SELECT ", group_columns!(), " FROM directory_providers d
        JOIN directory_memberships m ON m.run = d.published_run AND m.member_kind = 'person' AND m.member = $2
        JOIN directory_groups g ON g.run = m.run AND g.id = m.group_id
        WHERE d.id = $1 ORDER BY g.id LIMIT $3");
    DIRECTORY_GROUPS_PAGE = concat!("SELECT ", group_columns!(), " FROM directory_groups g
        WHERE g.run = $1 AND g.standing = 'active' AND (g.name, g.id) > ($2, $3) ORDER BY g.name, g.id LIMIT $4");
    DIRECTORY_GROUPS_FIRST = concat!("SELECT g.id, g.standing, ", group_columns!(), " FROM directory_groups g
        WHERE g.run = $1 ORDER BY g.id LIMIT $2");
    DIRECTORY_GROUPS_NAMED = concat!("SELECT ", group_columns!(), " FROM directory_groups g
        WHERE g.run = $1 AND g.standing = 'active' AND g.name = $2 ORDER BY g.id LIMIT $3");
    DIRECTORY_GROUP_REJECT = "UPDATE directory_groups SET standing = 'rejected', reason = $3
        WHERE run = $1 AND id = $2";
    DIRECTORY_GROUP_COUNT = "SELECT COUNT(*) FROM directory_groups WHERE run = $1";
    DIRECTORY_MEMBERSHIP_COUNT = "SELECT COUNT(*) FROM directory_memberships WHERE run = $1";
}

const COLUMNS: &str =
    "INSERT INTO directory_groups (run, id, name, entity_ref, standing, reason, parent, record) VALUES ";
const GROUPS_PUT: Insertion = Insertion {
    name: "DIRECTORY_GROUPS_PUT",
    head: COLUMNS,
    tail: " ON CONFLICT (run, id) DO UPDATE SET name = excluded.name, entity_ref = excluded.entity_ref,
        standing = excluded.standing, reason = excluded.reason, parent = excluded.parent, record = excluded.record",
};
const GROUPS_MARK_GONE: Insertion = Insertion {
    name: "DIRECTORY_GROUPS_MARK_GONE",
    head: COLUMNS,
    tail: " ON CONFLICT (run, id) DO UPDATE SET standing = excluded.standing",
};

pub(super) async fn list_of_person(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    subject: &Subject,
) -> Result<Vec<GroupRow>, StoreError> {
    let values = values![provider.as_str(), subject, GROUPS_OF_PERSON_MAX];
    store.fetch_all(&DIRECTORY_GROUP_LIST_OF_PERSON, values).await?.iter().map(group).collect()
}

pub(super) async fn list(
    store: &mut SqlTransaction,
    run: RunNumber,
    ids: &[GroupId],
) -> Result<Vec<GroupRow>, StoreError> {
    let mut groups = Vec::with_capacity(ids.len());
    for piece in ids.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_GROUPS");
        builder
            .sql(concat!("SELECT ", group_columns!(), " FROM directory_groups g WHERE g.run = "))
            .value(run)
            .sql(" AND g.standing <> 'gone' AND g.id IN (")
            .list(piece)
            .sql(") ORDER BY g.id");
        for row in store.fetch_built(builder.once()).await? {
            groups.push(group(&row)?);
        }
    }
    Ok(groups)
}

pub(super) async fn page(
    store: &mut SqlTransaction,
    run: RunNumber,
    after: Option<(&str, &GroupId)>,
    limit: u32,
) -> Result<Vec<GroupRow>, StoreError> {
    let (name, id) = after.map_or(("", ""), |(name, id)| (name, id.as_str()));
    store.fetch_all(&DIRECTORY_GROUPS_PAGE, values![run, name, id, limit]).await?.iter().map(group).collect()
}

pub(super) async fn first(
    store: &mut SqlTransaction,
    run: RunNumber,
    limit: u32,
) -> Result<Vec<(GroupId, Option<GroupRow>)>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_GROUPS_FIRST, values![run, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            let (id, standing): (GroupId, String) = (columns.take()?, columns.take()?);
            Ok((id, if standing == GONE { None } else { Some(group_of(columns)?) }))
        })
        .collect()
}

pub(super) async fn named(
    store: &mut SqlTransaction,
    run: RunNumber,
    name: &str,
    limit: u32,
) -> Result<Vec<GroupRow>, StoreError> {
    store.fetch_all(&DIRECTORY_GROUPS_NAMED, values![run, name, limit]).await?.iter().map(group).collect()
}

pub(super) async fn put(
    store: &mut SqlTransaction,
    run: RunNumber,
    groups: &[GroupRow],
) -> Result<(), StoreError> {
    // One statement does not touch a row twice; of twins the last counts.
    let last: BTreeMap<&GroupId, &GroupRow> = groups.iter().map(|row| (&row.group.id, row)).collect();
    let mut records = Vec::with_capacity(last.len());
    for row in last.into_values() {
        records.push((row, json(&row.group)?));
    }
    let rows = records
        .iter()
        .map(|(row, record)| {
            let rejected = row.rejected.as_deref();
            [
                run.into(),
                (&row.group.id).into(),
                (&row.name).into(),
                (&row.entity_ref).into(),
                rejected.map_or(ACTIVE, |_| "rejected").into(),
                rejected.unwrap_or_default().into(),
                row.group.parent.as_ref().into(),
                record.into(),
            ]
        })
        .collect();
    for statement in GROUPS_PUT.statements::<8>(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

pub(super) async fn mark_gone(
    store: &mut SqlTransaction,
    run: RunNumber,
    ids: &[GroupId],
) -> Result<(), StoreError> {
    let once: std::collections::BTreeSet<&GroupId> = ids.iter().collect();
    let rows = once
        .into_iter()
        .map(|id| {
            let none = || Value::from("");
            [run.into(), id.into(), none(), none(), Value::from(GONE), none(), Value::Text(None), none()]
        })
        .collect();
    for statement in GROUPS_MARK_GONE.statements::<8>(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

pub(super) async fn delete(
    store: &mut SqlTransaction,
    run: RunNumber,
    ids: &[GroupId],
) -> Result<(), StoreError> {
    for piece in ids.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_GROUPS_DELETE");
        builder.sql("DELETE FROM directory_groups WHERE run = ").value(run);
        builder.sql(" AND id IN (").list(piece).sql(")");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

pub(super) async fn reject(
    store: &mut SqlTransaction,
    run: RunNumber,
    id: &GroupId,
    reason: &str,
) -> Result<(), StoreError> {
    store.execute(&DIRECTORY_GROUP_REJECT, values![run, id, reason]).await.map(drop)
}

/// Groups and memberships.
pub(super) async fn counts(store: &mut SqlTransaction, run: RunNumber) -> Result<(i64, i64), StoreError> {
    let groups = store.fetch_number(&DIRECTORY_GROUP_COUNT, values![run]).await?;
    Ok((groups, store.fetch_number(&DIRECTORY_MEMBERSHIP_COUNT, values![run]).await?))
}

fn group(row: &Row) -> Result<GroupRow, StoreError> {
    group_of(row.columns())
}

fn group_of(mut columns: Columns<'_>) -> Result<GroupRow, StoreError> {
    let (name, entity_ref): (String, EntityRef) = (columns.take()?, columns.take()?);
    let (standing, reason): (String, String) = (columns.take()?, columns.take()?);
    let rejected = (standing != ACTIVE).then_some(reason);
    Ok(GroupRow { name, entity_ref, rejected, group: columns.json()? })
}

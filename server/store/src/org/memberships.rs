//! Memberships of runs.

use std::collections::BTreeSet;

use portal_core::{
    org::{GroupId, Member, Membership, Subject, run::RunNumber},
    ports::StoreError,
};
use portal_model::EntityRef;

use super::rows::KEYS_PER_STATEMENT;
use crate::{
    row::{Column, Row},
    sql_builder::{Insertion, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::values,
};

statements! {
    DIRECTORY_MEMBERSHIPS_FIRST = "SELECT member_kind, member, group_id, gone FROM directory_memberships
        WHERE run = $1 ORDER BY member_kind, member, group_id LIMIT $2";
    DIRECTORY_MEMBERSHIP_DELETE = "DELETE FROM directory_memberships
        WHERE run = $1 AND member_kind = $2 AND member = $3 AND group_id = $4";
    DIRECTORY_MEMBERSHIPS_OF_PERSON_DELETE = "DELETE FROM directory_memberships
        WHERE run = $1 AND member_kind = 'person' AND member = $2";
}

const MEMBERSHIPS_PUT: Insertion = Insertion {
    name: "DIRECTORY_MEMBERSHIPS_PUT",
    head: "INSERT INTO directory_memberships (run, member_kind, member, group_id, gone) VALUES ",
    tail: " ON CONFLICT (run, member_kind, member, group_id) DO UPDATE SET gone = excluded.gone",
};

/// A member as two columns.
pub(super) fn member_columns(member: &Member) -> (&'static str, &str) {
    match member {
        Member::Person(subject) => ("person", subject.as_str()),
        Member::Group(id) => ("group", id.as_str()),
    }
}

/// A member of two columns.
pub(super) fn member_of(kind: &str, id: String) -> Result<Member, StoreError> {
    match kind {
        "person" => Ok(Member::Person(Subject(id))),
        "group" => Ok(Member::Group(GroupId(id))),
        _ => Err(StoreError::Inconsistent(format!("a member of a group is a {kind}"))),
    }
}

pub(super) async fn first(
    store: &mut SqlTransaction,
    run: RunNumber,
    limit: u32,
) -> Result<Vec<(Membership, bool)>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_MEMBERSHIPS_FIRST, values![run, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            let (kind, member): (String, String) = (columns.take()?, columns.take()?);
            let membership = Membership { member: member_of(&kind, member)?, group: columns.take()? };
            Ok((membership, columns.take()?))
        })
        .collect()
}

pub(super) async fn put(
    store: &mut SqlTransaction,
    run: RunNumber,
    memberships: &[Membership],
    gone: bool,
) -> Result<(), StoreError> {
    // One statement does not touch a row twice.
    let once: BTreeSet<&Membership> = memberships.iter().collect();
    let rows = once
        .into_iter()
        .map(|membership| {
            let (kind, member) = member_columns(&membership.member);
            [run.into(), kind.into(), member.into(), (&membership.group).into(), gone.into()]
        })
        .collect();
    for statement in MEMBERSHIPS_PUT.statements::<5>(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

pub(super) async fn delete(
    store: &mut SqlTransaction,
    run: RunNumber,
    memberships: &[Membership],
) -> Result<(), StoreError> {
    for membership in memberships {
        let (kind, member) = member_columns(&membership.member);
        let values = values![run, kind, member, &membership.group];
        store.execute(&DIRECTORY_MEMBERSHIP_DELETE, values).await?;
    }
    Ok(())
}

pub(super) async fn replace(
    store: &mut SqlTransaction,
    run: RunNumber,
    subject: &Subject,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    store.execute(&DIRECTORY_MEMBERSHIPS_OF_PERSON_DELETE, values![run, subject]).await?;
    let member = Member::Person(subject.clone());
    let memberships: Vec<Membership> =
        groups.iter().map(|group| Membership { group: group.clone(), member: member.clone() }).collect();
    put(store, run, &memberships, false).await
}

/// Deletes the memberships of these people.
pub(super) async fn delete_of_people(
    store: &mut SqlTransaction,
    run: RunNumber,
    subjects: &[Subject],
) -> Result<(), StoreError> {
    for subject in subjects {
        store.execute(&DIRECTORY_MEMBERSHIPS_OF_PERSON_DELETE, values![run, subject]).await?;
    }
    Ok(())
}

/// Deletes the memberships in these groups.
pub(super) async fn clear(
    store: &mut SqlTransaction,
    run: RunNumber,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    for piece in groups.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_MEMBERSHIPS_CLEAR");
        builder.sql("DELETE FROM directory_memberships WHERE run = ").value(run);
        builder.sql(" AND group_id IN (").list(piece).sql(")");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

/// Deletes the memberships of these groups in others.
pub(super) async fn delete_of_groups(
    store: &mut SqlTransaction,
    run: RunNumber,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    for piece in groups.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_MEMBERSHIPS_OF_GROUPS_DELETE");
        builder.sql("DELETE FROM directory_memberships WHERE run = ").value(run);
        builder.sql(" AND member_kind = 'group' AND member IN (").list(piece).sql(")");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

pub(super) async fn groups_of_people(
    store: &mut SqlTransaction,
    run: RunNumber,
    subjects: &[Subject],
) -> Result<Vec<(Subject, EntityRef)>, StoreError> {
    let mut found = Vec::new();
    for piece in subjects.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_GROUPS_OF_PEOPLE");
        builder
            .sql(
                "SELECT m.member, g.entity_ref FROM directory_memberships m
                JOIN directory_groups g ON g.run = m.run AND g.id = m.group_id AND g.standing = 'active'
                WHERE m.member_kind = 'person' AND m.run = ",
            )
            .value(run)
            .sql(" AND m.member IN (")
            .list(piece)
            .sql(") ORDER BY m.member, g.entity_ref");
        pairs(store.fetch_built(builder.once()).await?, &mut found)?;
    }
    Ok(found)
}

/// The groups above, by a group's own word or by membership.
pub(super) async fn parents(
    store: &mut SqlTransaction,
    run: RunNumber,
    ids: &[GroupId],
) -> Result<Vec<(GroupId, EntityRef)>, StoreError> {
    let mut found = Vec::new();
    for piece in ids.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_GROUP_PARENTS");
        builder
            .sql("SELECT c.id, g.entity_ref FROM directory_groups c
                JOIN directory_groups g ON g.run = c.run AND g.id = c.parent AND g.standing = 'active' WHERE c.run = ")
            .value(run)
            .sql(" AND c.id IN (")
            .list(piece)
            .sql(") UNION SELECT m.member, g.entity_ref FROM directory_memberships m
                JOIN directory_groups g ON g.run = m.run AND g.id = m.group_id AND g.standing = 'active'
                WHERE m.member_kind = 'group' AND m.run = ")
            .value(run)
            .sql(" AND m.member IN (")
            .list(piece)
            .sql(") ORDER BY 1, 2");
        pairs(store.fetch_built(builder.once()).await?, &mut found)?;
    }
    Ok(found)
}

/// The groups below, by their own word or by membership.
pub(super) async fn children(
    store: &mut SqlTransaction,
    run: RunNumber,
    ids: &[GroupId],
) -> Result<Vec<(GroupId, EntityRef)>, StoreError> {
    let mut found = Vec::new();
    for piece in ids.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_GROUP_CHILDREN");
        builder
            .sql(
                "SELECT c.parent, c.entity_ref FROM directory_groups c
                WHERE c.standing = 'active' AND c.run = ",
            )
            .value(run)
            .sql(" AND c.parent IN (")
            .list(piece)
            .sql(
                ") UNION SELECT m.group_id, c.entity_ref FROM directory_memberships m
                JOIN directory_groups c ON c.run = m.run AND c.id = m.member AND c.standing = 'active'
                WHERE m.member_kind = 'group' AND m.run = ",
            )
            .value(run)
            .sql(" AND m.group_id IN (")
            .list(piece)
            .sql(") ORDER BY 1, 2");
        pairs(store.fetch_built(builder.once()).await?, &mut found)?;
    }
    Ok(found)
}

fn pairs<K: Column>(rows: Vec<Row>, found: &mut Vec<(K, EntityRef)>) -> Result<(), StoreError> {
    for row in rows {
        let mut columns = row.columns();
        found.push((columns.take()?, columns.take()?));
    }
    Ok(())
}

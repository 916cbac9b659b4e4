//! What is still to be done for a run.

use portal_core::{
    org::{GroupId, Member, run::RunNumber},
    ports::StoreError,
};

use super::{
    memberships::{member_columns, member_of},
    rows::KEYS_PER_STATEMENT,
};
use crate::{
    sql_builder::{Insertion, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::values,
};

statements! {
    DIRECTORY_CHANGES = "SELECT member_kind, member FROM directory_changes WHERE run = $1 AND member_kind = $2
        ORDER BY member LIMIT $3";
}

const CHANGES_PUT: Insertion = Insertion {
    name: "DIRECTORY_CHANGES_PUT",
    head: "INSERT INTO directory_changes (run, member_kind, member) VALUES ",
    tail: " ON CONFLICT DO NOTHING",
};

pub(super) async fn list(
    store: &mut SqlTransaction,
    run: RunNumber,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let mut members = Vec::new();
    // People before groups, each in the order of the key: neither engine sorts what is left each time.
    for kind in ["person", "group"] {
        let left = limit.saturating_sub(u32::try_from(members.len()).unwrap_or(limit));
        if left == 0 {
            break;
        }
        for row in store.fetch_all(&DIRECTORY_CHANGES, values![run, kind, left]).await? {
            let mut columns = row.columns();
            let kind: String = columns.take()?;
            members.push(member_of(&kind, columns.take()?)?);
        }
    }
    Ok(members)
}

pub(super) async fn put(
    store: &mut SqlTransaction,
    run: RunNumber,
    members: &[Member],
) -> Result<(), StoreError> {
    let rows = members
        .iter()
        .map(|member| {
            let (kind, id) = member_columns(member);
            [run.into(), kind.into(), id.into()]
        })
        .collect();
    for statement in CHANGES_PUT.statements::<3>(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

/// Members, parents and children that the run `of` has of these groups.
pub(super) async fn put_near(
    store: &mut SqlTransaction,
    run: RunNumber,
    of: RunNumber,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    for piece in groups.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_CHANGES_PUT_NEAR");
        builder.sql("INSERT INTO directory_changes (run, member_kind, member) SELECT ").value(run);
        builder
            .sql(", d.member_kind, d.member FROM (
                SELECT m.member_kind, m.member FROM directory_memberships m WHERE m.run = ")
            .value(of)
            .sql(" AND m.group_id IN (")
            .list(piece)
            .sql(") UNION SELECT 'group', m.group_id FROM directory_memberships m
                WHERE m.member_kind = 'group' AND m.run = ")
            .value(of)
            .sql(" AND m.member IN (")
            .list(piece)
            .sql(") UNION SELECT 'group', g.id FROM directory_groups g WHERE g.run = ")
            .value(of)
            .sql(" AND g.parent IN (")
            .list(piece)
            .sql(") UNION SELECT 'group', g.parent FROM directory_groups g WHERE g.parent IS NOT NULL AND g.run = ")
            .value(of)
            .sql(" AND g.id IN (")
            .list(piece)
            .sql(")) d WHERE TRUE ON CONFLICT DO NOTHING");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

pub(super) async fn delete(
    store: &mut SqlTransaction,
    run: RunNumber,
    members: &[Member],
) -> Result<(), StoreError> {
    for piece in members.chunks(KEYS_PER_STATEMENT) {
        for wanted in ["person", "group"] {
            let of_kind: Vec<&str> = piece
                .iter()
                .map(member_columns)
                .filter(|(kind, _)| *kind == wanted)
                .map(|(_, id)| id)
                .collect();
            if of_kind.is_empty() {
                continue;
            }
            let mut builder = SqlBuilder::new("DIRECTORY_CHANGES_DELETE");
            builder.sql("DELETE FROM directory_changes WHERE run = ").value(run);
            builder.sql(" AND member_kind = ").value(wanted);
            builder.sql(" AND member IN (").list(of_kind).sql(")");
            store.execute_built(builder.once()).await?;
        }
    }
    Ok(())
}

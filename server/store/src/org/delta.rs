//! Groups of a delta whose memberships come anew; and the end of rows that nobody needs.

use portal_core::{
    org::{GroupId, run::RunNumber},
    ports::StoreError,
};

use super::rows::KEYS_PER_STATEMENT;
use crate::{
    row::Row,
    sql_builder::{Insertion, SqlBuilder},
    statement::{Statement, statements},
    transaction::SqlTransaction,
    value::values,
};

statements! {
    DIRECTORY_REPLACEMENTS_FIRST = "SELECT group_id FROM directory_replacements
        WHERE run = $1 ORDER BY group_id LIMIT $2";
    DIRECTORY_PRUNABLE_RUN = "SELECT r.number FROM directory_runs r WHERE r.has_rows AND NOT EXISTS
        (SELECT 1 FROM directory_providers d WHERE d.id = r.provider
            AND (d.published_run = r.number OR d.active_run = r.number OR d.held_run = r.number))
        AND (r.kind <> 'dry-run' OR r.ended_at IS NOT NULL OR r.updated_at < $1)
        ORDER BY r.number LIMIT 1";
    DIRECTORY_RUN_IS_EMPTY = "UPDATE directory_runs SET has_rows = FALSE WHERE number = $1";
    DIRECTORY_PEOPLE_PRUNE = "DELETE FROM directory_people WHERE run = $1 AND subject <= COALESCE(
        (SELECT p.subject FROM directory_people p WHERE p.run = $1 ORDER BY p.subject LIMIT 1 OFFSET $2),
        (SELECT MAX(p.subject) FROM directory_people p WHERE p.run = $1))";
    DIRECTORY_GROUPS_PRUNE = "DELETE FROM directory_groups WHERE run = $1 AND id <= COALESCE(
        (SELECT g.id FROM directory_groups g WHERE g.run = $1 ORDER BY g.id LIMIT 1 OFFSET $2),
        (SELECT MAX(g.id) FROM directory_groups g WHERE g.run = $1))";
    DIRECTORY_MEMBERSHIPS_PRUNE = "DELETE FROM directory_memberships
        WHERE run = $1 AND (member_kind, member, group_id) IN
        (SELECT m.member_kind, m.member, m.group_id FROM directory_memberships m WHERE m.run = $1
        ORDER BY m.member_kind, m.member, m.group_id LIMIT $2)";
    DIRECTORY_REPLACEMENTS_PRUNE = "DELETE FROM directory_replacements WHERE run = $1 AND group_id IN
        (SELECT r.group_id FROM directory_replacements r WHERE r.run = $1 ORDER BY r.group_id LIMIT $2)";
    DIRECTORY_CHANGES_PRUNE = "DELETE FROM directory_changes WHERE run = $1 AND (member_kind, member) IN
        (SELECT c.member_kind, c.member FROM directory_changes c WHERE c.run = $1
        ORDER BY c.member_kind, c.member LIMIT $2)";
}

const REPLACEMENTS_PUT: Insertion = Insertion {
    name: "DIRECTORY_REPLACEMENTS_PUT",
    head: "INSERT INTO directory_replacements (run, group_id) VALUES ",
    tail: " ON CONFLICT DO NOTHING",
};

pub(super) async fn replacements(
    store: &mut SqlTransaction,
    run: RunNumber,
    limit: u32,
) -> Result<Vec<GroupId>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_REPLACEMENTS_FIRST, values![run, limit]).await?;
    rows.iter().map(Row::single).collect()
}

pub(super) async fn replacements_put(
    store: &mut SqlTransaction,
    run: RunNumber,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    let rows = groups.iter().map(|group| [run.into(), group.into()]).collect();
    for statement in REPLACEMENTS_PUT.statements::<2>(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

pub(super) async fn replacements_delete(
    store: &mut SqlTransaction,
    run: RunNumber,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    for piece in groups.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_REPLACEMENTS_DELETE");
        builder.sql("DELETE FROM directory_replacements WHERE run = ").value(run);
        builder.sql(" AND group_id IN (").list(piece).sql(")");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

/// Deletes some rows of the oldest run that nobody needs. A dry run that has not been heard of since `before` is one.
pub(super) async fn prune(
    store: &mut SqlTransaction,
    before: portal_core::time::UnixMillis,
    limit: u32,
) -> Result<u64, StoreError> {
    const PRUNES: [&Statement; 5] = [
        &DIRECTORY_MEMBERSHIPS_PRUNE,
        &DIRECTORY_PEOPLE_PRUNE,
        &DIRECTORY_GROUPS_PRUNE,
        &DIRECTORY_REPLACEMENTS_PRUNE,
        &DIRECTORY_CHANGES_PRUNE,
    ];
    let Some(row) = store.fetch_optional(&DIRECTORY_PRUNABLE_RUN, values![before]).await? else {
        return Ok(0);
    };
    let run: RunNumber = row.single()?;
    for statement in PRUNES {
        let gone = store.execute(statement, values![run, limit]).await?;
        if gone > 0 {
            return Ok(gone);
        }
    }
    // Counted as one, so that whoever goes on while something goes looks for the next run.
    store.execute(&DIRECTORY_RUN_IS_EMPTY, values![run]).await
}

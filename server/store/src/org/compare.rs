//! What differs between two runs, and whom it concerns.

use portal_core::{
    org::{
        GroupId, Member, PersonState, ProviderId, Subject,
        rows::{GroupDifference, PersonDifference, standing_of},
        run::RunNumber,
    },
    ports::StoreError,
};
use portal_model::EntityRef;

use super::{memberships::member_of, rows::KEYS_PER_STATEMENT};
use crate::{
    row::{Columns, Row},
    sql_builder::SqlBuilder,
    statement::statements,
    transaction::SqlTransaction,
    value::values,
};

/// A run that has no rows: what a first run is compared with.
const NO_RUN: RunNumber = RunNumber(0);

/// Stable ids of people who have an account or a static token, by their own id or by a ref of either run, or may have
/// one as a person of another provider; `$4` is the provider. It begins with accounts and tokens: a run changes many
/// people, and most of them have neither. The order of the joins is said outright, as SQLite keeps no statistics.
macro_rules! concerned {
    () => {
        "SELECT u.subject AS subject FROM users u WHERE u.provider = $4
        UNION SELECT u.person_subject FROM users u WHERE u.person_provider = $4
        UNION SELECT t.owner_subject FROM static_tokens t WHERE t.owner_provider = $4
        UNION SELECT p.subject FROM users u CROSS JOIN directory_people p
            WHERE p.entity_ref = u.entity_ref AND p.run IN ($1, $2)
        UNION SELECT p.subject FROM static_tokens t CROSS JOIN directory_people p
            WHERE p.entity_ref = t.owner_ref AND p.run IN ($1, $2)
        UNION SELECT i.subject FROM directory_identities i WHERE i.linked_provider > '' AND i.provider || '' = $4
        UNION SELECT i.linked_subject FROM directory_identities i WHERE i.linked_provider = $4"
    };
}

statements! {
    DIRECTORY_PERSON_DIFFERENCES = "SELECT n.subject, o.entity_ref, o.standing, o.vendor_status,
            n.entity_ref, n.standing, n.vendor_status
        FROM directory_people n LEFT JOIN directory_people o ON o.run = $1 AND o.subject = n.subject
        WHERE n.run = $2 AND n.subject > $3 AND (o.subject IS NULL OR o.standing <> n.standing
            OR o.entity_ref <> n.entity_ref OR o.own <> n.own OR o.record <> n.record)
        UNION ALL
        SELECT o.subject, o.entity_ref, o.standing, o.vendor_status, NULL, NULL, NULL
        FROM directory_people o WHERE o.run = $1 AND o.subject > $3
            AND NOT EXISTS (SELECT 1 FROM directory_people n WHERE n.run = $2 AND n.subject = o.subject)
        ORDER BY 1 LIMIT $4";
    DIRECTORY_GROUP_DIFFERENCES = "SELECT n.id,
            CASE WHEN o.standing = 'active' THEN o.entity_ref END, CASE WHEN n.standing = 'active' THEN n.entity_ref END
        FROM directory_groups n LEFT JOIN directory_groups o ON o.run = $1 AND o.id = n.id
        WHERE n.run = $2 AND n.id > $3 AND (o.id IS NULL OR o.standing <> n.standing
            OR o.entity_ref <> n.entity_ref OR o.record <> n.record)
        UNION ALL
        SELECT o.id, CASE WHEN o.standing = 'active' THEN o.entity_ref END, NULL
        FROM directory_groups o WHERE o.run = $1 AND o.id > $3
            AND NOT EXISTS (SELECT 1 FROM directory_groups n WHERE n.run = $2 AND n.id = o.id)
        ORDER BY 1 LIMIT $4";
    DIRECTORY_UNEXPLAINED_COUNT = "SELECT COUNT(*) FROM directory_people o
        LEFT JOIN directory_people n ON n.run = $2 AND n.subject = o.subject
        WHERE o.run = $1 AND o.standing = 'active'
            AND (n.subject IS NULL OR n.standing NOT IN ('active', 'suspended', 'disabled', 'deleted'))";
    DIRECTORY_DIRTY = "WITH moved AS (
            SELECT n.id FROM directory_groups n LEFT JOIN directory_groups o ON o.run = $1 AND o.id = n.id
            WHERE n.run = $2 AND (o.id IS NULL OR o.entity_ref <> n.entity_ref OR o.standing <> n.standing)
            UNION
            SELECT o.id FROM directory_groups o WHERE o.run = $1
                AND NOT EXISTS (SELECT 1 FROM directory_groups n WHERE n.run = $2 AND n.id = o.id))
        SELECT DISTINCT d.member_kind, d.member FROM (
            SELECT 'group' AS member_kind, v.id AS member FROM moved v
            UNION ALL
            SELECT 'group', n.id FROM directory_groups n JOIN directory_groups o ON o.run = $1 AND o.id = n.id
            WHERE n.run = $2 AND o.record <> n.record
            UNION ALL
            SELECT 'group', g.parent FROM directory_groups g JOIN directory_groups a ON a.id = g.id
            WHERE g.parent IS NOT NULL AND g.run IN ($1, $2) AND a.run IN ($1, $2) AND a.run <> g.run
                AND (a.parent IS NULL OR a.parent <> g.parent)
            UNION ALL
            SELECT 'group', g.parent FROM moved v JOIN directory_groups g ON g.run IN ($1, $2) AND g.id = v.id
            WHERE g.parent IS NOT NULL
            UNION ALL
            SELECT 'group', g.id FROM moved v JOIN directory_groups g ON g.run IN ($1, $2) AND g.parent = v.id
            UNION ALL
            SELECT m.member_kind, m.member FROM moved v
            JOIN directory_memberships m ON m.run IN ($1, $2) AND m.group_id = v.id
            UNION ALL
            SELECT 'group', m.group_id FROM moved v
            JOIN directory_memberships m ON m.run IN ($1, $2) AND m.member_kind = 'group' AND m.member = v.id
            UNION ALL
            SELECT 'person', n.subject FROM directory_people n
            LEFT JOIN directory_people o ON o.run = $1 AND o.subject = n.subject
            WHERE n.run = $2 AND (o.subject IS NULL OR o.standing <> n.standing OR o.entity_ref <> n.entity_ref
                OR o.own <> n.own OR o.record <> n.record)
            UNION ALL
            SELECT 'person', o.subject FROM directory_people o WHERE o.run = $1
                AND NOT EXISTS (SELECT 1 FROM directory_people n WHERE n.run = $2 AND n.subject = o.subject)
            UNION ALL
            SELECT a.member_kind, a.member FROM directory_memberships a WHERE a.run IN ($1, $2) AND NOT EXISTS
                (SELECT 1 FROM directory_memberships b WHERE b.run = $1 + $2 - a.run
                    AND b.member_kind = a.member_kind AND b.member = a.member AND b.group_id = a.group_id)
            UNION ALL
            SELECT 'group', a.group_id FROM directory_memberships a
            WHERE a.run IN ($1, $2) AND a.member_kind = 'group' AND NOT EXISTS
                (SELECT 1 FROM directory_memberships b WHERE b.run = $1 + $2 - a.run
                    AND b.member_kind = a.member_kind AND b.member = a.member AND b.group_id = a.group_id)
        ) d LIMIT $3";
    DIRECTORY_AFFECTED = concat!("WITH concerned AS (", concerned!(), ")
        SELECT c.member, o.entity_ref, o.standing, o.vendor_status, n.entity_ref, n.standing, n.vendor_status
        FROM concerned x CROSS JOIN directory_changes c
        LEFT JOIN directory_people o ON o.run = $1 AND o.subject = c.member
        LEFT JOIN directory_people n ON n.run = $2 AND n.subject = c.member
        WHERE c.run = $2 AND c.member_kind = 'person' AND c.member = x.subject AND c.member > $3
            AND (o.subject IS NULL OR n.subject IS NULL OR o.standing <> n.standing OR o.entity_ref <> n.entity_ref)
        ORDER BY c.member LIMIT $5");
    DIRECTORY_PERSON_NAME_TWINS = "SELECT name FROM directory_people
        WHERE run = $1 AND standing = 'active' AND own = TRUE GROUP BY name HAVING COUNT(*) > 1 ORDER BY name LIMIT $2";
    DIRECTORY_GROUP_NAME_TWINS = "SELECT name FROM directory_groups
        WHERE run = $1 AND standing = 'active' GROUP BY name HAVING COUNT(*) > 1 ORDER BY name LIMIT $2";
    DIRECTORY_REJECTED = "SELECT entity_ref, vendor_status FROM directory_people
        WHERE run = $1 AND standing = 'rejected'
        UNION ALL
        SELECT entity_ref, reason FROM directory_groups WHERE run = $1 AND standing = 'rejected'
        ORDER BY 1, 2 LIMIT $2";
}

pub(super) async fn people(
    store: &mut SqlTransaction,
    from: Option<RunNumber>,
    to: RunNumber,
    after: Option<&Subject>,
    limit: u32,
) -> Result<Vec<PersonDifference>, StoreError> {
    let values = values![from.unwrap_or(NO_RUN), to, after.map_or("", Subject::as_str), limit];
    store.fetch_all(&DIRECTORY_PERSON_DIFFERENCES, values).await?.iter().map(person).collect()
}

pub(super) async fn groups(
    store: &mut SqlTransaction,
    from: Option<RunNumber>,
    to: RunNumber,
    after: Option<&GroupId>,
    limit: u32,
) -> Result<Vec<GroupDifference>, StoreError> {
    let values = values![from.unwrap_or(NO_RUN), to, after.map_or("", GroupId::as_str), limit];
    let rows = store.fetch_all(&DIRECTORY_GROUP_DIFFERENCES, values).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok(GroupDifference { id: columns.take()?, before: columns.take()?, after: columns.take()? })
        })
        .collect()
}

pub(super) async fn unexplained(
    store: &mut SqlTransaction,
    from: RunNumber,
    to: RunNumber,
) -> Result<i64, StoreError> {
    store.fetch_number(&DIRECTORY_UNEXPLAINED_COUNT, values![from, to]).await
}

pub(super) async fn dirty(
    store: &mut SqlTransaction,
    from: RunNumber,
    to: RunNumber,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_DIRTY, values![from, to, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            let kind: String = columns.take()?;
            member_of(&kind, columns.take()?)
        })
        .collect()
}

pub(super) async fn affected(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    from: Option<RunNumber>,
    to: RunNumber,
    after: Option<&Subject>,
    limit: u32,
) -> Result<Vec<PersonDifference>, StoreError> {
    let after = after.map_or("", Subject::as_str);
    let values = values![from.unwrap_or(NO_RUN), to, after, provider.as_str(), limit];
    store.fetch_all(&DIRECTORY_AFFECTED, values).await?.iter().map(person).collect()
}

pub(super) async fn name_twins(
    store: &mut SqlTransaction,
    run: RunNumber,
    groups: bool,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let statement = if groups { &DIRECTORY_GROUP_NAME_TWINS } else { &DIRECTORY_PERSON_NAME_TWINS };
    store.fetch_all(statement, values![run, limit]).await?.iter().map(Row::single).collect()
}

pub(super) async fn rejected(
    store: &mut SqlTransaction,
    run: RunNumber,
    limit: u32,
) -> Result<Vec<(EntityRef, String)>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_REJECTED, values![run, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok((columns.take()?, columns.take()?))
        })
        .collect()
}

/// Entities among these that another location has published, with the place it reads.
pub(super) async fn defined_elsewhere(
    store: &mut SqlTransaction,
    own: &portal_core::ids::LocationId,
    refs: &[EntityRef],
) -> Result<Vec<(EntityRef, String)>, StoreError> {
    let mut found = Vec::new();
    for piece in refs.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_DEFINED_ELSEWHERE");
        builder
            .sql(
                "SELECT e.entity_ref, l.target_kind, l.target FROM published_entities e
                JOIN locations l ON l.id = e.location_id WHERE e.location_id <> ",
            )
            .value(own)
            .sql(" AND e.entity_ref IN (")
            .list(piece)
            .sql(") ORDER BY e.entity_ref");
        for row in store.fetch_built(builder.once()).await? {
            let mut columns = row.columns();
            let (entity_ref, kind): (EntityRef, String) = (columns.take()?, columns.take()?);
            let target: String = columns.take()?;
            let place = if kind == "provider" { format!("the provider {target}") } else { target };
            found.push((entity_ref, place));
        }
    }
    Ok(found)
}

fn person(row: &Row) -> Result<PersonDifference, StoreError> {
    let mut columns = row.columns();
    Ok(PersonDifference {
        subject: columns.take()?,
        before: state(&mut columns)?,
        after: state(&mut columns)?,
    })
}

fn state(columns: &mut Columns<'_>) -> Result<Option<PersonState>, StoreError> {
    let entity_ref: Option<EntityRef> = columns.take()?;
    let (word, vendor_status): (Option<String>, Option<String>) = (columns.take()?, columns.take()?);
    let (Some(entity_ref), Some(word)) = (entity_ref, word) else { return Ok(None) };
    let standing = standing_of(&word, &vendor_status.unwrap_or_default())
        .ok_or_else(|| StoreError::Inconsistent(format!("a person's standing is {word}")))?;
    Ok(Some(PersonState { entity_ref, standing }))
}

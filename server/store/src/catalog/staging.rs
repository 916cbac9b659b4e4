//! Staging: entities, search keys and relations under a run's id, and their removal.

use std::collections::{HashMap, HashSet};

use portal_core::{
    catalog::StagedEntity,
    ids::{LocationId, RunId},
    ingestion::Rejection,
    ports::StoreError,
};
use portal_model::EntityRef;

use crate::{
    row::Row,
    sql_builder::{Insertion, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::{Value, values},
};

/// Longest search key, in bytes; longer ones are left out. With [`SEARCH_VALUE_BYTES_MAX`] it keeps an index entry
/// below what PostgreSQL takes (2,704 bytes).
const SEARCH_KEY_BYTES_MAX: usize = 1024;
/// Longest value of a search key, in bytes: 256 characters of four bytes. Longer ones are left out.
const SEARCH_VALUE_BYTES_MAX: usize = 1024;
/// After how many new entities the engine looks at the tables again.
const STATISTICS_ENTITIES: i64 = 10_000;
/// Entities in one statement of a list.
const ENTITIES_PER_STATEMENT: usize = 250;

statements! {
    STAGING_TURN = "UPDATE staging_turns SET turn = turn + 1 WHERE id = 1";
    RUN_INSERT = "INSERT INTO runs (id, location_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    RUN_SIZE = "SELECT COUNT(*) FROM entities WHERE run_id = $1";
    RUN_START_LIVE = "UPDATE locations SET published_run = COALESCE(published_run, $2) WHERE id = $1
        RETURNING published_run";
    ENTITY_OF_LOCATION = "SELECT e.id FROM entities e JOIN locations l ON l.published_run = e.run_id
        WHERE l.id = $1 AND e.entity_ref = $2";
    RUN_CONFLICTS = "SELECT e.entity_ref FROM entity_twins t
        JOIN entities e ON e.run_id = $2 AND e.entity_ref = t.entity_ref
        JOIN published_entities p ON p.entity_ref = t.entity_ref AND p.location_id <> $1
        ORDER BY e.entity_ref LIMIT $3";
    // Directory runs last longer than a process: theirs are known by name.
    ORPHAN_RUN_LIST = "SELECT r.id FROM runs r
        WHERE NOT EXISTS (SELECT 1 FROM locations l WHERE l.published_run = r.id)
            AND NOT EXISTS (SELECT 1 FROM directory_runs d JOIN directory_providers p ON p.id = d.provider
                AND (p.active_run = d.number OR p.held_run = d.number) WHERE 'org-' || d.number = r.id)
        ORDER BY r.id";
    RETIRE_REPLACED = "UPDATE entities SET run_id = $3 WHERE run_id = $2
        AND entity_ref IN (SELECT s.entity_ref FROM entities s WHERE s.run_id = $1)";
    ADOPT = "UPDATE entities SET run_id = $2 WHERE run_id = $1";
    ORPHAN_ENTITY_LIST = "SELECT id FROM entities WHERE run_id = $1 ORDER BY id LIMIT $2";
    ORPHAN_REJECTION_DELETE = "DELETE FROM rejections WHERE run_id = $1";
    RUN_DELETE = "DELETE FROM runs WHERE id = $1";
    TWIN_PRUNE = "DELETE FROM entity_twins WHERE NOT EXISTS
        (SELECT 1 FROM entities a JOIN entities b
            ON b.entity_ref = a.entity_ref AND b.location_id <> a.location_id
        WHERE a.entity_ref = entity_twins.entity_ref)";
}

const ENTITY_INSERT: Insertion = Insertion {
    name: "ENTITY_INSERT",
    head: "INSERT INTO entities (run_id, location_id, entity_ref, kind, namespace, name) VALUES ",
    tail: " ON CONFLICT DO NOTHING RETURNING id, entity_ref",
};
const DOCUMENT_INSERT: Insertion = Insertion {
    name: "DOCUMENT_INSERT",
    head: "INSERT INTO entity_documents (entity_id, document) VALUES ",
    tail: "",
};
const SEARCH_INSERT: Insertion = Insertion {
    name: "SEARCH_INSERT",
    head: "INSERT INTO entity_search (entity_id, key, value) VALUES ",
    tail: " ON CONFLICT DO NOTHING",
};
const RELATION_INSERT: Insertion = Insertion {
    name: "RELATION_INSERT",
    head: "INSERT INTO relations (stated_by, source_ref, type, type_key, target_ref) VALUES ",
    tail: " ON CONFLICT DO NOTHING",
};
const REJECTION_INSERT: Insertion = Insertion {
    name: "REJECTION_INSERT",
    head: "INSERT INTO rejections (run_id, file, line, path, entity, reason) VALUES ",
    tail: "",
};

pub(super) async fn stage(
    store: &mut SqlTransaction,
    location: &LocationId,
    run: &RunId,
    entities: &[StagedEntity],
) -> Result<(), StoreError> {
    store.expect_long().await?;
    store.execute(&STAGING_TURN, &[]).await?;
    store.execute(&RUN_INSERT, values![run, location]).await?;
    let mut seen = HashSet::new();
    let firsts: Vec<&StagedEntity> =
        entities.iter().filter(|entity| seen.insert(&entity.entity_ref)).collect();
    let ids = insert_entities(store, location, run, &firsts).await?;
    let kept: Vec<(i64, &StagedEntity)> =
        firsts.into_iter().filter_map(|entity| Some((*ids.get(&entity.entity_ref)?, entity))).collect();
    let documents =
        kept.iter().map(|(id, entity)| [Value::from(*id), Value::from(&entity.document)]).collect();
    insert(store, &DOCUMENT_INSERT, documents).await?;
    insert(store, &SEARCH_INSERT, kept.iter().flat_map(|(id, entity)| search_rows(*id, entity)).collect())
        .await?;
    insert(
        store,
        &RELATION_INSERT,
        kept.iter().flat_map(|(id, entity)| relation_rows(*id, entity)).collect(),
    )
    .await?;
    record_twins(store, location, &kept).await?;
    // While staging, so that publishing stays short and finds everything ready.
    let intervals = || kept.iter().map(|(id, _)| id / STATISTICS_ENTITIES);
    if intervals().min() != intervals().max() {
        store.refresh_statistics().await?;
    }
    Ok(())
}

pub(super) async fn reject(
    store: &mut SqlTransaction,
    location: &LocationId,
    run: &RunId,
    rejections: &[Rejection],
) -> Result<(), StoreError> {
    store.execute(&RUN_INSERT, values![run, location]).await?;
    let rows = rejections
        .iter()
        .map(|rejection| {
            [
                run.into(),
                (&rejection.file).into(),
                Value::Integer(rejection.line.map(i64::from)),
                (&rejection.path).into(),
                (&rejection.entity).into(),
                (&rejection.reason).into(),
            ]
        })
        .collect();
    insert(store, &REJECTION_INSERT, rows).await
}

pub(super) async fn size(store: &mut SqlTransaction, run: &RunId) -> Result<i64, StoreError> {
    store.fetch_number(&RUN_SIZE, values![run]).await
}

pub(super) async fn prune(
    store: &mut SqlTransaction,
    running: &[RunId],
    limit: u32,
) -> Result<u64, StoreError> {
    store.expect_long().await?;
    let mut left = limit;
    for row in store.fetch_all(&ORPHAN_RUN_LIST, &[]).await? {
        let run: RunId = row.single()?;
        if left == 0 {
            break;
        }
        if running.contains(&run) {
            continue;
        }
        let rows = store.fetch_all(&ORPHAN_ENTITY_LIST, values![&run, left]).await?;
        let ids = rows.iter().map(Row::single).collect::<Result<Vec<i64>, _>>()?;
        delete_entities(store, &ids).await?;
        left = left.saturating_sub(u32::try_from(ids.len()).unwrap_or(u32::MAX));
        // Fewer than were asked for: that was the rest of the run.
        if left > 0 {
            store.execute(&ORPHAN_REJECTION_DELETE, values![&run]).await?;
            store.execute(&RUN_DELETE, values![&run]).await?;
        }
    }
    let pruned = limit - left;
    if pruned > 0 {
        store.execute(&STAGING_TURN, &[]).await?;
        store.execute(&TWIN_PRUNE, &[]).await?;
    }
    Ok(u64::from(pruned))
}

pub(super) async fn entity_put(
    store: &mut SqlTransaction,
    location: &LocationId,
    entity: &StagedEntity,
) -> Result<(), StoreError> {
    let live = format!("live-{location}");
    let Some(row) = store.fetch_optional(&RUN_START_LIVE, values![location, live]).await? else {
        return Err(StoreError::Inconsistent(
            "an entity was put into a location that is not there".to_owned(),
        ));
    };
    let run: RunId = row.single()?;
    entity_delete(store, location, &entity.entity_ref).await?;
    stage(store, location, &run, std::slice::from_ref(entity)).await
}

/// The refs are looked for in pieces; what is not there is passed over.
pub(super) async fn unstage(
    store: &mut SqlTransaction,
    run: &RunId,
    refs: &[EntityRef],
) -> Result<(), StoreError> {
    for piece in refs.chunks(ENTITIES_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("ENTITIES_OF_RUN");
        builder.sql("SELECT id FROM entities WHERE run_id = ").value(run);
        builder.sql(" AND entity_ref IN (").list(piece).sql(")");
        let rows = store.fetch_built(builder.once()).await?;
        let ids = rows.iter().map(Row::single).collect::<Result<Vec<i64>, _>>()?;
        delete_entities(store, &ids).await?;
    }
    Ok(())
}

/// What goes is given to a run that nobody publishes: its rows are deleted later, in batches.
pub(super) async fn adopt(
    store: &mut SqlTransaction,
    location: &LocationId,
    run: &RunId,
    gone: &[EntityRef],
) -> Result<(), StoreError> {
    let live = format!("live-{location}");
    let Some(row) = store.fetch_optional(&RUN_START_LIVE, values![location, live]).await? else {
        return Err(StoreError::Inconsistent("entities came to a location that is not there".to_owned()));
    };
    let live: RunId = row.single()?;
    let retired = RunId(format!("retired-{run}"));
    store.execute(&RUN_INSERT, values![&live, location]).await?;
    store.execute(&RUN_INSERT, values![&retired, location]).await?;
    for piece in gone.chunks(ENTITIES_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("RETIRE");
        builder.sql("UPDATE entities SET run_id = ").value(&retired).sql(" WHERE run_id = ").value(&live);
        builder.sql(" AND entity_ref IN (").list(piece).sql(")");
        store.execute_built(builder.once()).await?;
    }
    store.execute(&RETIRE_REPLACED, values![run, &live, &retired]).await?;
    store.execute(&ADOPT, values![run, &live]).await?;
    store.execute(&ORPHAN_REJECTION_DELETE, values![run]).await?;
    store.execute(&RUN_DELETE, values![run]).await.map(drop)
}

pub(super) async fn conflicts(
    store: &mut SqlTransaction,
    location: &LocationId,
    run: &RunId,
    limit: u32,
) -> Result<Vec<EntityRef>, StoreError> {
    store.fetch_all(&RUN_CONFLICTS, values![location, run, limit]).await?.iter().map(Row::single).collect()
}

pub(super) async fn entity_put_all(
    store: &mut SqlTransaction,
    location: &LocationId,
    gone: &[EntityRef],
    entities: &[StagedEntity],
) -> Result<(), StoreError> {
    let live = format!("live-{location}");
    let Some(row) = store.fetch_optional(&RUN_START_LIVE, values![location, live]).await? else {
        return Err(StoreError::Inconsistent(
            "entities were put into a location that is not there".to_owned(),
        ));
    };
    let run: RunId = row.single()?;
    unstage(store, &run, gone).await?;
    let refs: Vec<EntityRef> = entities.iter().map(|entity| entity.entity_ref.clone()).collect();
    unstage(store, &run, &refs).await?;
    if entities.is_empty() {
        return Ok(());
    }
    stage(store, location, &run, entities).await
}

pub(super) async fn entity_delete(
    store: &mut SqlTransaction,
    location: &LocationId,
    entity_ref: &EntityRef,
) -> Result<bool, StoreError> {
    let Some(row) = store.fetch_optional(&ENTITY_OF_LOCATION, values![location, entity_ref]).await? else {
        return Ok(false);
    };
    Ok(delete_entities(store, &[row.single()?]).await? > 0)
}

/// Returns the ids of those that were not there yet.
async fn insert_entities(
    store: &mut SqlTransaction,
    location: &LocationId,
    run: &RunId,
    entities: &[&StagedEntity],
) -> Result<HashMap<EntityRef, i64>, StoreError> {
    let rows = entities
        .iter()
        .map(|StagedEntity { entity_ref, .. }| {
            [
                run.into(),
                location.into(),
                entity_ref.into(),
                entity_ref.kind().into(),
                entity_ref.namespace().into(),
                entity_ref.name().into(),
            ]
        })
        .collect();
    let mut ids = HashMap::with_capacity(entities.len());
    for statement in ENTITY_INSERT.statements::<6>(rows) {
        for row in store.fetch_built(statement).await? {
            let mut columns = row.columns();
            let id = columns.take()?;
            ids.insert(columns.take()?, id);
        }
    }
    Ok(ids)
}

fn search_rows(id: i64, entity: &StagedEntity) -> impl Iterator<Item = [Value<'_>; 3]> {
    entity
        .search
        .iter()
        .filter(|(key, value)| key.len() <= SEARCH_KEY_BYTES_MAX && value.len() <= SEARCH_VALUE_BYTES_MAX)
        .map(move |(key, value)| [id.into(), key.into(), value.into()])
}

fn relation_rows(id: i64, entity: &StagedEntity) -> impl Iterator<Item = [Value<'_>; 5]> {
    entity.relations.iter().map(move |(source, kind, target)| {
        [id.into(), source.into(), kind.into(), kind.to_lowercase().into(), target.into()]
    })
}

async fn insert<const COLUMNS: usize>(
    store: &mut SqlTransaction,
    insertion: &Insertion,
    rows: Vec<[Value<'_>; COLUMNS]>,
) -> Result<(), StoreError> {
    for statement in insertion.statements(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

/// Notes the references that another location has too. The lock taken by [`STAGING_TURN`] makes sure that of two
/// batches staged at the same time the later one sees the earlier.
async fn record_twins(
    store: &mut SqlTransaction,
    location: &LocationId,
    entities: &[(i64, &StagedEntity)],
) -> Result<(), StoreError> {
    for piece in entities.chunks(ENTITIES_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("TWIN_RECORD");
        builder
            .sql("INSERT INTO entity_twins (entity_ref) SELECT DISTINCT o.entity_ref FROM entities o WHERE o.location_id <> ")
            .value(location)
            .sql(" AND o.entity_ref IN (")
            .list(piece.iter().map(|(_, entity)| &entity.entity_ref))
            .sql(") ON CONFLICT DO NOTHING");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

async fn delete_entities(store: &mut SqlTransaction, ids: &[i64]) -> Result<u64, StoreError> {
    const DELETIONS: [(&str, &str); 4] = [
        ("ENTITY_DELETE", "DELETE FROM entities WHERE id IN ("),
        ("DOCUMENT_DELETE", "DELETE FROM entity_documents WHERE entity_id IN ("),
        ("SEARCH_DELETE", "DELETE FROM entity_search WHERE entity_id IN ("),
        ("RELATION_DELETE", "DELETE FROM relations WHERE stated_by IN ("),
    ];
    let mut deleted = 0;
    for piece in ids.chunks(ENTITIES_PER_STATEMENT) {
        for (name, head) in DELETIONS {
            let mut builder = SqlBuilder::new(name);
            builder.sql(head).list(piece.iter().copied()).sql(")");
            let rows = store.execute_built(builder.once()).await?;
            if name == "ENTITY_DELETE" {
                deleted += rows;
            }
        }
    }
    Ok(deleted)
}

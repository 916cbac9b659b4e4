//! Entities by reference and by name, and the relations that go with them.

use std::{collections::HashMap, sync::Arc};

use portal_core::{
    catalog::{Relation, StoredEntity},
    ids::LocationId,
    ports::StoreError,
};
use portal_model::EntityRef;

use crate::{
    row::{Columns, Row},
    sql_builder::{Conditions, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::values,
};

/// Most references in one list of a statement.
const REFS_PER_STATEMENT: usize = 250;

statements! {
    ENTITY_BY_REF = "SELECT e.entity_ref, e.location_id, d.document
        FROM published_entities e JOIN entity_documents d ON d.entity_id = e.id
        WHERE e.entity_ref = $1";
    ENTITY_LOCATION = "SELECT e.location_id FROM published_entities e WHERE e.entity_ref = $1";
    RELATION_LIST_OF_ENTITY = "SELECT r.source_ref, r.type, r.target_ref FROM published_relations r
        WHERE r.source_ref = $1";
}

pub(super) async fn by_ref(
    store: &mut SqlTransaction,
    entity_ref: &EntityRef,
) -> Result<Option<StoredEntity>, StoreError> {
    let Some(row) = store.fetch_optional(&ENTITY_BY_REF, values![entity_ref]).await? else {
        return Ok(None);
    };
    let mut found = entity(&mut row.columns())?;
    let rows = store.fetch_all(&RELATION_LIST_OF_ENTITY, values![entity_ref]).await?;
    found.relations = relations_by_source(&rows)?.remove(entity_ref).unwrap_or_default();
    Ok(Some(found))
}

pub(super) async fn list_by_refs(
    store: &mut SqlTransaction,
    refs: &[EntityRef],
) -> Result<Vec<StoredEntity>, StoreError> {
    let mut texts: Vec<String> = refs.iter().map(ToString::to_string).collect();
    texts.sort_unstable();
    texts.dedup();
    let mut found = Vec::with_capacity(texts.len());
    for piece in texts.chunks(REFS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("ENTITY_LIST_BY_REFS");
        builder
            .sql(
                "SELECT e.entity_ref, e.location_id, d.document
                FROM published_entities e JOIN entity_documents d ON d.entity_id = e.id
                WHERE e.entity_ref IN (",
            )
            .list(piece)
            .sql(") ORDER BY e.entity_ref");
        for row in store.fetch_built(builder.once()).await? {
            found.push(entity(&mut row.columns())?);
        }
    }
    with_relations(store, found).await
}

pub(super) async fn list_by_name(
    store: &mut SqlTransaction,
    kind: Option<&str>,
    namespace: Option<&str>,
    name: &str,
    limit: u32,
) -> Result<Vec<StoredEntity>, StoreError> {
    let mut builder = SqlBuilder::new("ENTITY_LIST_BY_NAME");
    builder.sql(
        "SELECT e.entity_ref, e.location_id, d.document
        FROM published_entities e JOIN entity_documents d ON d.entity_id = e.id",
    );
    let mut conditions = Conditions::new();
    conditions.next(&mut builder);
    builder.sql("e.name = ").value(name.to_lowercase());
    if let Some(kind) = kind {
        conditions.next(&mut builder);
        builder.sql("e.kind = ").value(kind.to_lowercase());
    }
    if let Some(namespace) = namespace {
        conditions.next(&mut builder);
        builder.sql("e.namespace = ").value(namespace.to_lowercase());
    }
    builder.sql(" ORDER BY e.entity_ref LIMIT ").value(limit);
    let rows = store.fetch_built(builder.kept()).await?;
    let found = rows.iter().map(|row| entity(&mut row.columns())).collect::<Result<_, _>>()?;
    with_relations(store, found).await
}

pub(super) async fn location(
    store: &mut SqlTransaction,
    entity_ref: &EntityRef,
) -> Result<Option<LocationId>, StoreError> {
    store.fetch_optional(&ENTITY_LOCATION, values![entity_ref]).await?.map(|row| row.single()).transpose()
}

/// Adds the relations of these entities.
pub(super) async fn with_relations(
    store: &mut SqlTransaction,
    mut entities: Vec<StoredEntity>,
) -> Result<Vec<StoredEntity>, StoreError> {
    for piece in entities.chunks_mut(REFS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("RELATION_LIST_OF_ENTITIES");
        builder
            .sql("SELECT r.source_ref, r.type, r.target_ref FROM published_relations r WHERE r.source_ref IN (")
            .list(piece.iter().map(|entity| entity.entity_ref.to_string()))
            .sql(")");
        let mut relations = relations_by_source(&store.fetch_built(builder.once()).await?)?;
        for entity in piece {
            entity.relations = relations.remove(&entity.entity_ref).unwrap_or_default();
        }
    }
    Ok(entities)
}

/// Reads reference, location and document.
pub(super) fn entity(columns: &mut Columns<'_>) -> Result<StoredEntity, StoreError> {
    Ok(StoredEntity {
        entity_ref: columns.take()?,
        location_id: columns.take()?,
        document: Arc::new(columns.json()?),
        relations: Vec::new(),
    })
}

/// Relations by the entity that they start from: sorted, each once although both ends may state it.
fn relations_by_source(rows: &[Row]) -> Result<HashMap<EntityRef, Vec<Relation>>, StoreError> {
    let mut relations: HashMap<EntityRef, Vec<Relation>> = HashMap::new();
    for row in rows {
        let mut columns = row.columns();
        let source = columns.take()?;
        let relation = Relation { kind: columns.take()?, target: columns.take()? };
        relations.entry(source).or_default().push(relation);
    }
    for list in relations.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    Ok(relations)
}

//! What entities have in common: values of keys, and kinds, with counts.

use portal_core::{
    catalog::{EntityQuery, Facet, FacetCounts, KindGroup, StoredEntity},
    ports::StoreError,
};

use super::{
    entities::{entity, with_relations},
    predicate::{Key, write_condition},
};
use crate::{row::Row, sql_builder::SqlBuilder, transaction::SqlTransaction};

/// Most kinds of one answer.
const KINDS_MAX: u32 = 50;
/// Keys of relations begin with this; the type follows.
const RELATION_PREFIX: &str = "relations.";

pub(super) async fn one(
    store: &mut SqlTransaction,
    query: &EntityQuery,
    key: &str,
    limit: u32,
) -> Result<Vec<Facet>, StoreError> {
    let mut builder = SqlBuilder::new("ENTITY_FACET");
    match Key::parse(key) {
        Key::Search(key) => builder
            .sql(
                "SELECT f.value, COUNT(*) AS entities FROM published_entities e
                JOIN entity_search f ON f.entity_id = e.id AND f.key = ",
            )
            .value(key),
        // Both ends may state a relation, so that an entity can have it twice.
        Key::Relation(kind) => builder
            .sql(
                "SELECT f.target_ref, COUNT(DISTINCT e.id) AS entities FROM published_entities e
                JOIN published_relations f ON f.source_ref = e.entity_ref AND f.type_key = ",
            )
            .value(kind),
    };
    builder.sql(" WHERE ");
    write_condition(&mut builder, query)?;
    builder.sql(" GROUP BY 1 ORDER BY entities DESC, 1 LIMIT ").value(limit);
    store.fetch_built(builder.once()).await?.iter().map(facet_row).collect()
}

fn facet_row(row: &Row) -> Result<Facet, StoreError> {
    let mut columns = row.columns();
    Ok(Facet { value: columns.take()?, count: columns.take()? })
}

/// Finds the entities once, and counts what they have.
pub(super) async fn several(
    store: &mut SqlTransaction,
    query: &EntityQuery,
    keys: &[&str],
    limit: u32,
) -> Result<FacetCounts, StoreError> {
    let mut builder = SqlBuilder::new("ENTITY_FACETS");
    builder.sql("WITH m AS MATERIALIZED (SELECT e.id, e.entity_ref FROM published_entities e WHERE ");
    write_condition(&mut builder, query)?;
    builder.sql("), counted AS (SELECT '' AS facet, '' AS value, COUNT(*) AS entities FROM m");
    for key in keys {
        write_counted(&mut builder, key);
    }
    builder.sql(
        "), ranked AS (SELECT c.facet, c.value, c.entities,
            ROW_NUMBER() OVER (PARTITION BY c.facet ORDER BY c.entities DESC, c.value) AS place FROM counted c)
        SELECT r.facet, r.value, r.entities FROM ranked r WHERE r.place <= ",
    );
    builder.value(limit.max(1)).sql(" ORDER BY r.facet, r.place");
    let rows = store.fetch_built(builder.once()).await?;
    let mut counts = FacetCounts { total: 0, facets: vec![Vec::new(); keys.len()] };
    for row in &rows {
        let mut columns = row.columns();
        let facet: String = columns.take()?;
        let found = Facet { value: columns.take()?, count: columns.take()? };
        if facet.is_empty() {
            counts.total = found.count;
        } else if let Some(position) = keys.iter().position(|key| *key == facet)
            && let Some(values) = counts.facets.get_mut(position)
        {
            values.push(found);
        }
    }
    Ok(counts)
}

fn write_counted<'a>(builder: &mut SqlBuilder<'a>, key: &'a str) {
    match Key::parse(key) {
        Key::Search(key) => {
            builder
                .sql(
                    " UNION ALL SELECT f.key, f.value, COUNT(*) FROM m
                    CROSS JOIN entity_search f WHERE f.entity_id = m.id AND f.key = ",
                )
                .value(key)
                .sql(" GROUP BY f.key, f.value");
        }
        Key::Relation(kind) => {
            builder
                .sql(" UNION ALL SELECT '")
                .sql(RELATION_PREFIX)
                .sql(
                    "' || f.type_key, f.target_ref, COUNT(DISTINCT m.id) FROM m
                    CROSS JOIN published_relations f WHERE f.source_ref = m.entity_ref AND f.type_key = ",
                )
                .value(kind)
                .sql(" GROUP BY f.type_key, f.target_ref");
        }
    }
}

pub(super) async fn groups(
    store: &mut SqlTransaction,
    query: &EntityQuery,
    limit: u32,
) -> Result<Vec<KindGroup>, StoreError> {
    let mut builder = SqlBuilder::new("ENTITY_GROUPS");
    builder.sql(
        "SELECT p.kind, p.in_kind, p.entity_ref, p.location_id, d.document FROM
        (SELECT q.id, q.kind, q.entity_ref, q.location_id,
            ROW_NUMBER() OVER (PARTITION BY q.kind ORDER BY q.name, q.entity_ref) AS place,
            COUNT(*) OVER (PARTITION BY q.kind) AS in_kind
        FROM (SELECT e.id, e.kind, e.name, e.entity_ref, e.location_id FROM published_entities e WHERE ",
    );
    write_condition(&mut builder, query)?;
    builder.sql(") q) p JOIN entity_documents d ON d.entity_id = p.id WHERE p.place <= ").value(limit);
    builder.sql(" ORDER BY p.in_kind DESC, p.kind, p.place LIMIT ").value(limit.saturating_mul(KINDS_MAX));
    let rows = store.fetch_built(builder.once()).await?;
    let mut kinds: Vec<(String, i64)> = Vec::with_capacity(rows.len());
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut columns = row.columns();
        kinds.push((columns.take()?, columns.take()?));
        items.push(entity(&mut columns)?);
    }
    Ok(grouped(kinds, with_relations(store, items).await?))
}

/// Puts neighbouring entities of the same kind together.
fn grouped(kinds: Vec<(String, i64)>, items: Vec<StoredEntity>) -> Vec<KindGroup> {
    let mut groups: Vec<KindGroup> = Vec::new();
    for ((kind, count), item) in kinds.into_iter().zip(items) {
        match groups.last_mut() {
            Some(group) if group.kind == kind => group.items.push(item),
            _ => groups.push(KindGroup { kind, count, items: vec![item] }),
        }
    }
    groups
}

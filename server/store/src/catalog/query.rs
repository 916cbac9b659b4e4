//! Pages of entities.

use portal_core::{
    catalog::{CursorPosition, EntityPage, EntityQuery, OrderField, StoredEntity},
    ports::StoreError,
};

use super::{
    entities::{entity, with_relations},
    predicate::{Key, write_condition},
};
use crate::{row::Row, sql_builder::SqlBuilder, transaction::SqlTransaction};

pub(super) async fn page(store: &mut SqlTransaction, query: &EntityQuery) -> Result<EntityPage, StoreError> {
    let (rows, more) = page_rows(store, query).await?;
    let from_start = query.after.is_none() && query.offset == 0;
    let total = if from_start && !more {
        i64::try_from(rows.len()).unwrap_or(i64::MAX)
    } else {
        total(store, query).await?
    };
    let mut items = Vec::with_capacity(rows.len());
    let mut next = None;
    for row in &rows {
        let mut columns = row.columns();
        let value = columns.take()?;
        let found = entity(&mut columns)?;
        next = Some(CursorPosition { value, entity_ref: found.entity_ref.clone() });
        items.push(found);
    }
    let items = with_relations(store, items).await?;
    Ok(EntityPage { items, total, next: next.filter(|_| more) })
}

/// The entities of a page, without the total.
pub(super) async fn items(
    store: &mut SqlTransaction,
    query: &EntityQuery,
) -> Result<Vec<StoredEntity>, StoreError> {
    let (rows, _more) = page_rows(store, query).await?;
    let found = |row: &Row| {
        let mut columns = row.columns();
        let _sort_value: Option<String> = columns.take()?;
        entity(&mut columns)
    };
    let items = rows.iter().map(found).collect::<Result<Vec<_>, StoreError>>()?;
    with_relations(store, items).await
}

/// The rows of a page, and whether others follow.
async fn page_rows(store: &mut SqlTransaction, query: &EntityQuery) -> Result<(Vec<Row>, bool), StoreError> {
    let mut rows = store.fetch_built(page_statement(query)?.once()).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok((rows, more))
}

async fn total(store: &mut SqlTransaction, query: &EntityQuery) -> Result<i64, StoreError> {
    let mut builder = SqlBuilder::new("ENTITY_TOTAL");
    builder.sql("SELECT COUNT(*) FROM published_entities e WHERE ");
    write_condition(&mut builder, query)?;
    store.fetch_built(builder.once()).await?.first().map_or(Ok(0), Row::single)
}

/// Chooses the page first and reads documents for that page only. Asks for one row more than the page has.
fn page_statement(query: &EntityQuery) -> Result<SqlBuilder<'_>, StoreError> {
    let mut builder = SqlBuilder::new("ENTITY_PAGE");
    builder.sql(
        "SELECT p.sort_value, p.entity_ref, p.location_id, d.document FROM
        (SELECT q.id, q.entity_ref, q.location_id, q.sort_value FROM
        (SELECT e.id, e.entity_ref, e.location_id, ",
    );
    write_sort_value(&mut builder, query.order.as_ref());
    builder.sql(" AS sort_value FROM published_entities e WHERE ");
    write_condition(&mut builder, query)?;
    builder.sql(") q");
    if let Some(after) = &query.after {
        builder.sql(" WHERE ");
        write_after(&mut builder, query.order.as_ref(), after);
    }
    builder.sql(" ORDER BY ");
    write_order(&mut builder, query.order.as_ref(), "q.sort_value", "q.entity_ref");
    builder.sql(" LIMIT ").value(i64::from(query.limit) + 1).sql(" OFFSET ").value(query.offset);
    builder.sql(") p JOIN entity_documents d ON d.entity_id = p.id ORDER BY ");
    write_order(&mut builder, query.order.as_ref(), "p.sort_value", "p.entity_ref");
    Ok(builder)
}

/// The value that an entity is sorted by: of several the one that comes first in the order.
fn write_sort_value<'a>(builder: &mut SqlBuilder<'a>, order: Option<&'a OrderField>) {
    let Some(order) = order else {
        builder.sql("CAST(NULL AS TEXT)");
        return;
    };
    builder.sql(if order.descending { "(SELECT MAX(" } else { "(SELECT MIN(" });
    match Key::parse(&order.key) {
        Key::Search(key) => {
            builder.sql("o.value) FROM entity_search o WHERE o.entity_id = e.id AND o.key = ").value(key)
        }
        Key::Relation(kind) => builder
            .sql("o.target_ref) FROM published_relations o WHERE o.source_ref = e.entity_ref AND o.type_key = ")
            .value(kind),
    };
    builder.sql(")");
}

fn write_order(
    builder: &mut SqlBuilder<'_>,
    order: Option<&OrderField>,
    value: &'static str,
    entity_ref: &'static str,
) {
    if let Some(order) = order {
        builder.sql(value).sql(if order.descending { " DESC NULLS LAST, " } else { " ASC NULLS LAST, " });
    }
    builder.sql(entity_ref);
}

fn write_after<'a>(builder: &mut SqlBuilder<'a>, order: Option<&OrderField>, after: &'a CursorPosition) {
    match (order, &after.value) {
        (None, _) => {
            builder.sql("q.entity_ref > ").value(&after.entity_ref);
        }
        (Some(_), None) => {
            builder.sql("q.sort_value IS NULL AND q.entity_ref > ").value(&after.entity_ref);
        }
        (Some(order), Some(value)) => {
            let beyond = if order.descending { "q.sort_value < " } else { "q.sort_value > " };
            builder
                .sql("(")
                .sql(beyond)
                .value(value)
                .sql(" OR q.sort_value IS NULL OR (q.sort_value = ")
                .value(value)
                .sql(" AND q.entity_ref > ")
                .value(&after.entity_ref)
                .sql("))");
        }
    }
}

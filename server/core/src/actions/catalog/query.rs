//! `catalog.query-catalog-entities`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{
    LOOKS,
    cursor::Cursor,
    input::{Input, shown, wrong},
    predicate,
    projection::{cut_texts, project},
    schema::definition,
};
use crate::{
    actions::{Action, ActionDefinition, ActionError, ActionOutput, CallContext},
    catalog::{CatalogService, EntityPage, EntityQuery, FullText, OrderField, TEXT_SEARCH_KEYS},
    ingestion::search_text,
};

/// Entities of a page when the call does not say.
const LIMIT_DEFAULT: u32 = 20;
/// Most entities of a page.
const LIMIT_MAX: u32 = 500;
/// Most entities left out in front.
const OFFSET_MAX: u32 = 1_000_000;
/// Most fields asked for, and most fields of a text filter.
const FIELDS_MAX: usize = 50;
/// Largest query, text filter or order, in bytes of JSON.
const QUERY_BYTES_MAX: usize = 8 * 1024;

const QUERY_DESCRIPTION: &str = "Conditions, all of which must hold; left out, every entity fits. Keys are paths, values \
    are compared without regard to case, a list fits when one element does: {\"kind\": \"Component\", \"spec.owner\": \
    \"group:default/team-a\", \"metadata.tags\": \"java\"}. A list of values means any of them: {\"kind\": [\"API\", \
    \"Component\"]}. Operators on a key: {\"$exists\": true}, {\"$in\": [..]}, {\"$contains\": \"x\"} (an element of a \
    list), {\"$hasPrefix\": \"pay\"}, {\"$not\": ..}. Operators over conditions: {\"$all\": [..]}, {\"$any\": [..]}, \
    {\"$not\": {..}}. Relations: {\"relations.dependsOn\": \"resource:default/db\"}.";
const FIELDS_DESCRIPTION: &str = "Parts of the entities to return, as paths: [\"kind\", \"metadata.name\", \
    \"spec.owner\"]. Left out, entities are returned with long texts cut; name the fields you need to keep the answer small.";

const FIELDS: [&str; 7] = ["query", "fields", "limit", "offset", "orderFields", "fullTextFilter", "cursor"];

/// A page of entities.
pub(super) struct QueryEntities {
    definition: ActionDefinition,
    catalog: Arc<CatalogService>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the input, which is read by hand for better messages")]
struct QueryInput {
    #[schemars(description = QUERY_DESCRIPTION)]
    query: Option<Map<String, Value>>,
    #[schemars(description = FIELDS_DESCRIPTION, length(max = 50))]
    fields: Option<Vec<String>>,
    /// How many entities to return at most.
    #[schemars(range(min = 1, max = 500), extend("default" = 20))]
    limit: Option<u32>,
    /// How many entities to leave out in front. To read on after a page, use cursor instead.
    #[schemars(range(min = 0, max = 1_000_000), extend("default" = 0))]
    offset: Option<u32>,
    /// The order, at most one key; entities without the key come last. Left out, by reference.
    #[schemars(length(max = 1))]
    order_fields: Option<Vec<OrderInput>>,
    /// A text that must occur in the entity.
    full_text_filter: Option<FullTextInput>,
    /// The nextPageCursor of the page before. It carries query, order and text filter: leave those out.
    cursor: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the input")]
struct OrderInput {
    /// The key, such as `metadata.name`.
    field: String,
    /// Smallest first (`asc`, the default) or largest first (`desc`).
    order: Option<OrderDirection>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the input")]
enum OrderDirection {
    Asc,
    Desc,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the input")]
struct FullTextInput {
    /// The text, found anywhere in a value, without regard to case.
    term: String,
    /// The keys to look at; left out: name, title, description, tags, and a person's name and e-mail.
    #[schemars(length(max = 50))]
    fields: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the output")]
struct QueryOutput {
    /// The entities, or the parts of them that `fields` names.
    items: Vec<Map<String, Value>>,
    /// How many entities fit, on all pages.
    total_items: u64,
    /// Whether more follow this page.
    has_more_entities: bool,
    /// What to give as `cursor` for the next page; left out on the last one.
    next_page_cursor: Option<String>,
}

/// What a query is, as written: what a cursor carries.
#[derive(Default, PartialEq)]
struct Written {
    query: Option<Map<String, Value>>,
    order: Option<Value>,
    text: Option<Map<String, Value>>,
}

impl QueryEntities {
    pub(super) fn new(catalog: Arc<CatalogService>) -> Self {
        let definition = definition::<QueryInput, QueryOutput>(
            "query-catalog-entities",
            "Query catalog entities",
            "Finds entities of the software catalog by their properties: what a team owns, which components provide an API, \
             everything of a type or tag. Returns a page with the total count. Name the fields you need, and \
             call catalog_get_catalog_model_description first when you do not know which kinds and keys there are. For what the \
             user owns, take the ownership references from auth_who_am_i: {\"relations.ownedBy\": [..]}.",
            LOOKS,
        );
        Self { definition, catalog }
    }
}

#[async_trait]
impl Action for QueryEntities {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(&self, _: CallContext<'_>, input: Map<String, Value>) -> Result<ActionOutput, ActionError> {
        let mut input = Input::new(input, &FIELDS)?;
        let fields = input.texts("fields", FIELDS_MAX)?;
        let limit = input.number("limit", 1..=LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT);
        let offset = input.number("offset", 0..=OFFSET_MAX)?.unwrap_or(0);
        let cursor = match input.text("cursor")? {
            None => None,
            Some(text) => {
                let reason = "is not one that was given out; take nextPageCursor of the page before as it is";
                Some(Cursor::decode(&text).ok_or_else(|| wrong("cursor", reason))?)
            }
        };
        let mut written = read_written(&mut input)?;
        let mut after = None;
        if let Some(cursor) = cursor {
            let carried = carried(&cursor);
            if written != Written::default() && written != carried {
                let reason = "belongs to another query; give the cursor alone, or with the same query, order and text filter";
                return Err(wrong("cursor", reason));
            }
            written = carried;
            after = Some(cursor.after);
        }
        let query = build(&written, after, offset, limit)?;
        let page = self.catalog.query(&query).await?;
        Ok(answer(page, &fields, written))
    }
}

fn read_written(input: &mut Input) -> Result<Written, ActionError> {
    let query = input.object("query")?.filter(|query| !query.is_empty());
    let text = input.object("fullTextFilter")?;
    let order = input.value("orderFields");
    let size = |value: Option<String>| value.map_or(0, |text| text.len());
    let object =
        |fields: &Option<Map<String, Value>>| fields.clone().map(|fields| Value::Object(fields).to_string());
    for (name, bytes) in [
        ("query", size(object(&query))),
        ("fullTextFilter", size(object(&text))),
        ("orderFields", size(order.as_ref().map(Value::to_string))),
    ] {
        if bytes > QUERY_BYTES_MAX {
            return Err(wrong(name, &format!("has {bytes} bytes; expected {QUERY_BYTES_MAX} at most")));
        }
    }
    Ok(Written { query, order, text })
}

fn carried(cursor: &Cursor) -> Written {
    let object = |value: &Option<Value>| value.as_ref().and_then(Value::as_object).cloned();
    Written { query: object(&cursor.query), order: cursor.order.clone(), text: object(&cursor.text) }
}

fn build(
    written: &Written,
    after: Option<crate::catalog::CursorPosition>,
    offset: u32,
    limit: u32,
) -> Result<EntityQuery, ActionError> {
    Ok(EntityQuery {
        predicate: written.query.as_ref().map(predicate::parse).transpose().map_err(ActionError::Input)?,
        full_text: written.text.as_ref().map(full_text).transpose()?,
        order: written.order.as_ref().map(order).transpose()?.flatten(),
        after,
        offset,
        limit,
    })
}

fn full_text(written: &Map<String, Value>) -> Result<FullText, ActionError> {
    let mut input = Input::new(written.clone(), &["term", "fields"])
        .map_err(|_| wrong("fullTextFilter", "has an unknown field; expected term, and fields or not"))?;
    let term =
        input.text("term")?.ok_or_else(|| wrong("fullTextFilter.term", "is missing; expected a text"))?;
    let fields = input.texts("fields", FIELDS_MAX)?;
    let keys = if fields.is_empty() {
        TEXT_SEARCH_KEYS.map(str::to_owned).to_vec()
    } else {
        fields.iter().map(|field| field.to_lowercase()).collect()
    };
    Ok(FullText { term: search_text(&term), keys })
}

/// One order: `[{"field": .., "order": ..}]`, the object alone, or the field alone.
fn order(written: &Value) -> Result<Option<OrderField>, ActionError> {
    let expected = || {
        let reason = format!(
            "{} does not fit; expected one [{{\"field\": \"metadata.name\", \"order\": \"asc\"}}]",
            shown(written)
        );
        wrong("orderFields", &reason)
    };
    let single = match written {
        Value::Array(items) => match items.as_slice() {
            [] => return Ok(None),
            [only] => only,
            _ => return Err(expected()),
        },
        other => other,
    };
    let (field, direction) = match single {
        Value::String(field) => (field.as_str(), "asc"),
        Value::Object(fields) => {
            let field = fields.get("field").and_then(Value::as_str).ok_or_else(expected)?;
            let direction = fields.get("order").map_or(Some("asc"), Value::as_str).ok_or_else(expected)?;
            (field, direction)
        }
        _ => return Err(expected()),
    };
    let descending = match direction.to_lowercase().as_str() {
        "asc" => false,
        "desc" => true,
        _ => return Err(expected()),
    };
    if field.trim().is_empty() {
        return Err(expected());
    }
    Ok(Some(OrderField { key: field.trim().to_lowercase(), descending }))
}

fn answer(page: EntityPage, fields: &[String], written: Written) -> Value {
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|entity| {
            let mut entity = entity.to_json();
            if fields.is_empty() {
                cut_texts(&mut entity);
                entity
            } else {
                project(&entity, fields)
            }
        })
        .collect();
    let mut answer = json!({
        "items": items,
        "totalItems": page.total,
        "hasMoreEntities": page.next.is_some(),
    });
    if let (Some(after), Some(answer)) = (page.next, answer.as_object_mut()) {
        let cursor = Cursor {
            query: written.query.map(Value::Object),
            order: written.order,
            text: written.text.map(Value::Object),
            after,
        };
        answer.insert("nextPageCursor".to_owned(), Value::String(cursor.encode()));
    }
    answer
}

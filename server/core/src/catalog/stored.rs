//! Entities as the store keeps them, and the queries it answers.

use std::sync::Arc;

use portal_model::EntityRef;
use serde::{Deserialize, Serialize};

use crate::ids::LocationId;

/// A relation from one entity to another, as readers see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation {
    /// `ownedBy`, `memberOf`, `partOf` …
    #[serde(rename = "type")]
    pub kind: String,
    /// The other entity; it need not exist.
    #[serde(rename = "targetRef")]
    pub target: EntityRef,
}

/// A published entity.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntity {
    /// Its reference.
    pub entity_ref: EntityRef,
    /// The location that defines it.
    pub location_id: LocationId,
    /// The entity's document, without `relations`.
    pub document: Arc<serde_json::Value>,
    /// Relations from this entity, its own and the counterparts of others', sorted by type and target, no twins.
    pub relations: Vec<Relation>,
}

impl StoredEntity {
    /// The entity as readers are given it: its document with `relations`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut document = (*self.document).clone();
        if let Some(fields) = document.as_object_mut() {
            fields.insert("relations".to_owned(), self.relations.iter().map(Relation::to_json).collect());
        }
        document
    }

    /// What went wrong around the entity without making it unusable, in words: messages of its status items.
    #[must_use]
    pub fn errors(&self) -> Vec<&str> {
        let items = self.document.pointer("/status/items").and_then(serde_json::Value::as_array);
        items.into_iter().flatten().filter_map(|item| item.get("message")?.as_str()).collect()
    }
}

impl Relation {
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"type": self.kind, "targetRef": self.target.to_string()})
    }
}

/// An entity that a run has read, ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StagedEntity {
    /// Its reference.
    pub entity_ref: EntityRef,
    /// The document as JSON text, without `relations`.
    pub document: String,
    /// Flattened (key, value) pairs, keys and values in lower case, values cut to 256 characters: `metadata.name`,
    /// `spec.owner`, `metadata.tags` …; an array gives one pair an element.
    pub search: Vec<(String, String)>,
    /// Relations that its document states, both directions of each: (from, type, to).
    pub relations: Vec<(EntityRef, String, EntityRef)>,
}

/// A condition on the flattened keys. Keys and values are in lower case. A key `relations.<type>` looks at relations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// All hold; true when empty.
    All(Vec<Predicate>),
    /// One holds; false when empty.
    Any(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// The key is there.
    Exists(String),
    /// The key has one of these values.
    In(String, Vec<String>),
    /// The key has a value that starts with this.
    HasPrefix(String, String),
    /// The entity is one of these.
    IsOneOf(Vec<EntityRef>),
}

/// A text to be found inside the values of some keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullText {
    /// The text, in lower case, not empty.
    pub term: String,
    /// The keys to look at, in lower case, not empty.
    pub keys: Vec<String>,
}

/// A key to order by. Entities without the key come last, whatever the direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderField {
    /// The key, in lower case.
    pub key: String,
    /// Largest value first.
    pub descending: bool,
}

/// A query for one page of entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityQuery {
    /// Which entities; `None` for all.
    pub predicate: Option<Predicate>,
    /// Which text they contain; `None` for any.
    pub full_text: Option<FullText>,
    /// The order; the reference is the last key always. At most one field.
    pub order: Option<OrderField>,
    /// Start after this position.
    pub after: Option<CursorPosition>,
    /// Leave out this many, after `after`.
    pub offset: u32,
    /// Return this many at most.
    pub limit: u32,
}

impl EntityQuery {
    /// A query for the first entities of all, by reference.
    #[must_use]
    pub const fn all(limit: u32) -> Self {
        Self { predicate: None, full_text: None, order: None, after: None, offset: 0, limit }
    }
}

/// Where a page ended: the last entity's order value and reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorPosition {
    /// Its value of the order key; `None` when it has none or there is no order key.
    pub value: Option<String>,
    /// Its reference.
    pub entity_ref: EntityRef,
}

/// One page of entities.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityPage {
    /// The entities, in order.
    pub items: Vec<StoredEntity>,
    /// How many entities fit predicate and full text, on all pages.
    pub total: i64,
    /// Where this page ends; `None` when nothing follows.
    pub next: Option<CursorPosition>,
}

/// What several keys say of the entities that fit a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FacetCounts {
    /// How many entities fit predicate and full text.
    pub total: i64,
    /// The values of each key asked for, in the order asked.
    pub facets: Vec<Vec<Facet>>,
}

/// Entities of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct KindGroup {
    /// The kind, in lower case.
    pub kind: String,
    /// How many there are.
    pub count: i64,
    /// The first of them, by name.
    pub items: Vec<StoredEntity>,
}

/// A value of a key, and how many entities have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The value, in lower case.
    pub value: String,
    /// How many entities.
    pub count: i64,
}

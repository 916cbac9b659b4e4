//! The catalog: entities, their relations, and the queries over them.

mod service;
mod stored;

pub use service::{CatalogError, CatalogService};
pub use stored::{
    CursorPosition, EntityPage, EntityQuery, Facet, FullText, OrderField, Predicate, Relation, StagedEntity, StoredEntity,
};

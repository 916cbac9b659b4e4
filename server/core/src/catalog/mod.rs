//! The catalog: entities, their relations, and the queries over them.

mod cache;
mod model;
mod near;
mod ownership;
mod service;
mod stored;

pub use ownership::REFS_MAX as OWNERSHIP_REFS_MAX;
pub use service::{
    CatalogError, CatalogService, ENTITY_CACHE_BYTES_MAX, OWNERSHIP_CACHE_REFS_MAX, TEXT_SEARCH_KEYS,
};
pub use stored::{
    CursorPosition, EntityPage, EntityQuery, Facet, FullText, OrderField, Predicate, Relation, StagedEntity,
    StoredEntity,
};

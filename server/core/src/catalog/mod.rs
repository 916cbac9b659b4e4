//! The catalog: entities, their relations, and the queries over them.

mod browse;
mod cache;
mod definition;
mod model;
mod near;
mod ownership;
mod people;
mod service;
mod stored;
mod yaml;

pub use browse::{
    CHOSEN_MAX, CatalogCounts, CatalogFacet, CatalogFilter, CatalogOrder, CatalogSort, CatalogTable,
    FACET_VALUES_MAX, ROWS,
};
pub use definition::{ApiDefinition, ApiOperation, ApiSummary, OPERATIONS_MAX, OperationGroup};
pub use ownership::REFS_MAX as OWNERSHIP_REFS_MAX;
pub use people::MEMBERS_SHOWN;
pub use service::{
    CatalogError, CatalogService, ENTITY_CACHE_BYTES_MAX, OWNERSHIP_CACHE_REFS_MAX, TEXT_SEARCH_KEYS,
};
pub use stored::{
    CursorPosition, EntityPage, EntityQuery, Facet, FacetCounts, FullText, KindGroup, OrderField, Predicate,
    Relation, StagedEntity, StoredEntity,
};
pub use yaml::to_yaml;

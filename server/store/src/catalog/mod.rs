//! The catalog: locations, runs, entities, relations and search keys.

pub(crate) mod entities;
mod facets;
pub(crate) mod locations;
mod predicate;
mod query;
pub(crate) mod staging;

use async_trait::async_trait;
use portal_core::{
    catalog::{EntityPage, EntityQuery, Facet, FacetCounts, KindGroup, StagedEntity, StoredEntity},
    ids::{LocationId, RunId},
    ingestion::{Location, Rejection, RunOutcome},
    ports::{
        StoreError,
        store::{CatalogReads, CatalogWrites},
    },
    time::UnixMillis,
};
use portal_model::EntityRef;

use crate::transaction::SqlTransaction;

#[async_trait]
impl CatalogReads for SqlTransaction {
    async fn entity_by_ref(&mut self, entity_ref: &EntityRef) -> Result<Option<StoredEntity>, StoreError> {
        entities::by_ref(self, entity_ref).await
    }

    async fn entity_list_by_refs(&mut self, refs: &[EntityRef]) -> Result<Vec<StoredEntity>, StoreError> {
        entities::list_by_refs(self, refs).await
    }

    async fn entity_list_by_name(
        &mut self,
        kind: Option<&str>,
        namespace: Option<&str>,
        name: &str,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreError> {
        entities::list_by_name(self, kind, namespace, name, limit).await
    }

    async fn entity_query(&mut self, query: &EntityQuery) -> Result<EntityPage, StoreError> {
        query::page(self, query).await
    }

    async fn entity_facet(
        &mut self,
        query: &EntityQuery,
        key: &str,
        limit: u32,
    ) -> Result<Vec<Facet>, StoreError> {
        facets::one(self, query, key, limit).await
    }

    async fn entity_page(&mut self, query: &EntityQuery) -> Result<Vec<StoredEntity>, StoreError> {
        query::items(self, query).await
    }

    async fn entity_facets(
        &mut self,
        query: &EntityQuery,
        keys: &[&str],
        limit: u32,
    ) -> Result<FacetCounts, StoreError> {
        facets::several(self, query, keys, limit).await
    }

    async fn entity_groups(&mut self, query: &EntityQuery, limit: u32) -> Result<Vec<KindGroup>, StoreError> {
        facets::groups(self, query, limit).await
    }

    async fn entity_location(&mut self, entity_ref: &EntityRef) -> Result<Option<LocationId>, StoreError> {
        entities::location(self, entity_ref).await
    }

    async fn location_list(&mut self) -> Result<Vec<Location>, StoreError> {
        locations::list(self).await
    }

    async fn location_by_id(&mut self, id: &LocationId) -> Result<Option<Location>, StoreError> {
        locations::by_id(self, id).await
    }

    async fn rejection_list(&mut self, id: &LocationId, limit: u32) -> Result<Vec<Rejection>, StoreError> {
        locations::rejection_list(self, id, limit).await
    }

    async fn run_size(&mut self, run: &RunId) -> Result<i64, StoreError> {
        staging::size(self, run).await
    }

    async fn run_conflicts(
        &mut self,
        location: &LocationId,
        run: &RunId,
        limit: u32,
    ) -> Result<Vec<EntityRef>, StoreError> {
        staging::conflicts(self, location, run, limit).await
    }
}

#[async_trait]
impl CatalogWrites for SqlTransaction {
    async fn location_put(&mut self, location: &Location) -> Result<bool, StoreError> {
        locations::put(self, location).await
    }

    async fn location_delete(&mut self, id: &LocationId) -> Result<bool, StoreError> {
        locations::delete(self, id).await
    }

    async fn run_stage(
        &mut self,
        location: &LocationId,
        run: &RunId,
        entities: &[StagedEntity],
    ) -> Result<(), StoreError> {
        staging::stage(self, location, run, entities).await
    }

    async fn run_unstage(&mut self, run: &RunId, refs: &[EntityRef]) -> Result<(), StoreError> {
        staging::unstage(self, run, refs).await
    }

    async fn run_reject(
        &mut self,
        location: &LocationId,
        run: &RunId,
        rejections: &[Rejection],
    ) -> Result<(), StoreError> {
        staging::reject(self, location, run, rejections).await
    }

    async fn run_publish(
        &mut self,
        location: &LocationId,
        run: &RunId,
        outcome: &RunOutcome,
    ) -> Result<bool, StoreError> {
        locations::publish(self, location, run, outcome).await
    }

    async fn run_adopt(
        &mut self,
        location: &LocationId,
        run: &RunId,
        gone: &[EntityRef],
    ) -> Result<(), StoreError> {
        staging::adopt(self, location, run, gone).await
    }

    async fn run_fail(
        &mut self,
        location: &LocationId,
        error: &str,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        locations::fail(self, location, error, at).await
    }

    async fn run_prune(&mut self, running: &[RunId], limit: u32) -> Result<u64, StoreError> {
        staging::prune(self, running, limit).await
    }

    async fn entity_put(&mut self, location: &LocationId, entity: &StagedEntity) -> Result<(), StoreError> {
        staging::entity_put(self, location, entity).await
    }

    async fn entity_put_all(
        &mut self,
        location: &LocationId,
        gone: &[EntityRef],
        entities: &[StagedEntity],
    ) -> Result<(), StoreError> {
        staging::entity_put_all(self, location, gone, entities).await
    }

    async fn entity_delete(
        &mut self,
        location: &LocationId,
        entity_ref: &EntityRef,
    ) -> Result<bool, StoreError> {
        staging::entity_delete(self, location, entity_ref).await
    }
}

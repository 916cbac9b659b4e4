//! Locations, runs, entities, relations and the flattened search keys.
//!
//! A run stages everything it read under its own id, in bounded batches, unseen by readers. Publishing it makes the
//! location point at that run, in one short transaction: readers see the old entities or the new ones, never half.

use async_trait::async_trait;
use portal_model::EntityRef;

use super::StoreError;
use crate::{
    catalog::{EntityPage, EntityQuery, Facet, FacetCounts, KindGroup, StagedEntity, StoredEntity},
    ids::{LocationId, RunId},
    ingestion::{Location, Rejection, RunOutcome},
    time::UnixMillis,
};

/// Reads the catalog.
#[async_trait]
pub trait CatalogReads {
    /// One published entity with its relations, in both directions.
    async fn entity_by_ref(&mut self, entity_ref: &EntityRef) -> Result<Option<StoredEntity>, StoreError>;

    /// The published entities among these refs, with their relations, ordered by ref. At most 1,000 refs.
    async fn entity_list_by_refs(&mut self, refs: &[EntityRef]) -> Result<Vec<StoredEntity>, StoreError>;

    /// Published entities of this name, of any kind and namespace that is not given, ordered by ref, at most `limit`.
    async fn entity_list_by_name(
        &mut self,
        kind: Option<&str>,
        namespace: Option<&str>,
        name: &str,
        limit: u32,
    ) -> Result<Vec<StoredEntity>, StoreError>;

    /// One page of the published entities that fit a query.
    async fn entity_query(&mut self, query: &EntityQuery) -> Result<EntityPage, StoreError>;

    /// For a search key, each value (as stored, in lower case) and how many published entities that fit the query's
    /// predicate and full text have it; most frequent first, then by value, at most `limit`.
    async fn entity_facet(
        &mut self,
        query: &EntityQuery,
        key: &str,
        limit: u32,
    ) -> Result<Vec<Facet>, StoreError>;

    /// The entities of one page of a query, in its order, without counting those of other pages.
    async fn entity_page(&mut self, query: &EntityQuery) -> Result<Vec<StoredEntity>, StoreError>;

    /// As [`Self::entity_facet`] for several keys at once, at most `limit` values each, and how many entities fit.
    async fn entity_facets(
        &mut self,
        query: &EntityQuery,
        keys: &[&str],
        limit: u32,
    ) -> Result<FacetCounts, StoreError>;

    /// The published entities that fit the query's predicate and full text, by kind, most frequent first, then by kind:
    /// of each kind the first `limit` by name, then ref; at most 50 kinds.
    async fn entity_groups(&mut self, query: &EntityQuery, limit: u32) -> Result<Vec<KindGroup>, StoreError>;

    /// Which location has published this entity.
    async fn entity_location(&mut self, entity_ref: &EntityRef) -> Result<Option<LocationId>, StoreError>;

    /// Every location, by creation, then id.
    async fn location_list(&mut self) -> Result<Vec<Location>, StoreError>;

    /// The location with this id.
    async fn location_by_id(&mut self, id: &LocationId) -> Result<Option<Location>, StoreError>;

    /// What the location's last published run rejected, by file and line, at most `limit`.
    async fn rejection_list(&mut self, id: &LocationId, limit: u32) -> Result<Vec<Rejection>, StoreError>;

    /// How many entities are staged or published under a run; fewer than were staged when something pruned it.
    async fn run_size(&mut self, run: &RunId) -> Result<i64, StoreError>;

    /// Entities of a run that another location has published, by ref, at most `limit`.
    async fn run_conflicts(
        &mut self,
        location: &LocationId,
        run: &RunId,
        limit: u32,
    ) -> Result<Vec<EntityRef>, StoreError>;
}

/// Writes the catalog.
#[async_trait]
pub trait CatalogWrites {
    /// Adds a location, or replaces target, kinds and origin of the one with this id. `false` when another location has
    /// the same kind and target.
    async fn location_put(&mut self, location: &Location) -> Result<bool, StoreError>;

    /// Deletes a location with its published entities. `false` when there was none.
    async fn location_delete(&mut self, id: &LocationId) -> Result<bool, StoreError>;

    /// Stages entities under a run, with their search keys and relations. Of two with the same ref the first stays.
    async fn run_stage(
        &mut self,
        location: &LocationId,
        run: &RunId,
        entities: &[StagedEntity],
    ) -> Result<(), StoreError>;

    /// Takes back staged entities of a run, those of these refs that it has.
    async fn run_unstage(&mut self, run: &RunId, refs: &[EntityRef]) -> Result<(), StoreError>;

    /// Adds what a run rejected.
    async fn run_reject(
        &mut self,
        location: &LocationId,
        run: &RunId,
        rejections: &[Rejection],
    ) -> Result<(), StoreError>;

    /// Makes a staged run the location's published one and remembers its outcome. `false` when the location is gone.
    async fn run_publish(
        &mut self,
        location: &LocationId,
        run: &RunId,
        outcome: &RunOutcome,
    ) -> Result<bool, StoreError>;

    /// Makes what is staged under a run part of the location's published one: it comes in the place of entities with the
    /// same refs, and those of `gone` leave. Only as much is written as changes; what leaves is deleted by
    /// [`Self::run_prune`]. A run is adopted once.
    async fn run_adopt(
        &mut self,
        location: &LocationId,
        run: &RunId,
        gone: &[EntityRef],
    ) -> Result<(), StoreError>;

    /// Remembers a run that failed and leaves the location's published entities as they are.
    async fn run_fail(
        &mut self,
        location: &LocationId,
        error: &str,
        at: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Deletes staged and formerly published rows that no location points at, except those of `running` and of directory
    /// runs that are under way or wait for an admin; at most `limit` entities a call. Returns how many entities went.
    async fn run_prune(&mut self, running: &[RunId], limit: u32) -> Result<u64, StoreError>;

    /// Adds or replaces one entity in the location's published run, starting one when there is none. For locations
    /// that change one entity at a time, such as local accounts.
    async fn entity_put(&mut self, location: &LocationId, entity: &StagedEntity) -> Result<(), StoreError>;

    /// Changes several entities of the location's published run together: deletes those of `gone`, then adds or replaces
    /// others, of which no two have the same ref. At most 1,000 of each.
    async fn entity_put_all(
        &mut self,
        location: &LocationId,
        gone: &[EntityRef],
        entities: &[StagedEntity],
    ) -> Result<(), StoreError>;

    /// Deletes one entity from the location's published run. `false` when it was not there.
    async fn entity_delete(
        &mut self,
        location: &LocationId,
        entity_ref: &EntityRef,
    ) -> Result<bool, StoreError>;
}

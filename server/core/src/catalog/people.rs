//! Members of groups, and what people and groups own.

use std::sync::Arc;

use portal_model::EntityRef;

use super::{
    CatalogError, CatalogService, EntityPage, EntityQuery, KindGroup, Predicate, ownership, service::is,
};

/// Members of a page.
pub const MEMBERS_SHOWN: u32 = 50;

impl CatalogService {
    /// A group and all groups below it, nearest first, at most [`OWNERSHIP_REFS_MAX`](super::OWNERSHIP_REFS_MAX).
    ///
    /// # Errors
    /// The store failed.
    pub async fn groups_below(&self, group: &EntityRef) -> Result<Arc<[EntityRef]>, CatalogError> {
        let counter = self.counter().await?;
        if let Some(known) = self.below.get(group, counter) {
            return Ok(known);
        }
        let mut store = self.dependencies.store.read().await?;
        let refs: Arc<[EntityRef]> = ownership::below(&mut *store, group).await?.into();
        self.below.put(group.clone(), counter, Arc::clone(&refs));
        Ok(refs)
    }

    /// One page of the people who are members of one of these groups, each once, by name. `page` counts from 1.
    ///
    /// # Errors
    /// The store failed.
    pub async fn members(&self, groups: &[EntityRef], page: u32) -> Result<EntityPage, CatalogError> {
        let groups = groups.iter().map(ToString::to_string).collect();
        let member = Predicate::In("relations.memberof".to_owned(), groups);
        self.query(&EntityQuery {
            predicate: Some(Predicate::All(vec![is("kind", "user"), member])),
            order: Some(super::service::by_name()),
            offset: page.saturating_sub(1).saturating_mul(MEMBERS_SHOWN),
            ..EntityQuery::all(MEMBERS_SHOWN)
        })
        .await
    }

    /// What one of these owns, by kind, of each the first `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn owned_groups(
        &self,
        owners: &[EntityRef],
        limit: u32,
    ) -> Result<Vec<KindGroup>, CatalogError> {
        self.related_groups("relations.ownedby", owners, limit).await
    }

    /// What is part of an entity, by kind, of each the first `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn part_groups(&self, whole: &EntityRef, limit: u32) -> Result<Vec<KindGroup>, CatalogError> {
        self.related_groups("relations.partof", std::slice::from_ref(whole), limit).await
    }

    async fn related_groups(
        &self,
        key: &str,
        targets: &[EntityRef],
        limit: u32,
    ) -> Result<Vec<KindGroup>, CatalogError> {
        let targets = targets.iter().map(ToString::to_string).collect();
        let query =
            EntityQuery { predicate: Some(Predicate::In(key.to_owned(), targets)), ..EntityQuery::all(0) };
        Ok(self.dependencies.store.read().await?.entity_groups(&query, limit).await?)
    }
}

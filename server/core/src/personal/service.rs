//! Starring, and remembering what was looked at.

use std::{collections::HashMap, sync::Arc};

use portal_model::{EntityRef, ErrorCode};

use super::{PersonalEntity, PersonalEntry, PersonalError};
use crate::{
    catalog::CatalogService, identity::SignedIn, ports::StoreError, services::Dependencies, time::HOUR_MS,
};

/// Most stars of one person. Two that are given at the same moment may make it one more.
pub const STARS_MAX: u32 = 500;
/// Views kept of one person.
pub const VIEWS_MAX: u32 = 50;
/// How long looking at the same entity again is no new view, in milliseconds.
pub const VIEW_AGAIN_MS: i64 = HOUR_MS;

/// Stars, views and the home page of the person signed in.
pub struct PersonalService {
    pub(super) dependencies: Dependencies,
    pub(super) catalog: Arc<CatalogService>,
}

impl PersonalService {
    /// The service.
    #[must_use]
    pub const fn new(dependencies: Dependencies, catalog: Arc<CatalogService>) -> Self {
        Self { dependencies, catalog }
    }

    /// Stars an entity for the person.
    ///
    /// # Errors
    /// The store failed; refused with `not-found` for an entity that the catalog does not have, and with `stars-full` when
    /// the person has [`STARS_MAX`] others.
    pub async fn star(&self, person: &SignedIn, entity_ref: &EntityRef) -> Result<(), PersonalError> {
        if self.catalog.entity(entity_ref).await?.is_none() {
            return Err(PersonalError::Refused(ErrorCode::NotFound));
        }
        let at = self.dependencies.clock.now();
        let mut tx = self.dependencies.store.write().await?;
        if !tx.star_put(&person.user().id, entity_ref, at, STARS_MAX).await? {
            return Err(PersonalError::Refused(ErrorCode::StarsFull));
        }
        Ok(tx.commit().await?)
    }

    /// Takes a star back; one that was never given is no error.
    ///
    /// # Errors
    /// The store failed.
    pub async fn unstar(&self, person: &SignedIn, entity_ref: &EntityRef) -> Result<(), PersonalError> {
        let mut tx = self.dependencies.store.write().await?;
        tx.star_delete(&person.user().id, entity_ref).await?;
        Ok(tx.commit().await?)
    }

    /// The references that the person has starred, newest first, whether or not the catalog has them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn star_refs(&self, person: &SignedIn) -> Result<Vec<EntityRef>, PersonalError> {
        let stars = self.dependencies.store.read().await?.star_list(&person.user().id, STARS_MAX).await?;
        Ok(stars.into_iter().map(|entry| entry.entity_ref).collect())
    }

    /// Notes that the person looks at an entity: unless it was the last one, within [`VIEW_AGAIN_MS`]. Never fails the
    /// page that is looked at: what goes wrong is logged.
    pub async fn view_record(&self, person: &SignedIn, entity_ref: &EntityRef) {
        if let Err(error) = self.try_view_record(person, entity_ref).await {
            tracing::warn!(%error, "a view could not be noted");
        }
    }

    async fn try_view_record(&self, person: &SignedIn, entity_ref: &EntityRef) -> Result<(), StoreError> {
        let (user, now) = (&person.user().id, self.dependencies.clock.now());
        let newest = self.dependencies.store.read().await?.view_list(user, 1).await?;
        let again = newest
            .first()
            .is_some_and(|last| last.entity_ref == *entity_ref && now.since(last.at) < VIEW_AGAIN_MS);
        if again {
            return Ok(());
        }
        let mut tx = self.dependencies.store.write().await?;
        tx.view_put(user, entity_ref, now, VIEWS_MAX).await?;
        tx.commit().await
    }
}

/// The entries whose entities the catalog has, in their order, at most `limit`.
pub(super) fn present(
    entries: &[PersonalEntry],
    entities: &HashMap<EntityRef, crate::catalog::StoredEntity>,
    limit: usize,
) -> Vec<PersonalEntity> {
    let with_entity = |entry: &PersonalEntry| {
        let entity = entities.get(&entry.entity_ref)?.clone();
        Some(PersonalEntity { entity, at: entry.at })
    };
    entries.iter().filter_map(with_entity).take(limit).collect()
}

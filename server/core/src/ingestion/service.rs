//! Runs, registration and refreshing of locations.

use portal_model::EntityRef;
use thiserror::Error;

use super::{
    Location, LocationOrigin, Rejection, RunOutcome, Target, register, run,
    runners::{RunFailure, Runners},
};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
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
    /// Other locations kept publishing entities that this one defines.
    #[error("other locations published the same entities meanwhile; try again")]
    Overtaken,
}

impl RunFailure for IngestionError {
    fn read_error(&self) -> Option<&ReadError> {
        match self {
            Self::Read(error) => Some(error),
            Self::Store(_) | Self::NotFound | Self::Overtaken => None,
        }
    }
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
    runners: Runners,
}

impl IngestionService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies, runners: Runners::default() }
    }

    /// Makes the stored locations of the configuration equal to this list, then reads each that is new or changed, and
    /// every file, which may have changed while Portal was not running. A location that cannot be read is logged and
    /// keeps what it had.
    ///
    /// # Errors
    /// The store failed.
    pub async fn configure(&self, locations: &[(Target, Option<Vec<String>>)]) -> Result<(), IngestionError> {
        let stored = self.location_list().await?;
        let mut due = Vec::new();
        let mut wanted: Vec<Location> = Vec::new();
        for (target, allow) in locations {
            let id = target.location_id();
            if wanted.iter().any(|location| location.id == id) {
                continue;
            }
            let allow: Option<Vec<String>> =
                allow.as_ref().map(|kinds| kinds.iter().map(|kind| kind.to_lowercase()).collect());
            let origin = LocationOrigin::Configuration;
            let known = stored.iter().find(|location| location.id == id);
            let same = known.is_some_and(|known| known.allow == allow && known.origin == origin);
            let published = known.is_some_and(|known| known.published_run.is_some());
            if !same || !published || matches!(target, Target::File(_)) {
                due.push(id.clone());
            }
            wanted.push(Location {
                id,
                target: target.clone(),
                allow,
                origin,
                created_at: known.map_or_else(|| self.dependencies.clock.now(), |known| known.created_at),
                published_run: known.and_then(|known| known.published_run.clone()),
                last_outcome: None,
                last_failure: None,
            });
        }
        self.store_configured(&stored, &wanted).await?;
        for id in due {
            // Other failures are logged by the run, and remembered.
            if let Err(IngestionError::Store(error)) = self.refresh(&id).await {
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn store_configured(&self, stored: &[Location], wanted: &[Location]) -> Result<(), StoreError> {
        let mut store = self.dependencies.store.write().await?;
        let mut changed = false;
        for location in stored {
            let is_wanted = wanted.iter().any(|wanted| wanted.id == location.id);
            if location.origin == LocationOrigin::Configuration && !is_wanted {
                changed |= store.location_delete(&location.id).await?;
                self.runners.forget(&location.id);
                tracing::info!(location = %location.target, "location is not in the configuration any more: removed");
            }
        }
        for location in wanted {
            let known = stored.iter().find(|known| known.id == location.id);
            if known.is_some_and(|known| known.allow == location.allow && known.origin == location.origin) {
                continue;
            }
            changed = true;
            if !store.location_put(location).await? {
                tracing::warn!(location = %location.target, "another location has this target; left out");
            }
        }
        if !changed {
            return Ok(());
        }
        store.change_record(Topic::Catalog).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }

    /// Reads every location once, one after the other; a location that fails keeps what it had.
    ///
    /// # Errors
    /// The store failed.
    pub async fn refresh_all(
        &self,
    ) -> Result<Vec<(Location, Result<RunOutcome, IngestionError>)>, IngestionError> {
        let mut outcomes = Vec::new();
        for location in self.location_list().await? {
            if !matches!(location.target, Target::Provider(_)) {
                let outcome = self.refresh(&location.id).await;
                outcomes.push((location, outcome));
            }
        }
        Ok(outcomes)
    }

    /// Reads one location again. Who asks while it is being read shares the next run with all others who wait.
    ///
    /// # Errors
    /// [`IngestionError`].
    pub async fn refresh(&self, location: &LocationId) -> Result<RunOutcome, IngestionError> {
        self.readable(location).await?;
        let runner = self.runners.of(location);
        let outcome = runner
            .run(|| async {
                // Read again under the lock: it may have been changed or taken back while this waited.
                let location = self.readable(location).await?;
                run::run(&self.dependencies, &self.runners, &location).await
            })
            .await;
        if matches!(outcome, Err(IngestionError::NotFound)) {
            self.runners.forget(location);
        }
        outcome
    }

    /// The location, if it is one that is read from somewhere.
    async fn readable(&self, location: &LocationId) -> Result<Location, IngestionError> {
        let found = self.dependencies.store.read().await?.location_by_id(location).await?;
        found
            .filter(|location| !matches!(location.target, Target::Provider(_)))
            .ok_or(IngestionError::NotFound)
    }

    /// Registers a url location for someone, after reading it; audited. Files of this machine are for the configuration
    /// and the command line only. It may define every kind but User and Group.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(
        &self,
        target: Target,
        actor: &Actor,
        origin: &RequestOrigin,
    ) -> Result<LocationId, RegisterError> {
        let target = register::vetted(target, actor)?;
        let location = register::location(target, actor, self.dependencies.clock.now());
        let stored = self.location_list().await?;
        register::room(&stored, &location)?;
        register::probe(&*self.dependencies.reader, &location).await?;
        let event = self
            .event("location.registered", actor, origin, &location.id)
            .details(serde_json::json!({"target": location.target.to_string()}));
        let mut store = self.dependencies.store.write().await?;
        if store.location_by_id(&location.id).await?.is_some() || !store.location_put(&location).await? {
            return Err(RegisterError::Exists(location.id));
        }
        store.audit_append(&event).await?;
        store.change_record(Topic::Catalog).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        match self.refresh(&location.id).await {
            Err(IngestionError::Store(error)) => Err(error.into()),
            // It is registered; why the run failed stands with it, and the next one tries again.
            Ok(_) | Err(_) => Ok(location.id),
        }
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
        let runner = self.runners.of(location);
        let _no_run = runner.pause().await;
        let mut store = self.dependencies.store.write().await?;
        let found = store.location_by_id(location).await?;
        let Some(found) = found.filter(|found| matches!(found.origin, LocationOrigin::Registered(_))) else {
            self.runners.forget(location);
            return Err(IngestionError::NotFound);
        };
        store.location_delete(location).await?;
        let event = self
            .event("location.unregistered", actor, origin, location)
            .details(serde_json::json!({"target": found.target.to_string()}));
        store.audit_append(&event).await?;
        store.change_record(Topic::Catalog).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        self.runners.forget(location);
        Ok(())
    }

    /// Reads again the location that defines an entity.
    ///
    /// # Errors
    /// [`IngestionError::NotFound`] when no location defines it, or Portal itself does.
    pub async fn refresh_entity(&self, entity_ref: &EntityRef) -> Result<RunOutcome, IngestionError> {
        let location = self.dependencies.store.read().await?.entity_location(entity_ref).await?;
        self.refresh(&location.ok_or(IngestionError::NotFound)?).await
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
    pub async fn rejection_list(
        &self,
        location: &LocationId,
        limit: u32,
    ) -> Result<Vec<Rejection>, StoreError> {
        self.dependencies.store.read().await?.rejection_list(location, limit).await
    }

    fn event(
        &self,
        action: &str,
        actor: &Actor,
        origin: &RequestOrigin,
        location: &LocationId,
    ) -> AuditEvent {
        let Self { dependencies, .. } = self;
        AuditEvent::done(&*dependencies.rng, dependencies.clock.now(), actor.clone(), action, origin)
            .target(location.as_str())
    }
}

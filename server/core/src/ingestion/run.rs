//! One run of a location: walked, staged in batches, published at once.

use std::time::Duration;

use portal_model::EntityRef;

use super::{
    IngestionError, Location, MANAGED_BY_LOCATION, Rejection, RunOutcome,
    runners::Runners,
    search_text,
    walk::{Found, Walk},
};
use crate::{
    catalog::{EntityQuery, Predicate, StagedEntity},
    changes::Topic,
    ids::{LocationId, RunId},
    ports::{ReadError, ReadTransaction, StoreError},
    services::Dependencies,
    time::UnixMillis,
};

/// Most entities staged in one transaction.
const BATCH_ENTITIES_MAX: usize = 100;
/// Most bytes of documents staged in one transaction, but for a single larger one.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most rejections kept of one run; the rest is only counted.
pub const REJECTIONS_MAX: usize = 1_000;
/// How often a run begins again because another location published one of its entities meanwhile, or another process
/// cleared it away.
const ATTEMPTS_MAX: usize = 3;
/// Entities deleted in one transaction when old runs are cleared away.
const PRUNE_LIMIT: u32 = 500;
/// Most such transactions after one run; the next run goes on.
const PRUNE_ROUNDS_MAX: usize = 1_000;

/// Entities of a file looked at to see whether this location published any: other locations may read the same file.
const OUTAGE_SAMPLE: u32 = 100;
/// Longest run. Beyond it something hangs, and the next one may do better.
const RUN_TIME_MAX: Duration = Duration::from_mins(15);

/// What an attempt came to.
enum Attempt {
    Published(RunOutcome),
    Overtaken,
}

/// Runs a location: publishes what it defines now, or remembers why that cannot be.
pub(super) async fn run(
    dependencies: &Dependencies,
    runners: &Runners,
    location: &Location,
) -> Result<RunOutcome, IngestionError> {
    let outcome = attempts(dependencies, runners, location).await;
    match &outcome {
        Ok(outcome) => tracing::info!(
            location = %location.target, entities = outcome.entities, with_errors = outcome.with_errors,
            rejected = outcome.rejected, duration_ms = outcome.duration_ms, "location read"
        ),
        Err(error) => {
            tracing::warn!(location = %location.target, %error, "location not read; what was published stays");
            remember_failure(dependencies, &location.id, &error.to_string()).await;
        }
    }
    if let Err(error) = prune(dependencies, runners).await {
        tracing::warn!(%error, "rows of old runs could not be deleted; the next run tries again");
    }
    outcome
}

async fn attempts(
    dependencies: &Dependencies,
    runners: &Runners,
    location: &Location,
) -> Result<RunOutcome, IngestionError> {
    for _ in 0..ATTEMPTS_MAX {
        let running = runners.begin(RunId::generate(&*dependencies.rng));
        let run = Run::new(dependencies, location, running.id().clone()).execute();
        let attempt = tokio::time::timeout(RUN_TIME_MAX, run).await.map_err(|_| ReadError::Outage {
            target: location.target.to_string(),
            reason: format!("reading it took longer than {} minutes", RUN_TIME_MAX.as_secs() / 60),
        })?;
        match attempt? {
            Attempt::Published(outcome) => return Ok(outcome),
            Attempt::Overtaken => {}
        }
    }
    Err(IngestionError::Overtaken)
}

struct Run<'run> {
    dependencies: &'run Dependencies,
    location: &'run Location,
    id: RunId,
    started_at: UnixMillis,
    batch: Vec<Found>,
    batch_bytes: usize,
    rejections: Vec<Rejection>,
    rejections_kept: usize,
    first_reason: Option<String>,
    refs: Vec<EntityRef>,
    entities: i64,
    with_errors: i64,
    rejected: i64,
}

impl<'run> Run<'run> {
    fn new(dependencies: &'run Dependencies, location: &'run Location, id: RunId) -> Self {
        Self {
            dependencies,
            location,
            id,
            started_at: dependencies.clock.now(),
            batch: Vec::new(),
            batch_bytes: 0,
            rejections: Vec::new(),
            rejections_kept: 0,
            first_reason: None,
            refs: Vec::new(),
            entities: 0,
            with_errors: 0,
            rejected: 0,
        }
    }

    async fn execute(mut self) -> Result<Attempt, IngestionError> {
        let counter = self.dependencies.store.read().await?.changes().await?.catalog;
        let mut walk = Walk::new(&*self.dependencies.reader, self.location);
        while let Some(step) = walk.next().await? {
            if let Some((file, error)) = step.outage
                && self.has_published(&file).await?
            {
                return Err(error.into());
            }
            self.reject(step.rejections);
            if let Some(found) = step.found {
                self.batch_bytes += found.entity.document.len();
                self.batch.push(found);
            }
            if self.batch.len() >= BATCH_ENTITIES_MAX || self.batch_bytes >= BATCH_BYTES_MAX {
                self.flush().await?;
            }
        }
        self.flush().await?;
        self.refuse_to_empty()?;
        self.publish(counter).await
    }

    /// Whether this location has published entities of a file. They must not go because a host is down.
    async fn has_published(&self, file: &str) -> Result<bool, StoreError> {
        let key = format!("metadata.annotations.{MANAGED_BY_LOCATION}");
        let query = EntityQuery {
            predicate: Some(Predicate::In(key, vec![search_text(file)])),
            ..EntityQuery::all(OUTAGE_SAMPLE)
        };
        let found = self.dependencies.store.read().await?.entity_query(&query).await?.items;
        Ok(found.iter().any(|entity| entity.location_id == self.location.id))
    }

    fn reject(&mut self, rejections: Vec<Rejection>) {
        let Some(first) = rejections.first() else { return };
        self.rejected += 1;
        if self.first_reason.is_none() {
            let at = first.path.as_deref().map(|path| format!(" {path}")).unwrap_or_default();
            let line = first.line.map(|line| format!(" line {line}")).unwrap_or_default();
            self.first_reason = Some(format!("{}{line}{at}: {}", first.file, first.reason));
        }
        let room = REJECTIONS_MAX.saturating_sub(self.rejections_kept);
        let kept = rejections.into_iter().take(room);
        let before = self.rejections.len();
        self.rejections.extend(kept);
        self.rejections_kept += self.rejections.len() - before;
    }

    /// Stages what has come together, in one short transaction.
    async fn flush(&mut self) -> Result<(), IngestionError> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let accepted = self.without_conflicts(batch).await?;
        let rejections = std::mem::take(&mut self.rejections);
        if accepted.is_empty() && rejections.is_empty() {
            return Ok(());
        }
        let mut store = self.dependencies.store.write().await?;
        if !accepted.is_empty() {
            store.run_stage(&self.location.id, &self.id, &accepted).await?;
        }
        if !rejections.is_empty() {
            store.run_reject(&self.location.id, &self.id, &rejections).await?;
        }
        store.commit().await?;
        self.refs.extend(accepted.into_iter().map(|entity| entity.entity_ref));
        Ok(())
    }

    /// Leaves out what another location has published: nothing is overridden silently.
    async fn without_conflicts(&mut self, batch: Vec<Found>) -> Result<Vec<StagedEntity>, StoreError> {
        let mut accepted = Vec::with_capacity(batch.len());
        if batch.is_empty() {
            return Ok(accepted);
        }
        let mut store = self.dependencies.store.read().await?;
        for found in batch {
            let entity_ref = &found.entity.entity_ref;
            let Some(other) = other_location(&mut *store, entity_ref, &self.location.id).await? else {
                self.entities += 1;
                self.with_errors += i64::from(found.with_errors);
                accepted.push(found.entity);
                continue;
            };
            let other = store.location_by_id(&other).await?;
            let other = other.map_or_else(|| "another location".to_owned(), |other| other.target.to_string());
            self.reject(vec![Rejection {
                line: Some(found.line),
                path: Some("metadata.name".to_owned()),
                entity: Some(entity_ref.to_string()),
                reason: format!("{entity_ref} is defined by {other} already; that one stays"),
                file: found.file,
            }]);
        }
        Ok(accepted)
    }

    /// A file in which suddenly nothing is right is a mistake, not the end of everything that it defined.
    fn refuse_to_empty(&self) -> Result<(), ReadError> {
        let had = self.location.last_outcome.as_ref().is_some_and(|outcome| outcome.entities > 0);
        match &self.first_reason {
            Some(reason) if had && self.entities == 0 => Err(ReadError::Unusable {
                target: self.location.target.to_string(),
                reason: format!("nothing in it can be taken: {reason}"),
            }),
            _ => Ok(()),
        }
    }

    async fn publish(self, counter: i64) -> Result<Attempt, IngestionError> {
        let at = self.dependencies.clock.now();
        let outcome = RunOutcome {
            at,
            entities: self.entities,
            with_errors: self.with_errors,
            rejected: self.rejected,
            duration_ms: at.since(self.started_at).max(0),
        };
        let mut store = self.dependencies.store.write().await?;
        // Whatever was published since the run began may define the same entities.
        if store.changes().await?.catalog != counter {
            for entity_ref in &self.refs {
                if other_location(&mut *store, entity_ref, &self.location.id).await?.is_some() {
                    return Ok(Attempt::Overtaken);
                }
            }
        }
        // Another process that clears away old runs may have taken this one for abandoned.
        if store.run_size(&self.id).await? != self.entities {
            return Ok(Attempt::Overtaken);
        }
        if !store.run_publish(&self.location.id, &self.id, &outcome).await? {
            return Err(IngestionError::NotFound);
        }
        store.change_record(Topic::Catalog).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(Attempt::Published(outcome))
    }
}

async fn other_location<S>(
    store: &mut S,
    entity_ref: &EntityRef,
    own: &LocationId,
) -> Result<Option<LocationId>, StoreError>
where
    S: ReadTransaction + ?Sized,
{
    Ok(store.entity_location(entity_ref).await?.filter(|location| location != own))
}

async fn remember_failure(dependencies: &Dependencies, location: &LocationId, error: &str) {
    let remembered = async {
        let mut store = dependencies.store.write().await?;
        store.run_fail(location, error, dependencies.clock.now()).await?;
        store.commit().await
    };
    if let Err(error) = remembered.await {
        tracing::error!(%error, "a failed run could not be remembered");
    }
}

async fn prune(dependencies: &Dependencies, runners: &Runners) -> Result<(), StoreError> {
    for _ in 0..PRUNE_ROUNDS_MAX {
        let mut store = dependencies.store.write().await?;
        let gone = store.run_prune(&runners.running(), PRUNE_LIMIT).await?;
        store.commit().await?;
        if gone < u64::from(PRUNE_LIMIT) {
            break;
        }
    }
    Ok(())
}

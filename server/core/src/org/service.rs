//! Directories: what runs them, and what admins do with their runs.

use std::sync::Arc;

use thiserror::Error;

use super::{
    ProviderId, ProviderOptions, RunKind, RunNumber, RunState, compose, dry_run, publish, reread,
    run::{DirectoryRun, ProviderState, RunRequest, RunTrigger},
    schedule,
    worker::{LEASE_MS, RunError, Worker},
};
use crate::{
    audit::{Actor, AuditEvent},
    changes::Topic,
    identity::Admin,
    ids::RunId,
    ingestion::{Location, LocationOrigin, Target},
    ports::{
        DirectoryError, DirectoryEvent, DirectoryEventError, DirectoryEventRequest, StoreError,
        WriteTransaction,
    },
    services::{Dependencies, Directory},
    settings::SettingsService,
};

/// Kinds that a provider brings.
const KINDS: [&str; 2] = ["user", "group"];
/// People whom one event can name.
const EVENT_PEOPLE_MAX: usize = 1_000;

/// Why something about a directory was not done.
#[derive(Debug, Error)]
pub enum OrgError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration names no such provider.
    #[error("there is no provider of this id; [[org.providers]] in the configuration names them")]
    UnknownProvider,
    /// The run is not held, or not any more.
    #[error("this run does not wait for anybody; a later one may have taken its place")]
    NotHeld,
    /// The directory could not be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// Why an event was not taken.
#[derive(Debug, Error)]
pub enum OrgEventError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration names no such provider.
    #[error("there is no such provider")]
    UnknownProvider,
    /// It is not authentic, or cannot be read.
    #[error(transparent)]
    Refused(#[from] DirectoryEventError),
}

/// What a taken event is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventAnswer {
    /// It was taken; nothing is to be said.
    Taken,
    /// The answer that shows that the endpoint is ours.
    Challenge {
        /// Its content type.
        content_type: &'static str,
        /// Its body.
        body: String,
    },
}

/// Reads directories into the catalog, and lets admins see and decide.
pub struct OrgService {
    pub(super) dependencies: Dependencies,
    pub(super) settings: Arc<SettingsService>,
    holder: String,
    woken: tokio::sync::Notify,
}

impl OrgService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        let holder = RunId::generate(&*dependencies.rng).0;
        Self { dependencies, settings, holder, woken: tokio::sync::Notify::new() }
    }

    /// The ids of all providers, in the order of the configuration.
    #[must_use]
    pub fn provider_ids(&self) -> Vec<ProviderId> {
        self.dependencies.directories.iter().map(|directory| directory.options.id.clone()).collect()
    }

    pub(super) fn directory(&self, id: &ProviderId) -> Result<&Directory, OrgError> {
        let mut directories = self.dependencies.directories.iter();
        directories.find(|directory| directory.options.id == *id).ok_or(OrgError::UnknownProvider)
    }

    /// Makes the store know the providers of the configuration, and forget all others with what they brought.
    ///
    /// # Errors
    /// The store failed.
    pub async fn configure(&self) -> Result<(), StoreError> {
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        tx.change_record(Topic::Catalog).await?;
        for directory in &*self.dependencies.directories {
            self.provider_ensure(tx.as_mut(), directory).await?;
        }
        for state in tx.directory_provider_list().await? {
            if self.directory(&state.id).is_err() {
                tx.directory_provider_delete(&state.id).await?;
                tx.location_delete(&Target::Provider(state.id.to_string()).location_id()).await?;
                tracing::warn!(provider = %state.id, "provider is not in the configuration any more: its people and groups are gone");
            }
        }
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }

    async fn provider_ensure(
        &self,
        tx: &mut dyn WriteTransaction,
        directory: &Directory,
    ) -> Result<(), StoreError> {
        let (options, now) = (&directory.options, self.dependencies.clock.now());
        let location = location(options, now);
        if tx.location_by_id(&location.id).await?.is_none() {
            tx.location_put(&location).await?;
        }
        let rng = &*self.dependencies.rng;
        let has_delta = directory.client.has_delta() && options.delta_minutes.is_some();
        if let Some(mut known) = tx.directory_provider_lock(&options.id).await? {
            if known.delta_due_at.is_some() != has_delta {
                known.delta_due_at = schedule::next_delta(options, rng, now).filter(|_| has_delta);
                tx.directory_provider_update(&known).await?;
            }
            return Ok(());
        }
        let state = ProviderState {
            id: options.id.clone(),
            published_run: None,
            active_run: None,
            held_run: None,
            watermark: None,
            delta_cursor: None,
            full_due_at: schedule::first(rng, now),
            delta_due_at: schedule::next_delta(options, rng, now).filter(|_| has_delta),
            request: None,
            failures: 0,
        };
        tx.directory_provider_insert(&state).await.map(drop)
    }

    /// Does what is due for a provider: reads on, publishes, starts a run. Returns the runs that ended. Another node that
    /// is at it is left alone. Nothing waits in here for longer than a page takes.
    ///
    /// # Errors
    /// [`OrgError::Store`]; the run goes on with the next call.
    pub async fn tick(&self, id: &ProviderId) -> Result<Vec<DirectoryRun>, OrgError> {
        let directory = self.directory(id)?;
        if !self.has_work(id).await? {
            return Ok(Vec::new());
        }
        let now = self.dependencies.clock.now();
        let mut tx = self.dependencies.store.write().await?;
        // A holder of its own for each call: two calls of one process are two runners.
        let holder = format!("{}-{}", self.holder, RunId::generate(&*self.dependencies.rng));
        let fence = tx.directory_lease_take(id, &holder, now, now.plus(LEASE_MS)).await?;
        let Some(fence) = fence else { return Ok(Vec::new()) };
        tx.commit().await?;
        let worker = Worker { dependencies: &self.dependencies, settings: &self.settings, directory, fence };
        let outcome = worker.work().await;
        let mut tx = self.dependencies.store.write().await?;
        tx.directory_lease_release(&worker.fence).await?;
        tx.commit().await?;
        match outcome {
            Ok(ended) => Ok(ended),
            Err(RunError::Store(error)) => Err(error.into()),
            Err(RunError::Overtaken) => {
                tracing::warn!(provider = %id, "another runner has taken over a directory run");
                Ok(Vec::new())
            }
        }
    }

    /// Whether a runner would find something to do.
    async fn has_work(&self, id: &ProviderId) -> Result<bool, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let Some(state) = store.directory_provider(id).await? else { return Ok(false) };
        let now = self.dependencies.clock.now();
        if let Some(number) = state.active_run {
            let run = store.directory_run(number).await?;
            return Ok(run.is_none_or(|run| run.waiting_until.is_none_or(|until| until <= now)));
        }
        if let Some(published) = state.published_run
            && !store.directory_changes(published, 1).await?.is_empty()
        {
            return Ok(true);
        }
        if let Some(held) = state.held_run
            && store.directory_run(held).await?.is_some_and(|run| run.state.is_under_way())
        {
            return Ok(true);
        }
        Ok(schedule::due(&state, now).is_some())
    }

    /// Reads again whoever waits for it, and returns how many were read.
    ///
    /// # Errors
    /// The store failed; who is left waits on.
    pub async fn read_again(&self, id: &ProviderId) -> Result<u64, OrgError> {
        reread::work(&self.dependencies, &self.settings, self.directory(id)?).await
    }

    /// Waits until an event asks for something; at once when one did since the last call.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Takes an event of a provider. It is never believed: people are read again, or everything is.
    ///
    /// # Errors
    /// [`OrgEventError`].
    pub async fn event(
        &self,
        provider: &str,
        request: DirectoryEventRequest<'_>,
    ) -> Result<EventAnswer, OrgEventError> {
        let id = ProviderId::parse(provider).map_err(|_| OrgEventError::UnknownProvider)?;
        let directory = self.directory(&id).map_err(|_| OrgEventError::UnknownProvider)?;
        match directory.client.event(request)? {
            DirectoryEvent::Reread(mut keys) => {
                if keys.len() > EVENT_PEOPLE_MAX {
                    self.request(&id, RunTrigger::Event).await?;
                    keys.truncate(EVENT_PEOPLE_MAX);
                }
                reread::queue(&self.dependencies, directory, &keys).await?;
            }
            DirectoryEvent::Run => self.request(&id, RunTrigger::Event).await?,
            DirectoryEvent::Challenge { content_type, body } => {
                return Ok(EventAnswer::Challenge { content_type, body });
            }
            DirectoryEvent::Nothing => return Ok(EventAnswer::Taken),
        }
        self.woken.notify_waiters();
        self.woken.notify_one();
        Ok(EventAnswer::Taken)
    }

    /// Asks for a run; a delta where there is one, since an event says little.
    async fn request(&self, id: &ProviderId, trigger: RunTrigger) -> Result<(), StoreError> {
        let mut tx = self.dependencies.store.write().await?;
        let Some(state) = tx.directory_provider_lock(id).await? else { return Ok(()) };
        let kind = if state.delta_due_at.is_some() && state.delta_cursor.is_some() && state.held_run.is_none()
        {
            RunKind::Delta
        } else {
            RunKind::Full
        };
        tx.directory_request(id, &RunRequest { kind, trigger }).await?;
        tx.commit().await
    }

    /// Asks for a full run now; audited. It begins with the next tick of any node.
    ///
    /// # Errors
    /// [`OrgError::UnknownProvider`], or the store failed.
    pub async fn run_now(&self, admin: &Admin, id: &ProviderId) -> Result<(), OrgError> {
        self.directory(id)?;
        let trigger = match admin.actor() {
            Actor::User { name, .. } => RunTrigger::Admin(name),
            _ => RunTrigger::CommandLine,
        };
        let mut tx = self.dependencies.store.write().await?;
        let request = RunRequest { kind: RunKind::Full, trigger };
        if !tx.directory_request(id, &request).await? {
            return Err(OrgError::UnknownProvider);
        }
        tx.audit_append(&self.decision(admin, "directory-run.requested", id)).await?;
        tx.change_record(Topic::Runs).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        self.woken.notify_waiters();
        self.woken.notify_one();
        Ok(())
    }

    /// Publishes a held run after all; audited. It begins with the next tick of any node.
    ///
    /// # Errors
    /// [`OrgError::NotHeld`] when another run has taken its place or somebody else has decided.
    pub async fn approve(&self, admin: &Admin, id: &ProviderId, run: RunNumber) -> Result<(), OrgError> {
        self.decide(admin, id, run, true).await
    }

    /// Throws a held run away; audited.
    ///
    /// # Errors
    /// As [`Self::approve`].
    pub async fn discard(&self, admin: &Admin, id: &ProviderId, run: RunNumber) -> Result<(), OrgError> {
        self.decide(admin, id, run, false).await
    }

    async fn decide(
        &self,
        admin: &Admin,
        id: &ProviderId,
        number: RunNumber,
        approve: bool,
    ) -> Result<(), OrgError> {
        self.directory(id)?;
        let now = self.dependencies.clock.now();
        let mut tx = self.dependencies.store.write().await?;
        let state = tx.directory_provider_lock(id).await?.ok_or(OrgError::UnknownProvider)?;
        let run = tx.directory_run(number).await?.filter(|run| run.state == RunState::Held);
        let Some(mut run) = run.filter(|_| state.held_run == Some(number)) else {
            // Whoever decided before may still be waiting for the disk.
            tx.commit().await?;
            return Err(OrgError::NotHeld);
        };
        run.updated_at = now;
        let action = if approve {
            run.state = RunState::Composing;
            run.cursor = None;
            run.error = None;
            "directory-run.approved"
        } else {
            run.state = RunState::Discarded;
            run.ended_at = Some(now);
            tx.directory_provider_update(&ProviderState { held_run: None, ..state }).await?;
            "directory-run.discarded"
        };
        tx.directory_run_update(&run).await?;
        let details = serde_json::json!({ "run": number, "hold": run.hold });
        tx.audit_append(&self.decision(admin, action, id).details(details)).await?;
        tx.change_record(Topic::Runs).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        self.woken.notify_waiters();
        self.woken.notify_one();
        Ok(())
    }

    fn decision(&self, admin: &Admin, action: &str, id: &ProviderId) -> AuditEvent {
        let Dependencies { rng, clock, .. } = &self.dependencies;
        AuditEvent::done(&**rng, clock.now(), admin.actor(), action, admin.origin()).target(id.as_str())
    }

    /// Reads everything, compares it with what is published, and changes nothing.
    ///
    /// # Errors
    /// [`OrgError::Directory`] when it could not be read to the end.
    pub async fn dry_run(&self, _admin: &Admin, id: &ProviderId) -> Result<dry_run::DryRun, OrgError> {
        let limit = self.settings.current().await?.provider(id.as_str()).removal_limit_percent;
        dry_run::dry_run(&self.dependencies, self.directory(id)?, u64::from(limit)).await
    }

    /// Most people who may wait to be read again.
    #[must_use]
    pub const fn rereads_max() -> u32 {
        publish::REREADS_MAX
    }
}

fn location(options: &ProviderOptions, now: crate::time::UnixMillis) -> Location {
    Location {
        id: compose::location_id(options),
        target: Target::Provider(options.id.to_string()),
        allow: Some(KINDS.map(str::to_owned).to_vec()),
        origin: LocationOrigin::Provider,
        created_at: now,
        published_run: None,
        last_outcome: None,
        last_failure: None,
    }
}

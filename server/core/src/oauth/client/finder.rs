//! From a client id to a client: policy, then cache, store, network, pinned copy.

use std::sync::Arc;

use moka::ops::compute::Op;
use portal_model::settings::{CimdPolicy, Settings};

use super::{
    Client, ClientError, ClientIdUrl, PinnedDocument,
    memory::DocumentMemory,
    pinned::{self, Pins},
};
use crate::{
    oauth::records::{DocumentOrigin, StoredClientDocument},
    ports::{Clock, DocumentFetcher},
    time::{DAY_MS, MINUTE_MS, SECOND_MS, UnixMillis},
};

/// Clients held in memory.
const CACHED_MAX: u64 = 1_000;
/// Failures held in memory.
const FAILURES_MAX: u64 = 1_000;
/// A document is used at least this long without fetching it again.
const FRESH_MIN_MS: i64 = MINUTE_MS;
/// A document is used at most this long without fetching it again.
const FRESH_MAX_MS: i64 = DAY_MS;
/// How long a document is used that does not say.
const FRESH_DEFAULT_SECONDS: u64 = 300;
/// Pause after a failure before the next try.
const RETRY_PAUSE_MS: i64 = 5 * SECOND_MS;
/// Pause after a failure while a pinned copy serves.
const RETRY_PAUSE_PINNED_MS: i64 = MINUTE_MS;

/// What finding needs of the world.
pub(super) struct Surroundings {
    pub(super) fetcher: Arc<dyn DocumentFetcher>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) memory: Arc<dyn DocumentMemory>,
    /// Whether Portal itself is on loopback, so that documents there are taken.
    pub(super) allow_loopback: bool,
}

struct Cached {
    client: Arc<Client>,
    fresh_until: UnixMillis,
}

/// A failure is remembered only to limit the rate of tries: no answer of a client's host outlives its pause.
#[derive(Clone)]
struct Failure {
    error: ClientError,
    retry_at: UnixMillis,
}

/// Finds clients. One fetch at a time for each client id, however many ask.
pub(super) struct Finder {
    surroundings: Surroundings,
    pins: Pins,
    cache: moka::future::Cache<String, Arc<Cached>>,
    failures: moka::sync::Cache<String, Failure>,
}

impl Finder {
    pub(super) fn new(surroundings: Surroundings, pinned: &[PinnedDocument]) -> Self {
        Self {
            surroundings,
            pins: Pins::new(pinned),
            cache: moka::future::Cache::new(CACHED_MAX),
            failures: moka::sync::Cache::new(FAILURES_MAX),
        }
    }

    /// The client with this id under these settings.
    pub(super) async fn find(
        &self,
        settings: &Settings,
        client_id: &str,
    ) -> Result<Arc<Client>, ClientError> {
        if !settings.cimd_enabled {
            return Err(ClientError::Disabled);
        }
        if let Some(client) = self.pins.of_admin(client_id) {
            return Ok(client);
        }
        let id = ClientIdUrl::parse(client_id, self.surroundings.allow_loopback)?;
        if !is_allowed(settings, &id) {
            return Err(ClientError::NotAllowed);
        }
        match self.current(&id).await {
            Err(ClientError::Fetch(error)) if error.is_outage() => {
                self.pins.of_portal(client_id).ok_or(ClientError::Fetch(error))
            }
            result => result,
        }
    }

    /// The client by its live document, fetched now or still fresh.
    async fn current(&self, id: &ClientIdUrl) -> Result<Arc<Client>, ClientError> {
        let now = self.surroundings.clock.now();
        if let Some(cached) = self.cache.get(id.as_str()).await
            && is_fresh(now, cached.fresh_until)
        {
            return Ok(Arc::clone(&cached.client));
        }
        // Callers of one id take turns here, and find what the one before them fetched.
        let entry = self.cache.entry_by_ref(id.as_str());
        let result = entry
            .and_try_compute_with(async |held| match held {
                Some(held) if is_fresh(now, held.value().fresh_until) => Ok(Op::Nop),
                _ => self.load(id).await.map(|loaded| Op::Put(Arc::new(loaded))),
            })
            .await?;
        result.into_entry().map(|entry| Arc::clone(&entry.value().client)).ok_or(ClientError::Unavailable)
    }

    /// The client by what the store remembers, else by what its host answers.
    async fn load(&self, id: &ClientIdUrl) -> Result<Cached, ClientError> {
        let now = self.surroundings.clock.now();
        if let Some(failure) = self.failures.get(id.as_str())
            && now < failure.retry_at
        {
            return Err(failure.error);
        }
        if let Some(stored) = self.surroundings.memory.get(id.as_str()).await?
            && is_fresh(now, stored.fresh_until)
            && let Ok(client) = pinned::client(id.clone(), stored.body.as_bytes(), DocumentOrigin::Live)
        {
            return Ok(Cached { client: Arc::new(client), fresh_until: stored.fresh_until });
        }
        self.fetch(id).await.inspect_err(|error| self.remember_failure(id, error))
    }

    async fn fetch(&self, id: &ClientIdUrl) -> Result<Cached, ClientError> {
        let fetched = self.surroundings.fetcher.fetch(id.as_str()).await?;
        let client = pinned::client(id.clone(), &fetched.body, DocumentOrigin::Live)?;
        let fetched_at = self.surroundings.clock.now();
        let fresh_until = fetched_at.plus(fresh_ms(fetched.fresh_for_seconds));
        let document = StoredClientDocument {
            client_id: id.as_str().to_owned(),
            body: String::from_utf8_lossy(&fetched.body).into_owned(),
            fetched_at,
            fresh_until,
        };
        // The document is good without being remembered; the next node or start fetches it again.
        if let Err(error) = self.surroundings.memory.put(&document).await {
            tracing::warn!(client_id = id.as_str(), %error, "a client document could not be remembered");
        }
        Ok(Cached { client: Arc::new(client), fresh_until })
    }

    /// The client with this id as memory has it, fresh or not.
    pub(super) async fn held(&self, client_id: &str) -> Option<Arc<Client>> {
        if let Some(client) = self.pins.of_admin(client_id) {
            return Some(client);
        }
        self.cache.get(client_id).await.map(|cached| Arc::clone(&cached.client))
    }

    /// How many clients are held in memory.
    #[cfg(test)]
    pub(super) async fn held_count(&self) -> u64 {
        self.cache.run_pending_tasks().await;
        self.cache.entry_count()
    }

    fn remember_failure(&self, id: &ClientIdUrl, error: &ClientError) {
        tracing::info!(client_id = id.as_str(), %error, "no valid client document");
        let pause_ms = match self.pins.of_portal(id.as_str()) {
            Some(_) => RETRY_PAUSE_PINNED_MS,
            None => RETRY_PAUSE_MS,
        };
        let retry_at = self.surroundings.clock.now().plus(pause_ms);
        self.failures.insert(id.as_str().to_owned(), Failure { error: error.clone(), retry_at });
    }
}

/// Whether the policy takes the document of an agent; of one whose document is not known, whether it takes any but the
/// built-in ones.
pub(crate) fn document_admitted(settings: &Settings, client_id: Option<&str>) -> bool {
    match client_id {
        Some(client_id) => {
            ClientIdUrl::parse(client_id, false).is_ok_and(|client_id| is_allowed(settings, &client_id))
        }
        None => settings.cimd_policy == CimdPolicy::Any || !settings.cimd_allowed.is_empty(),
    }
}

/// Documents on loopback come this far only while Portal itself is there, which is development: they need no pattern.
fn is_allowed(settings: &Settings, id: &ClientIdUrl) -> bool {
    match settings.cimd_policy {
        CimdPolicy::Any => true,
        CimdPolicy::WellKnown => {
            let by_pattern =
                || settings.cimd_allowed.iter().any(|pattern| pattern.matches(id.host(), id.path()));
            pinned::is_well_known(id.as_str()) || id.is_loopback() || by_pattern()
        }
    }
}

/// Whether a document can be used without fetching it. A time further ahead than any bound comes of a clock that was
/// set back.
fn is_fresh(now: UnixMillis, fresh_until: UnixMillis) -> bool {
    (1..=FRESH_MAX_MS).contains(&fresh_until.since(now))
}

fn fresh_ms(said_seconds: Option<u64>) -> i64 {
    let seconds = i64::try_from(said_seconds.unwrap_or(FRESH_DEFAULT_SECONDS)).unwrap_or(i64::MAX);
    seconds.saturating_mul(SECOND_MS).clamp(FRESH_MIN_MS, FRESH_MAX_MS)
}

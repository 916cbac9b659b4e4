//! Pictures of clients: fetched under the same guard as documents, made anew, kept within bounds, served by Portal itself
//! (draft-ietf-oauth-client-id-metadata-document section 8.8). Where one cannot be had, there is none.

use std::{collections::HashMap, sync::Arc};

use moka::ops::compute::Op;

use crate::{
    oauth::records::{ClientLogo, LogoId},
    ports::{Clock, DocumentFetcher, FetchError, Store, StoreError},
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UnixMillis},
};

/// Clients whose pictures are kept; those fetched longest ago go first.
const KEPT_MAX: u32 = 500;
/// Pictures that are known in memory to be there.
const CACHED_MAX: u64 = 500;
/// Failures held in memory.
const FAILURES_MAX: u64 = 500;
/// Most clients whose pictures are looked up at once.
const LOOKED_UP_MAX: usize = 200;
/// A picture is used at least this long without fetching it again.
const FRESH_MIN_MS: i64 = HOUR_MS;
/// A picture is used at most this long without fetching it again.
const FRESH_MAX_MS: i64 = 7 * DAY_MS;
/// How long a picture is used whose answer does not say.
const FRESH_DEFAULT_MS: i64 = DAY_MS;
/// Pause after a failure before the next try: nobody shall wait for a picture at every sign-in.
const RETRY_PAUSE_MS: i64 = 10 * MINUTE_MS;

/// Finds pictures. One fetch at a time for each client, however many ask.
pub(super) struct LogoFinder {
    fetcher: Arc<dyn DocumentFetcher>,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    cache: moka::future::Cache<String, Arc<ClientLogo>>,
    /// By client and address, so that a corrected document is tried at once.
    failures: moka::sync::Cache<(String, String), UnixMillis>,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
enum LogoError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it could not be had a moment ago")]
    Paused,
}

impl LogoFinder {
    pub(super) fn new(
        fetcher: Arc<dyn DocumentFetcher>,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
    ) -> Self {
        let (cache, failures) = (moka::future::Cache::new(CACHED_MAX), moka::sync::Cache::new(FAILURES_MAX));
        Self { fetcher, clock, store, cache, failures }
    }

    /// Sees to it that the picture of a client is kept as its document has it now: fetched when it is missing, old or from
    /// another address, forgotten when the document names none. A failure is told to the log alone.
    pub(super) async fn keep(&self, client_id: &str, uri: Option<&str>) {
        let kept = match uri {
            Some(uri) => self.fetch_if_needed(client_id, uri).await,
            None => self.forget(client_id).await,
        };
        if let Err(error) = kept {
            tracing::debug!(client_id, %error, "no picture of a client");
        }
    }

    async fn fetch_if_needed(&self, client_id: &str, uri: &str) -> Result<(), LogoError> {
        let now = self.clock.now();
        if let Some(cached) = self.cache.get(client_id).await
            && serves(&cached, uri, now)
        {
            return Ok(());
        }
        let entry = self.cache.entry_by_ref(client_id);
        entry
            .and_try_compute_with(async |held| match held {
                Some(held) if serves(held.value(), uri, now) => Ok(Op::Nop),
                _ => self.load(client_id, uri).await.map(|logo| Op::Put(Arc::new(logo))),
            })
            .await
            .map(drop)
    }

    /// What the store has, else what the client's host answers.
    async fn load(&self, client_id: &str, uri: &str) -> Result<ClientLogo, LogoError> {
        let now = self.clock.now();
        let failure = (client_id.to_owned(), uri.to_owned());
        if self.failures.get(&failure).is_some_and(|retry_at| now < retry_at) {
            return Err(LogoError::Paused);
        }
        let stored = self.stored(&[client_id]).await?.into_iter().next();
        if let Some(stored) = stored.filter(|stored| serves(stored, uri, now)) {
            return Ok(stored);
        }
        let fetched = match self.fetcher.fetch_logo(uri).await {
            Ok(fetched) => fetched,
            Err(error) => {
                self.failures.insert(failure, now.plus(RETRY_PAUSE_MS));
                self.delete(client_id).await?;
                return Err(error.into());
            }
        };
        let fetched_at = self.clock.now();
        let logo = ClientLogo {
            client_id: client_id.to_owned(),
            uri: uri.to_owned(),
            id: LogoId::of(&fetched.png),
            fetched_at,
            fresh_until: fetched_at.plus(fresh_ms(fetched.fresh_for_seconds)),
        };
        let mut transaction = self.store.write().await?;
        transaction.client_logo_put(&logo, &fetched.png, KEPT_MAX).await?;
        transaction.commit().await?;
        Ok(logo)
    }

    async fn forget(&self, client_id: &str) -> Result<(), LogoError> {
        self.cache.invalidate(client_id).await;
        if self.stored(&[client_id]).await?.is_empty() {
            return Ok(());
        }
        Ok(self.delete(client_id).await?)
    }

    async fn delete(&self, client_id: &str) -> Result<(), StoreError> {
        let mut transaction = self.store.write().await?;
        transaction.client_logo_delete(client_id).await?;
        transaction.commit().await
    }

    /// The names of the pictures that are kept of these clients, by client id.
    pub(super) async fn names<'id>(
        &self,
        client_ids: impl Iterator<Item = &'id str> + Send,
    ) -> Result<HashMap<String, LogoId>, StoreError> {
        let mut ids: Vec<&str> = client_ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(LOOKED_UP_MAX);
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.stored(&ids).await?.into_iter().map(|logo| (logo.client_id, logo.id)).collect())
    }

    /// A picture by its name.
    pub(super) async fn picture(&self, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read().await?.client_logo_picture(id).await
    }

    async fn stored(&self, client_ids: &[&str]) -> Result<Vec<ClientLogo>, StoreError> {
        self.store.read().await?.client_logo_list(client_ids).await
    }
}

fn serves(logo: &ClientLogo, uri: &str, now: UnixMillis) -> bool {
    // A time further ahead than any bound comes of a clock that was set back.
    logo.uri == uri && (1..=FRESH_MAX_MS).contains(&logo.fresh_until.since(now))
}

fn fresh_ms(said_seconds: Option<u64>) -> i64 {
    let said_ms = said_seconds.map_or(FRESH_DEFAULT_MS, |seconds| {
        i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND_MS)
    });
    said_ms.clamp(FRESH_MIN_MS, FRESH_MAX_MS)
}

//! Keys at an address of their own (`jwks_uri`): fetched under the same guard as documents, cached within bounds.

use std::sync::Arc;

use moka::ops::compute::Op;

use super::jwk::KeySet;
use crate::{
    ports::{Clock, DocumentFetcher, FetchError},
    time::{DAY_MS, MINUTE_MS, SECOND_MS, UnixMillis},
};

/// Key sets held in memory.
const CACHED_MAX: u64 = 500;
/// Failures held in memory.
const FAILURES_MAX: u64 = 500;
/// Keys are used at least this long without fetching them again, unless an unknown one is asked for.
const FRESH_MIN_MS: i64 = 5 * MINUTE_MS;
/// Keys are used at most this long without fetching them again: a key taken back works no longer than this.
const FRESH_MAX_MS: i64 = DAY_MS;
/// How long keys are used whose answer does not say.
const FRESH_DEFAULT_SECONDS: u64 = 300;
/// Pause between two fetches that an unknown key asks for.
const UNKNOWN_KEY_PAUSE_MS: i64 = MINUTE_MS;
/// Pause after a failure before the next try.
const RETRY_PAUSE_MS: i64 = 5 * SECOND_MS;

struct Cached {
    keys: Arc<KeySet>,
    fetched_at: UnixMillis,
    fresh_until: UnixMillis,
}

impl Cached {
    fn serves(&self, key_id: Option<&str>, now: UnixMillis) -> bool {
        let fresh = (1..=FRESH_MAX_MS).contains(&self.fresh_until.since(now));
        // A key that is not there may be new: look again, but not at every request that names nonsense.
        let known = key_id.is_none_or(|id| self.keys.knows(id));
        fresh && (known || now.since(self.fetched_at) < UNKNOWN_KEY_PAUSE_MS)
    }
}

/// Finds keys. One fetch at a time for each address, however many ask.
pub struct KeyFinder {
    fetcher: Arc<dyn DocumentFetcher>,
    clock: Arc<dyn Clock>,
    cache: moka::future::Cache<String, Arc<Cached>>,
    failures: moka::sync::Cache<String, (FetchError, UnixMillis)>,
}

impl KeyFinder {
    /// A finder that has fetched nothing yet.
    #[must_use]
    pub fn new(fetcher: Arc<dyn DocumentFetcher>, clock: Arc<dyn Clock>) -> Self {
        let (cache, failures) = (moka::future::Cache::new(CACHED_MAX), moka::sync::Cache::new(FAILURES_MAX));
        Self { fetcher, clock, cache, failures }
    }

    /// The keys at this address; fetched again when they are old, or when this one is not among them.
    ///
    /// # Errors
    /// There are none to be had.
    pub async fn find(&self, address: &str, key_id: Option<&str>) -> Result<Arc<KeySet>, FetchError> {
        let now = self.clock.now();
        if let Some(cached) = self.cache.get(address).await
            && cached.serves(key_id, now)
        {
            return Ok(Arc::clone(&cached.keys));
        }
        let entry = self.cache.entry_by_ref(address);
        let result = entry
            .and_try_compute_with(async |held| match held {
                Some(held) if held.value().serves(key_id, now) => Ok(Op::Nop),
                _ => self.fetch(address).await.map(|fetched| Op::Put(Arc::new(fetched))),
            })
            .await?;
        result.into_entry().map(|entry| Arc::clone(&entry.value().keys)).ok_or(FetchError::Overloaded)
    }

    async fn fetch(&self, address: &str) -> Result<Cached, FetchError> {
        let now = self.clock.now();
        if let Some((error, retry_at)) = self.failures.get(address)
            && now < retry_at
        {
            return Err(error);
        }
        let fetched = self.fetcher.fetch_keys(address).await;
        let judged = fetched.and_then(|fetched| {
            let keys = KeySet::parse(&fetched.body).map_err(|_| FetchError::NotJson)?;
            Ok((keys, fetched.fresh_for_seconds))
        });
        let fetched_at = self.clock.now();
        match judged {
            Ok((keys, said_seconds)) => {
                let fresh_until = fetched_at.plus(fresh_ms(said_seconds));
                Ok(Cached { keys: Arc::new(keys), fetched_at, fresh_until })
            }
            Err(error) => {
                tracing::info!(address, %error, "no keys at this address");
                self.failures.insert(address.to_owned(), (error.clone(), fetched_at.plus(RETRY_PAUSE_MS)));
                Err(error)
            }
        }
    }
}

fn fresh_ms(said_seconds: Option<u64>) -> i64 {
    let seconds = i64::try_from(said_seconds.unwrap_or(FRESH_DEFAULT_SECONDS)).unwrap_or(i64::MAX);
    seconds.saturating_mul(SECOND_MS).clamp(FRESH_MIN_MS, FRESH_MAX_MS)
}

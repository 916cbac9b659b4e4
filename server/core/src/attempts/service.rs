//! The queue of attempts, what writes it, and what admins read.

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;
use tokio::sync::Notify;

use super::{
    ANONYMOUS_ATTEMPTS_MAX, ATTEMPT_RETENTION_MS, ATTEMPTS_MAX, Attempt, AttemptFilter,
    draft::{About, Draft},
    resolve::resolve,
};
use crate::{
    changes::Topic,
    identity::{Admin, User},
    ports::StoreError,
    services::Dependencies,
};

/// Most attempts waiting to be written.
pub const QUEUE_LENGTH_MAX: usize = 1_024;
/// How long attempts are gathered before they are written.
const GATHER: Duration = Duration::from_millis(100);
/// Most anonymous attempts of one network in a minute; more are counted as lost.
const ANONYMOUS_PER_MINUTE_MAX: u32 = 30;
/// Ids, sessions and tokens that are remembered as written.
const REMEMBERED_MAX: u64 = 20_000;
/// Rows deleted in one transaction.
const BATCH: u32 = 1_000;
/// Transactions of one run that deletes.
const BATCHES_MAX: usize = 100;

/// Knows how agents connect.
pub struct AttemptService {
    pub(super) dependencies: Dependencies,
    waiting: Mutex<Vec<Draft>>,
    /// One writer at a time, so that a reader who waits for it sees everything that waited.
    writing: tokio::sync::Mutex<()>,
    work: Notify,
    /// Ids of attempts that were taken.
    taken: Cache<String, ()>,
    /// Sessions and static tokens that have called.
    pub(super) called: Cache<String, ()>,
    /// Anonymous attempts by network, each with its minute.
    anonymous: Cache<(String, i64), Arc<AtomicU32>>,
    lost: AtomicU64,
}

/// An attempt as admins see it.
#[derive(Debug, Clone)]
pub struct AdminAttempt {
    /// The attempt.
    pub attempt: Attempt,
    /// Whose it is; `None` when nobody known.
    pub user: Option<User>,
}

impl AttemptService {
    /// The service, with an empty queue.
    #[must_use]
    pub fn new(dependencies: Dependencies) -> Self {
        Self {
            dependencies,
            waiting: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            work: Notify::new(),
            taken: Cache::new(REMEMBERED_MAX),
            called: Cache::new(REMEMBERED_MAX),
            anonymous: Cache::new(REMEMBERED_MAX),
            lost: AtomicU64::new(0),
        }
    }

    /// How many attempts were lost to a full queue or a noisy network since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Puts a draft into the queue; never waits.
    pub(super) fn record(&self, draft: Draft) {
        if self.taken.contains_key(&draft.id) {
            return;
        }
        if !self.may_take(&draft) {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let id = draft.id.clone();
        {
            let mut waiting = self.waiting();
            if waiting.len() >= QUEUE_LENGTH_MAX {
                drop(waiting);
                self.lost.fetch_add(1, Ordering::Relaxed);
                return;
            }
            waiting.push(draft);
        }
        self.taken.insert(id, ());
        self.work.notify_one();
    }

    /// Anybody can make attempts that are nobody's, and present made-up codes and tokens: each network has few a minute.
    fn may_take(&self, draft: &Draft) -> bool {
        if matches!(draft.about, About::Person(_) | About::Request(..) | About::Issued(_) | About::Known(_)) {
            return true;
        }
        let minute = draft.at.minute().0;
        let count = self.anonymous.get_with((draft.network.clone(), minute), Arc::default);
        count.fetch_add(1, Ordering::Relaxed) < ANONYMOUS_PER_MINUTE_MAX
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Draft>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is to be written, and a moment longer for more to come.
    pub async fn work(&self) {
        self.work.notified().await;
        tokio::time::sleep(GATHER).await;
    }

    /// Writes everything that waits. Returns how many attempts were new. The server calls it after [`Self::work`], pages
    /// that show attempts before they read, and the end of the process.
    ///
    /// # Errors
    /// The store failed; what was not written waits for the next call.
    pub async fn flush(&self) -> Result<u64, StoreError> {
        let _one_writer = self.writing.lock().await;
        let drafts = mem::take(&mut *self.waiting());
        if drafts.is_empty() {
            return Ok(0);
        }
        let written = self.write(&drafts).await;
        if written.is_err() {
            let mut waiting = self.waiting();
            let room = QUEUE_LENGTH_MAX.saturating_sub(waiting.len());
            let newer = mem::take(&mut *waiting);
            let lost = drafts.len().saturating_sub(room);
            waiting.extend(drafts.into_iter().skip(lost).chain(newer));
            self.lost.fetch_add(u64::try_from(lost).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        written
    }

    async fn write(&self, drafts: &[Draft]) -> Result<u64, StoreError> {
        let mut reader = self.dependencies.store.read().await?;
        let mut attempts = Vec::with_capacity(drafts.len());
        for draft in drafts {
            attempts.extend(resolve(&mut *reader, draft.clone()).await?);
        }
        drop(reader);
        if attempts.is_empty() {
            return Ok(0);
        }
        let mut store = self.dependencies.store.write().await?;
        // The counter first: writers of the same attempts take turns at it.
        store.change_record(Topic::Attempts).await?;
        let written = store.connection_attempt_append(&attempts).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(written)
    }

    /// The latest failures of everybody's agents, newest first, at most `limit` (and never more than 200).
    ///
    /// # Errors
    /// The store failed.
    pub async fn failures(&self, _admin: &Admin, limit: u32) -> Result<Vec<AdminAttempt>, StoreError> {
        self.flush().await?;
        let since = self.dependencies.clock.now().plus(-ATTEMPT_RETENTION_MS);
        let filter = AttemptFilter { since, failures_only: true, ..AttemptFilter::default() };
        let mut store = self.dependencies.store.read().await?;
        let attempts = store.connection_attempt_list(&filter, limit.min(200)).await?;
        let mut people: HashMap<String, Option<User>> = HashMap::new();
        for id in attempts.iter().filter_map(|attempt| attempt.user_id.as_ref()) {
            if !people.contains_key(id.as_str()) {
                people.insert(id.0.clone(), store.user_by_id(id).await?);
            }
        }
        let with_person = |attempt: Attempt| {
            let user = attempt.user_id.as_ref().and_then(|id| people.get(id.as_str()).cloned().flatten());
            AdminAttempt { attempt, user }
        };
        Ok(attempts.into_iter().map(with_person).collect())
    }

    /// Deletes what is older than the retention or above the bounds. The server calls it every few minutes. Returns how
    /// many rows went.
    ///
    /// # Errors
    /// The store failed; what was deleted until then stays deleted.
    pub async fn prune(&self) -> Result<u64, StoreError> {
        let before = self.dependencies.clock.now().plus(-ATTEMPT_RETENTION_MS);
        let mut pruned = 0;
        for _ in 0..BATCHES_MAX {
            let mut store = self.dependencies.store.write().await?;
            let mut batch = store.connection_attempt_prune(before, BATCH).await?;
            batch += store.connection_attempt_cut(true, ANONYMOUS_ATTEMPTS_MAX, BATCH).await?;
            batch += store.connection_attempt_cut(false, ATTEMPTS_MAX, BATCH).await?;
            batch += store.setup_guide_prune(before, BATCH).await?;
            store.commit().await?;
            pruned += batch;
            if batch == 0 {
                break;
            }
        }
        Ok(pruned)
    }
}

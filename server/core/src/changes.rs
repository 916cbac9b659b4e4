//! One mechanism for caches that know when they are stale.
//!
//! The store keeps a counter per topic; every transaction that changes something of a topic raises its counter.
//! Caches remember the counter they were filled at. [`ChangeTracker::current`] reads the counters at most every
//! [`STALENESS_MAX_MS`], so that whatever another node or the command line changed is seen within that time,
//! and what this process changed is seen at once.

use std::sync::{
    Arc, RwLock,
    atomic::{AtomicI64, Ordering},
};

use crate::{
    ports::{Clock, Store, StoreError},
    time::UnixMillis,
};

/// How old the counters may be when a request relies on them, in milliseconds.
pub const STALENESS_MAX_MS: i64 = 500;

/// What a counter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Settings.
    Settings,
    /// Entities, relations, locations.
    Catalog,
    /// Anything that takes access away: users disabled, sessions ended, tokens revoked, epochs bumped; and roles.
    Access,
    /// Steps and failures of agents that connect.
    Attempts,
    /// How far runs of directories are, and how they ended.
    Runs,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 5] = [Self::Settings, Self::Catalog, Self::Access, Self::Attempts, Self::Runs];

    /// The name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Catalog => "catalog",
            Self::Access => "access",
            Self::Attempts => "attempts",
            Self::Runs => "runs",
        }
    }
}

/// The counters of all topics at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Counter of [`Topic::Settings`].
    pub settings: i64,
    /// Counter of [`Topic::Catalog`].
    pub catalog: i64,
    /// Counter of [`Topic::Access`].
    pub access: i64,
    /// Counter of [`Topic::Attempts`].
    pub attempts: i64,
    /// Counter of [`Topic::Runs`].
    pub runs: i64,
}

/// Knows the counters, at most [`STALENESS_MAX_MS`] old.
pub struct ChangeTracker {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    known: RwLock<Changes>,
    read_at: AtomicI64,
    expirations: AtomicI64,
    reading: tokio::sync::Mutex<()>,
}

impl ChangeTracker {
    /// A tracker that has read nothing yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            known: RwLock::new(Changes::default()),
            read_at: AtomicI64::new(i64::MIN),
            expirations: AtomicI64::new(0),
            reading: tokio::sync::Mutex::new(()),
        }
    }

    /// The counters, read from the store when the known ones are too old. One caller reads, the others wait.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn current(&self) -> Result<Changes, StoreError> {
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        let _one_reader = self.reading.lock().await;
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        let expirations = self.expirations.load(Ordering::Acquire);
        let asked_at = self.clock.now();
        let changes = self.store.read().await?.changes().await?;
        // A commit of this process during the read may be missing in what was read.
        if self.expirations.load(Ordering::Acquire) == expirations {
            self.remember(changes, asked_at);
        }
        Ok(changes)
    }

    /// Makes the next [`Self::current`] read the store. Call it after every commit that raised a counter.
    pub fn expire(&self) {
        self.expirations.fetch_add(1, Ordering::AcqRel);
        self.read_at.store(i64::MIN, Ordering::Release);
    }

    fn fresh(&self) -> Option<Changes> {
        let age_ms = self.clock.now().since(UnixMillis(self.read_at.load(Ordering::Acquire)));
        // A clock that jumped back makes the age negative: read again.
        if !(0..STALENESS_MAX_MS).contains(&age_ms) {
            return None;
        }
        self.known.read().ok().map(|known| *known)
    }

    fn remember(&self, changes: Changes, asked_at: UnixMillis) {
        if let Ok(mut known) = self.known.write() {
            *known = changes;
        }
        self.read_at.store(asked_at.0, Ordering::Release);
    }
}

//! One runner at a time for each location, and the runs that are under way.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::RunOutcome;
use crate::{
    ids::{LocationId, RunId},
    ports::ReadError,
};

/// What the last run of a location came to.
type Last = Result<RunOutcome, ReadError>;

/// The queue of one location.
#[derive(Default)]
pub(super) struct Runner {
    asked: AtomicU64,
    /// How many requests had been made when the last run began, and what it came to.
    last: tokio::sync::Mutex<Option<(u64, Last)>>,
}

impl Runner {
    /// Runs, or shares the outcome of a run that began after this call: many who ask at once cost two runs.
    ///
    /// # Errors
    /// What the run failed with.
    pub(super) async fn run<E, F>(&self, run: impl FnOnce() -> F) -> Result<RunOutcome, E>
    where
        E: From<ReadError> + RunFailure,
        F: Future<Output = Result<RunOutcome, E>>,
    {
        let ticket = self.asked.fetch_add(1, Ordering::AcqRel);
        let mut last = self.last.lock().await;
        if let Some((asked, outcome)) = &*last
            && ticket < *asked
        {
            return outcome.clone().map_err(E::from);
        }
        let asked = self.asked.load(Ordering::Acquire);
        // Forgotten first: a caller that goes away in the middle must not leave an outcome that is too old.
        *last = None;
        let outcome = run().await;
        *last = match &outcome {
            Ok(outcome) => Some((asked, Ok(outcome.clone()))),
            Err(error) => error.read_error().map(|error| (asked, Err(error.clone()))),
        };
        outcome
    }

    /// Waits until no run of the location is under way, and keeps new ones out meanwhile.
    pub(super) async fn pause(&self) -> tokio::sync::MutexGuard<'_, impl Sized + use<>> {
        self.last.lock().await
    }
}

/// What of a failure can be shared.
pub(super) trait RunFailure {
    /// The failure to read, if it is one.
    fn read_error(&self) -> Option<&ReadError>;
}

/// The runners of all locations. Entries are made only for locations that exist, and go with them.
#[derive(Default)]
pub(super) struct Runners {
    by_location: Mutex<HashMap<LocationId, Arc<Runner>>>,
    running: Mutex<HashSet<RunId>>,
}

impl Runners {
    /// The runner of a location.
    pub(super) fn of(&self, location: &LocationId) -> Arc<Runner> {
        let mut runners = self.by_location.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(runners.entry(location.clone()).or_default())
    }

    /// Forgets a location that is gone.
    pub(super) fn forget(&self, location: &LocationId) {
        self.by_location.lock().unwrap_or_else(PoisonError::into_inner).remove(location);
    }

    /// Notes that a run is under way, until the answer is dropped.
    pub(super) fn begin(&self, run: RunId) -> Running<'_> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(run.clone());
        Running { runners: self, run }
    }

    /// The runs under way.
    pub(super) fn running(&self) -> Vec<RunId> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// A run under way.
pub(super) struct Running<'runners> {
    runners: &'runners Runners,
    run: RunId,
}

impl Running<'_> {
    /// Its id.
    pub(super) const fn id(&self) -> &RunId {
        &self.run
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.runners.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
    }
}

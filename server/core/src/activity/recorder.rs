//! Takes tool calls off the request's path and writes them in batches.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::ToolCall;
use crate::{
    ids::{AgentSessionId, StaticTokenId},
    ports::StoreError,
    secret::SecretHash,
    services::Dependencies,
    time::UnixMillis,
};

/// Most calls waiting to be written; of sessions and static tokens to be stamped and refresh tokens to be confirmed, as many each.
pub const QUEUE_LENGTH_MAX: usize = 65_536;
/// Most of each written by one transaction.
const BATCH_LENGTH_MAX: usize = 1_000;

/// The queue of calls, and what writes it.
///
/// Two locks: the short one is all that a request touches, and is held for one push; the long one makes writers take
/// turns and holds what they have taken but not yet written.
pub struct ActivityRecorder {
    pub(super) dependencies: Dependencies,
    waiting: Mutex<Waiting>,
    writing: tokio::sync::Mutex<Backlog>,
    lost: AtomicU64,
}

/// What requests have left.
#[derive(Default)]
struct Waiting {
    calls: Vec<ToolCall>,
    confirmations: HashSet<SecretHash>,
    /// How many calls of the backlog count towards the bound.
    backlog_length: usize,
}

/// What was taken to be written.
#[derive(Default)]
struct Backlog {
    /// Newest first, so that the oldest are taken off the end.
    calls: Vec<ToolCall>,
    uses: HashMap<Used, Use>,
    confirmations: Vec<SecretHash>,
}

/// What was used.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Used {
    Session(AgentSessionId),
    Token(StaticTokenId),
}

/// The latest use of a session or static token.
#[derive(Clone)]
struct Use {
    at: UnixMillis,
    address: Option<String>,
}

/// One transaction's worth of a backlog.
struct Batch {
    calls: Vec<ToolCall>,
    uses: Vec<(Used, Use)>,
    confirmations: Vec<SecretHash>,
}

impl ActivityRecorder {
    /// A recorder with an empty queue.
    #[must_use]
    pub fn new(dependencies: Dependencies) -> Self {
        Self {
            dependencies,
            waiting: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            lost: AtomicU64::new(0),
        }
    }

    /// Puts a call into the queue; never waits. Counts it as lost when the queue is full.
    pub fn record(&self, call: ToolCall) {
        let mut waiting = self.waiting();
        if waiting.calls.len() + waiting.backlog_length < QUEUE_LENGTH_MAX {
            waiting.calls.push(call);
        } else {
            drop(waiting);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Remembers that a refresh token reached its client, because the access token issued with it was presented. Twice
    /// is as good as once; while too many wait it is forgotten, and the next presentation says it again.
    pub fn confirm_refresh(&self, hash: SecretHash) {
        let mut waiting = self.waiting();
        if waiting.confirmations.len() < QUEUE_LENGTH_MAX {
            waiting.confirmations.insert(hash);
        }
    }

    /// How many calls were lost to a full queue since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes everything that waits, in batches; also stamps the last use of sessions and static tokens and confirms refresh tokens. Returns
    /// how many calls were written. The server calls it every second and at shutdown.
    ///
    /// # Errors
    /// The store failed; what was not written waits for the next call.
    pub async fn flush(&self) -> Result<usize, StoreError> {
        let mut backlog = self.writing.lock().await;
        self.take_into(&mut backlog);
        let mut written = 0;
        while !backlog.is_empty() {
            let batch = backlog.batch();
            if let Err(error) = self.write(&batch).await {
                backlog.put_back(batch);
                return Err(error);
            }
            written += batch.calls.len();
            self.waiting().backlog_length = backlog.calls.len();
        }
        Ok(written)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_into(&self, backlog: &mut Backlog) {
        let (calls, confirmations) = {
            let mut waiting = self.waiting();
            // As much room as was needed last time: the next second's calls seldom make the queue grow under the lock.
            let room = Vec::with_capacity(waiting.calls.len());
            let calls = mem::replace(&mut waiting.calls, room);
            waiting.backlog_length = backlog.calls.len() + calls.len();
            (calls, mem::take(&mut waiting.confirmations))
        };
        backlog.add(calls, confirmations);
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut tx = self.dependencies.store.write().await?;
        if !batch.calls.is_empty() {
            tx.tool_call_append(&batch.calls).await?;
        }
        for (used, last) in &batch.uses {
            match used {
                Used::Session(id) => tx.agent_session_touch(id, last.at, last.address.as_deref()).await?,
                Used::Token(id) => tx.static_token_touch(id, last.at, last.address.as_deref()).await?,
            }
        }
        let now = self.dependencies.clock.now();
        for hash in &batch.confirmations {
            tx.refresh_token_confirm(hash, now).await?;
        }
        tx.commit().await
    }
}

impl Backlog {
    fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.uses.is_empty() && self.confirmations.is_empty()
    }

    fn add(&mut self, mut calls: Vec<ToolCall>, confirmations: HashSet<SecretHash>) {
        for call in &calls {
            self.add_use(call);
        }
        calls.reverse();
        calls.append(&mut self.calls);
        self.calls = calls;
        let room = QUEUE_LENGTH_MAX.saturating_sub(self.confirmations.len());
        self.confirmations.extend(confirmations.into_iter().take(room));
    }

    fn add_use(&mut self, call: &ToolCall) {
        let last = || Use { at: call.at, address: call.address.clone() };
        let used = match (&call.session_id, &call.token_id) {
            (Some(session), _) => Used::Session(session.clone()),
            (None, Some(token)) => Used::Token(token.clone()),
            (None, None) => return,
        };
        if let Some(known) = self.uses.get_mut(&used) {
            if known.at <= call.at {
                *known = last();
            }
        } else if self.uses.len() < QUEUE_LENGTH_MAX {
            self.uses.insert(used, last());
        }
    }

    fn batch(&mut self) -> Batch {
        let oldest = self.calls.len().saturating_sub(BATCH_LENGTH_MAX);
        let mut calls = self.calls.split_off(oldest);
        calls.reverse();
        let keys: Vec<Used> = self.uses.keys().take(BATCH_LENGTH_MAX).cloned().collect();
        let uses = keys.iter().filter_map(|key| self.uses.remove_entry(key)).collect();
        let first = self.confirmations.len().saturating_sub(BATCH_LENGTH_MAX);
        Batch { calls, uses, confirmations: self.confirmations.split_off(first) }
    }

    fn put_back(&mut self, batch: Batch) {
        self.calls.extend(batch.calls.into_iter().rev());
        self.confirmations.extend(batch.confirmations);
        for (used, last) in batch.uses {
            if let Entry::Vacant(entry) = self.uses.entry(used) {
                entry.insert(last);
            }
        }
    }
}

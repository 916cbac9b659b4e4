//! What Portal forgets of directories, and when.

use super::{OrgService, worker};
use crate::{ports::StoreError, time::DAY_MS};

/// How long somebody is remembered who has left, in milliseconds, when nothing of Portal belongs to them.
const LEFT_KEPT_MS: i64 = 400 * DAY_MS;
/// How long the runs of a provider are kept that the configuration does not name any more, in milliseconds.
const HISTORY_KEPT_MS: i64 = 90 * DAY_MS;
/// People forgotten in one transaction.
const BATCH: u32 = 100;
/// Most such transactions of one call; the next call goes on.
const ROUNDS_MAX: usize = 1_000;

impl OrgService {
    /// Forgets people who left long ago and to whom nothing belongs, rows of runs that nobody needs, and the history of
    /// providers that are gone. The server calls it now and then. Returns how many people were forgotten.
    ///
    /// # Errors
    /// The store failed; the next call goes on.
    pub async fn upkeep(&self) -> Result<u64, StoreError> {
        let store = &self.dependencies.store;
        worker::clear_away(&self.dependencies).await?;
        let now = self.dependencies.clock.now();
        let mut tx = store.write().await?;
        tx.directory_history_prune(now.plus(-HISTORY_KEPT_MS)).await?;
        tx.commit().await?;
        let (before, mut forgotten) = (now.plus(-LEFT_KEPT_MS), 0);
        for _ in 0..ROUNDS_MAX {
            let people = store.read().await?.identity_list_forgettable(before, BATCH).await?;
            if people.is_empty() {
                break;
            }
            let mut tx = store.write().await?;
            let gone = tx.identity_delete(&people, before).await?;
            tx.commit().await?;
            forgotten += gone;
            if gone == 0 {
                break;
            }
        }
        Ok(forgotten)
    }
}

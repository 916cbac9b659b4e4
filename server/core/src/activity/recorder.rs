//! Takes tool calls off the request's path and writes them in batches.

use super::ToolCall;
use crate::ports::StoreError;

/// Most calls waiting to be written.
pub const QUEUE_LENGTH_MAX: usize = 65_536;

/// The queue of calls, and what writes it.
pub struct ActivityRecorder {
    dependencies: crate::services::Dependencies,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl ActivityRecorder {
    /// A recorder with an empty queue.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies }
    }

    /// Puts a call into the queue; never waits. Counts it as lost when the queue is full.
    pub fn record(&self, call: ToolCall) {
        let _ = (call, &self.dependencies);
    }

    /// Remembers that the access token issued with this refresh token was presented.
    pub fn confirm_refresh(&self, refresh: crate::secret::SecretHash) {
        let _ = (refresh, &self.dependencies);
    }

    /// Writes everything that waits, in batches; also stamps the sessions' last use. The server calls it every second
    /// and at shutdown.
    ///
    /// # Errors
    /// The store failed; the batch stays queued.
    pub async fn flush(&self) -> Result<usize, StoreError> {
        Ok(0)
    }
}

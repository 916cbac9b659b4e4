//! Time and randomness.

use crate::time::UnixMillis;

/// The time. Tests move it by hand.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> UnixMillis;
}

/// Randomness fit for secrets. Tests seed it.
pub trait Rng: Send + Sync + 'static {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

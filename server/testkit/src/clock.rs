//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use portal_core::{ports::Clock, time::UnixMillis};

/// Where a new clock stands: 2026-01-01T00:00:00Z.
pub const START: UnixMillis = UnixMillis(1_767_225_600_000);

/// A clock moved by hand.
#[derive(Debug)]
pub struct MockClock(AtomicI64);

impl MockClock {
    /// A clock that stands at [`START`].
    #[must_use]
    pub const fn new() -> Self {
        Self::at(START)
    }

    /// A clock that stands at this time.
    #[must_use]
    pub const fn at(now: UnixMillis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves it by a span, in milliseconds; backwards when negative.
    pub fn advance(&self, span_ms: i64) {
        self.0.fetch_add(span_ms, Ordering::SeqCst);
    }

    /// Moves it to a point in time.
    pub fn set(&self, now: UnixMillis) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Default for MockClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MockClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }
}

//! The system's clock and randomness behind the domain's ports.

use portal_core::{
    ports::{Clock, Rng},
    time::UnixMillis,
};
use rand::Rng as _;

/// The time of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        #[expect(clippy::disallowed_methods, reason = "this is the one adapter of the Clock port")]
        let now = std::time::SystemTime::now();
        from_system_time(now)
    }
}

/// A point in time of the standard library; 0 for what lies before 1970.
#[must_use]
pub fn from_system_time(at: std::time::SystemTime) -> UnixMillis {
    let since_epoch = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// A generator per thread, seeded by the operating system and fit for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "this is the one adapter of the Rng port")]
        let mut rng = rand::rng();
        rng.fill_bytes(buffer);
    }
}

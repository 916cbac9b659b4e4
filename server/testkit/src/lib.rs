//! What tests share.

#[cfg(feature = "app")]
pub mod app;
mod clock;
#[expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the suite runs in tests only, though it is compiled as a library"
)]
pub mod conformance;
mod rng;

pub use clock::{MockClock, START};
pub use rng::SeededRng;

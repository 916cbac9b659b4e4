//! What tests share.

#[cfg(feature = "app")]
pub mod app;
mod clock;
#[expect(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the suite runs in tests only, though it is compiled as a library; names of cases say what they show"
)]
pub mod conformance;
#[cfg(feature = "directories")]
#[expect(
    missing_docs,
    clippy::must_use_candidate,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "fakes run in tests only, though they are compiled as a library"
)]
pub mod directories;
pub mod fakes;
mod rng;

pub use clock::{MockClock, START};
pub use rng::SeededRng;

//! Fakes of directory providers: stateful servers on loopback that page, throttle, expire and fail as the real ones do.
//!
//! A fake is a [`FakeApi`]: it turns requests into answers from its state, which tests change at any time. [`FakeServer`]
//! puts it on the network, with entity tags, a record of every exchange, and [`Faults`] in between.

pub mod custom;
pub mod entra;
mod faults;
pub mod github;
pub mod gitlab;
mod keys;
pub mod okta;
mod schemas;
mod server;

pub use faults::{Fault, Faults};
pub use keys::{APP_CERTIFICATE, APP_KEY};
pub use schemas::Schemas;
pub use server::{Exchange, FakeAnswer, FakeApi, FakeRequest, FakeServer};

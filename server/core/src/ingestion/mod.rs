//! Reading descriptor files from locations into the catalog.

mod location;
mod service;

pub use location::{Location, LocationOrigin, Rejection, RunOutcome, Target};
pub use service::{IngestionError, IngestionService, RegisterError};

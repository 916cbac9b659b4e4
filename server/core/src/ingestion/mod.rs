//! Reading descriptor files from locations into the catalog.

pub mod descriptor;
mod flatten;
mod location;
mod placeholder;
mod register;
mod run;
mod runners;
mod service;
mod stage;
mod validate;
mod walk;
pub mod yaml;

pub use flatten::search_text;
pub use location::{Location, LocationOrigin, Rejection, RunOutcome, Target};
pub use register::REGISTERED_MAX;
pub use run::REJECTIONS_MAX;
pub use service::{IngestionError, IngestionService, RegisterError};
pub use stage::{MANAGED_BY_LOCATION, MANAGED_BY_ORIGIN_LOCATION, Provenance, stage_document};
pub use validate::{ValidatedEntity, validate_text};

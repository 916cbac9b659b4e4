//! Portal's values: newtypes, settings with their limits, and closed sets of codes.
//!
//! Compiled for the server and for the browser, so nothing here does io, reads a clock or draws random numbers.

pub mod branding;
pub mod codes;
pub mod entity_ref;
pub mod lifetimes;
pub mod provider_settings;
pub mod scope;
pub mod settings;

pub use codes::{ErrorCode, Field, FieldError};
pub use entity_ref::EntityRef;
pub use scope::{Scope, ScopeSet};

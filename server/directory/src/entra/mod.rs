//! Entra ID, through Microsoft Graph.

mod options;

pub use options::{ENTRA_CLOUDS, EntraCloud, EntraCredential, EntraOptions};

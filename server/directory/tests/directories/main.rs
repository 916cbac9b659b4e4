//! Files, custom directories, Entra ID and Okta, read through the port.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]

mod adapters;
mod custom;
mod deltas;
mod entra;
mod file;
mod okta;
#[expect(dead_code, reason = "shared with the forges, which use other parts")]
#[path = "../forges/reads.rs"]
mod reads;

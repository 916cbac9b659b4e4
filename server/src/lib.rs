//! Portal's server: configuration, command line, router and the adapters of HTTP, MCP and OAuth.
//!
//! `router` is the whole application as one service; the `portal` command and the tests both use it.

pub mod assets;
pub mod cli;
pub mod config;
pub mod environment;
mod http;
mod logging;
pub mod metrics;
mod middleware;
mod router;
mod serve;
mod startup;
mod state;

pub use router::router;
pub use state::{AppParts, AppState};

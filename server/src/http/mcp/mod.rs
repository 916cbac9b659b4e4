//! The MCP endpoint: origin, bearer token and authorization of the call first, then the protocol by `rmcp`.
//!
//! `rmcp` cannot answer 403 itself, so whether the caller may call the tool is decided before it sees the request; the
//! decision travels with the request, and a tool runs only by it.

mod access;
mod endpoint;
mod explain;
mod origin;
mod server;
mod tools;

use axum::{Router, routing::any};
use portal_core::services::MCP_PATH;

use crate::state::AppState;

pub(crate) use endpoint::McpEndpoint;

/// The one route.
pub(crate) fn router(_state: &AppState) -> Router<AppState> {
    Router::new().route(MCP_PATH, any(endpoint::handle))
}

//! What a person sees who opens the MCP address in a browser.

use axum::response::{IntoResponse as _, Response};
use portal_core::services::MCP_PATH;

use crate::{
    http::notice::{self, escape},
    state::AppState,
};

/// The explanation, to be put into the challenge.
pub(super) fn page(state: &AppState) -> Response {
    let address = escape(&format!("{}{MCP_PATH}", state.public_url));
    let body = format!(
        "<p class=\"muted\">Agents reach Portal's tools here, by the Model Context Protocol. Add this address to your \
         agent as an MCP server of type HTTP; the agent then opens a browser window in which you sign in.</p>\
         <p><code>{address}</code></p>\
         <p><a class=\"btn solid\" href=\"/mcp/setup\">Set up MCP</a> <a class=\"btn\" href=\"/\">Go to Portal</a></p>"
    );
    notice::document("This address is for coding agents", &body).into_response()
}

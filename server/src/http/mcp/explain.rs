//! What a person sees who opens the MCP address in a browser.

use axum::response::{Html, IntoResponse as _, Response};
use portal_core::services::MCP_PATH;

use crate::{http::notice::escape, state::AppState};

/// The explanation, to be put into the challenge.
pub(super) fn page(state: &AppState) -> Response {
    let address = escape(&format!("{}{MCP_PATH}", state.public_url));
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Portal MCP</title></head>\
         <body><main><h1>This address is for coding agents</h1>\
         <p>Agents reach Portal's tools here, by the Model Context Protocol. Add this address to your agent as an MCP \
         server of type HTTP; the agent then opens a browser window in which you sign in:</p>\
         <p><code>{address}</code></p>\
         <p><a href=\"/mcp/setup\">Set up MCP</a> · <a href=\"/\">Portal</a></p></main></body></html>"
    );
    Html(html).into_response()
}

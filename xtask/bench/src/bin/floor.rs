//! The floor: rmcp on axum, stateless, JSON answers, one tool with a fixed answer, and no authentication at all.
//!
//! Prints `READY <port>` and serves `/mcp` until it is killed.

#![expect(clippy::print_stdout, reason = "the port goes to the program that started this one")]

use std::sync::Arc;

use axum::Router;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

/// About as much as Portal's who-am-i answers.
#[derive(Clone)]
struct Floor;

impl ServerHandler for Floor {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({ "type": "object", "properties": {} });
        let schema = schema.as_object().cloned().unwrap_or_default();
        Ok(ListToolsResult::with_all_items(vec![Tool::new("who_am_i", "A fixed answer", Arc::new(schema))]))
    }

    async fn call_tool(
        &self,
        _request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let answer = json!({
            "user": "user:default/ada",
            "ownershipEntityRefs": ["user:default/ada", "group:default/platform"],
            "groups": ["group:default/platform"],
            "client": "https://agent.example.org/client.json",
            "scopes": ["mcp:read"],
        });
        Ok(CallToolResponse::Complete(CallToolResult::structured(answer)))
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let config =
        StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let service = StreamableHttpService::new(|| Ok(Floor), Arc::new(NeverSessionManager::default()), config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("READY {}", listener.local_addr()?.port());
    axum::serve(listener, Router::new().route_service("/mcp", service)).await
}

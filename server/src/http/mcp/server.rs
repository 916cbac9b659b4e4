//! Portal as `rmcp` sees it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::request::Parts;
use portal_core::{
    actions::{ActionError, CallContext},
    activity::CallOutcome,
    oauth::Caller,
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};

use super::{
    endpoint::AuthorizedCall,
    tools::{CallLog, ToolCatalogue},
};

/// How long a client may keep the list of tools, in milliseconds. An admin's switch works on calls at once.
const LIST_TTL_MS: u64 = 10_000;
/// Longest run of one tool.
const CALL_DURATION_MAX: Duration = Duration::from_mins(1);

const INSTRUCTIONS: &str = "Portal knows your organisation: its people and teams, and the software they own. Begin with \
auth_who_am_i, which tells for whom you act and which groups own things together with that person. Then look things up in \
the catalog: catalog_query_catalog_entities finds entities by kind, owner, tag or text, catalog_get_catalog_entity returns \
one with its relations, and catalog_get_catalog_model_description explains kinds and fields. References have the form \
kind:namespace/name, such as component:default/payments. When a tool answers that the scope is too small, ask the person \
before you request more.";

/// The handler of one request; made anew for each, so that it holds nothing but what is shared.
#[derive(Clone)]
pub(super) struct PortalServer {
    catalogue: Arc<ToolCatalogue>,
    info: Arc<ServerConfig>,
}

impl PortalServer {
    pub fn new(catalogue: Arc<ToolCatalogue>) -> Self {
        let mut implementation = Implementation::new("portal", env!("CARGO_PKG_VERSION"));
        implementation.title = Some("Portal".to_owned());
        implementation.website_url = Some(catalogue.services.dependencies.configuration.public_url.clone());
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = implementation;
        info.instructions = Some(INSTRUCTIONS.to_owned());
        Self { catalogue, info: Arc::new(info) }
    }
}

impl ServerHandler for PortalServer {
    fn get_info(&self) -> ServerConfig {
        (*self.info).clone()
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        // All tools are on one page, so no cursor was ever given out.
        if request.is_some_and(|request| request.cursor.is_some()) {
            return Err(ErrorData::invalid_params("The cursor is not one of this server.", None));
        }
        let caller =
            context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Arc<Caller>>());
        let tools = self.catalogue.list(caller.map(|caller| &**caller)).await.map_err(|error| {
            tracing::error!(%error, "the tools could not be listed");
            ErrorData::internal_error(
                "Portal cannot reach its database right now. Try again in a moment.",
                None,
            )
        })?;
        Ok(ListToolsResult::with_all_items(tools)
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call =
            context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<AuthorizedCall>());
        // The name is compared again, in case the two readers of the request should ever differ.
        let Some(call) = call.filter(|call| call.name == request.name) else {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None));
        };
        let started = Instant::now();
        let input = request.arguments.unwrap_or_default();
        let context = CallContext { caller: &call.caller, origin: &call.origin };
        let answer = tokio::time::timeout(CALL_DURATION_MAX, call.action.call(context, input))
            .await
            .unwrap_or(Err(ActionError::Unavailable));
        let definition = call.action.definition();
        let outcome = if answer.is_ok() { CallOutcome::Done } else { CallOutcome::Failed };
        CallLog { services: &self.catalogue.services, caller: &call.caller, address: call.origin.address }
            .record(definition.source, &definition.tool_name, outcome, started.elapsed());
        let result = match answer {
            Ok(output) => CallToolResult::structured(output),
            Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
        };
        Ok(CallToolResponse::Complete(result))
    }
}

//! One request to the MCP endpoint, from its headers to `rmcp` and back.

use std::{borrow::Cow, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ALLOW, AUTHORIZATION, ORIGIN, WWW_AUTHENTICATE},
    request::Parts,
};
use http_body_util::{BodyExt as _, Full, Limited};
use portal_core::{
    actions::{Action, Refusal},
    activity::CallOutcome,
    attempts::AttemptKind,
    identity::RequestOrigin,
    oauth::Caller,
    self_check::{PROBE_ANSWER_HEADER, probe_answer},
    services::Services,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde::Deserialize;
use tower_http::timeout::TimeoutBody;

use super::{
    access, explain,
    origin::{self, Origin},
    server::PortalServer,
    tools::{CallLog, ToolCatalogue},
};
use crate::{http::notice, middleware::BODY_PAUSE_MAX, state::AppState};

/// Largest request, in bytes: a descriptor to be validated fits.
const BODY_BYTES_MAX: usize = 1_048_576;
const PROBE_ANSWER: HeaderName = HeaderName::from_static(PROBE_ANSWER_HEADER);

/// The protocol's server, made once.
pub(crate) struct McpEndpoint {
    service: StreamableHttpService<PortalServer, NeverSessionManager>,
}

impl McpEndpoint {
    /// The endpoint over these services.
    pub fn new(services: Services) -> Self {
        let server = PortalServer::new(Arc::new(ToolCatalogue::new(services)));
        // Host and Origin were judged before; sessions would tie a client to one node.
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(BODY_BYTES_MAX)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let factory = move || Ok(server.clone());
        Self {
            service: StreamableHttpService::new(factory, Arc::new(NeverSessionManager::default()), config),
        }
    }
}

/// A call that was authorized: what to run and for whom. Put into the request by [`handle`] alone.
#[derive(Clone)]
pub(super) struct AuthorizedCall {
    /// The tool's name as the client wrote it.
    pub name: String,
    /// What it means.
    pub action: Arc<dyn Action>,
    /// Whom it is for.
    pub caller: Arc<Caller>,
    /// Where it comes from.
    pub origin: RequestOrigin,
}

/// Every method on the endpoint's path.
pub(super) async fn handle(State(state): State<AppState>, request: Request) -> Response {
    match origin::judge(&state, request.headers()) {
        Origin::Refused => {
            let from = request.extensions().get::<RequestOrigin>().cloned().unwrap_or_default();
            let page = request.headers().get(ORIGIN).and_then(|page| page.to_str().ok()).unwrap_or_default();
            state.services.attempts.origin_refused(page, &from);
            origin::refused()
        }
        Origin::Absent => answer(&state, request).await,
        Origin::Allowed(allowed) => {
            let mut response = if request.method() == Method::OPTIONS {
                origin::preflight()
            } else {
                answer(&state, request).await
            };
            origin::allow(&mut response, allowed);
            response
        }
    }
}

async fn answer(state: &AppState, request: Request) -> Response {
    let origin = request.extensions().get::<RequestOrigin>().cloned().unwrap_or_default();
    let caller = match access::caller(state, request.headers(), &origin).await {
        Ok(caller) => caller,
        Err(refused) if request.method() == Method::GET && notice::wants_html(request.headers()) => {
            return explained(state, &refused);
        }
        Err(refused) => return self_checked(request.headers(), refused),
    };
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], "Use POST.\n").into_response();
    }
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(TimeoutBody::new(BODY_PAUSE_MAX, body), BODY_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large or broke off.\n")
                .into_response();
        }
    };
    parts.extensions.insert(Arc::clone(&caller));
    if let Some(name) = called_tool(&body)
        && let Err(refused) = authorize(state, &mut parts, (&caller, origin), name).await
    {
        return refused;
    }
    let response = state.mcp.service.handle(http::Request::from_parts(parts, Full::new(body))).await;
    response.map(Body::new)
}

/// The same refusal; a self-check is told besides which of its headers have arrived.
fn self_checked(headers: &HeaderMap, mut refused: Response) -> Response {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let arrived = probe_answer(authorization, |name| headers.contains_key(name));
    if let Some(value) = arrived.and_then(|names| HeaderValue::from_str(&names).ok()) {
        refused.headers_mut().insert(PROBE_ANSWER, value);
    }
    refused
}

/// The same challenge, with words for a person.
fn explained(state: &AppState, refused: &Response) -> Response {
    let mut page = explain::page(state);
    *page.status_mut() = refused.status();
    for challenge in refused.headers().get_all(WWW_AUTHENTICATE) {
        page.headers_mut().append(WWW_AUTHENTICATE, challenge.clone());
    }
    page
}

/// Decides whether the call may be made, and lets the decision travel with the request. A tool that is unknown or
/// switched off gets no decision: `rmcp` says of both that it does not know them.
async fn authorize(
    state: &AppState,
    parts: &mut Parts,
    (caller, origin): (&Arc<Caller>, RequestOrigin),
    name: Cow<'_, str>,
) -> Result<(), Response> {
    let started = Instant::now();
    let settings = state.services.settings.current().await.map_err(|error| {
        tracing::error!(%error, "the settings could not be read");
        access::unavailable()
    })?;
    match state.services.actions.authorize(&settings, caller, &name) {
        Ok(action) => {
            let call = AuthorizedCall {
                name: name.into_owned(),
                action: Arc::clone(action),
                caller: Arc::clone(caller),
                origin,
            };
            parts.extensions.insert(call);
            Ok(())
        }
        Err(Refusal::Unknown) => {
            if let Some((kind, tool)) = state.services.actions.closed(&settings, caller, &name) {
                state.services.attempts.call_refused(caller, kind, tool, &origin);
            }
            Ok(())
        }
        Err(Refusal::InsufficientScope { needed, source, tool }) => {
            let detail = format!("{tool} needs {}", needed.as_str());
            state.services.attempts.call_refused(caller, AttemptKind::ScopeTooSmall, &detail, &origin);
            CallLog { services: &state.services, caller, address: origin.address }.record(
                source,
                &tool,
                CallOutcome::Refused,
                started.elapsed(),
            );
            Err(access::insufficient_scope(state, needed).await)
        }
    }
}

/// The tool that a request calls; `None` for every other request, and for one that is not well-formed: `rmcp` answers
/// those, and runs no tool without a decision. Only the two names are read, the rest is skipped.
fn called_tool(body: &Bytes) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Message<'body> {
        #[serde(borrow)]
        method: Cow<'body, str>,
        #[serde(borrow)]
        params: Option<Parameters<'body>>,
    }
    #[derive(Deserialize)]
    struct Parameters<'body> {
        #[serde(borrow)]
        name: Option<Cow<'body, str>>,
    }
    let message: Message<'_> = serde_json::from_slice(body).ok()?;
    if message.method != "tools/call" {
        return None;
    }
    message.params?.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_call_names_a_tool() {
        let tool = |body: &str| called_tool(&Bytes::copy_from_slice(body.as_bytes())).map(Cow::into_owned);
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"auth_who_am_i","arguments":{}}}"#;
        assert_eq!(tool(call).as_deref(), Some("auth_who_am_i"));
        for body in [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"name":"x"}}"#,
            r#"{"method":"tools/call"}"#,
            r#"{"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            r#"[{"method":"tools/call","params":{"name":"a"}}]"#,
            "not json",
        ] {
            assert_eq!(tool(body), None, "{body}");
        }
    }
}

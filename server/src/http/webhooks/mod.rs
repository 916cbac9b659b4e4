//! `/webhooks/{provider}`: what directories tell us. No cookies and no origin: an event is authentic by its signature or
//! secret, which the provider's adapter checks on the raw body; and even then it only makes people be read again.

mod limits;

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
    routing::any,
};
use http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE, header::RETRY_AFTER};
use http_body_util::{BodyExt as _, Limited};
use portal_core::{
    identity::RequestOrigin,
    org::{EventAnswer, OrgEventError},
    ports::{DIRECTORY_EVENT_BYTES_MAX, DirectoryEventError, DirectoryEventRequest},
};
use tower_http::timeout::TimeoutBody;

use self::limits::EventLimits;
use super::notice::RETRY_AFTER_SECONDS;
use crate::{metrics, middleware::BODY_PAUSE_MAX, state::AppState};

/// Most headers looked at.
const HEADERS_MAX: usize = 100;

/// The route.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/webhooks/{provider}", any(receive))
        .layer(Extension(Arc::new(EventLimits::default())))
}

async fn receive(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    Extension(origin): Extension<RequestOrigin>,
    Extension(limits): Extension<Arc<EventLimits>>,
    request: Request,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return (StatusCode::METHOD_NOT_ALLOWED, "Events come by GET or POST.\n").into_response();
    }
    let now = state.services.dependencies.clock.now();
    let network = origin.network();
    let known = state.services.org.provider_ids().iter().any(|id| id.as_str() == provider);
    if !known {
        return (StatusCode::NOT_FOUND, "There is no such provider.\n").into_response();
    }
    if !limits.admit(&provider, &network, now) {
        metrics::org_event("limited");
        let retry = [(RETRY_AFTER, "60")];
        return (StatusCode::TOO_MANY_REQUESTS, retry, "Too many events.\n").into_response();
    }
    let (parts, body) = request.into_parts();
    let Some(body) = read(body).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "The event is too large.\n").into_response();
    };
    let headers = headers(&parts.headers);
    let event = DirectoryEventRequest {
        method: parts.method.as_str(),
        headers: &headers,
        query: parts.uri.query().unwrap_or_default(),
        body: &body,
    };
    let answer = state.services.org.event(&provider, event).await;
    if matches!(answer, Err(OrgEventError::Refused(DirectoryEventError::NotAuthentic))) {
        limits.refused(&provider, &network, now);
    }
    answered(answer)
}

async fn read(body: Body) -> Option<Vec<u8>> {
    let bounded = Limited::new(TimeoutBody::new(BODY_PAUSE_MAX, body), DIRECTORY_EVENT_BYTES_MAX);
    bounded.collect().await.ok().map(|collected| collected.to_bytes().to_vec())
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let texts = map.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    texts.take(HEADERS_MAX).collect()
}

fn answered(answer: Result<EventAnswer, OrgEventError>) -> Response {
    let (outcome, response) = match answer {
        Ok(EventAnswer::Taken) => ("taken", StatusCode::ACCEPTED.into_response()),
        Ok(EventAnswer::Challenge { content_type, body }) => {
            ("challenge", ([(CONTENT_TYPE, content_type)], body).into_response())
        }
        Err(OrgEventError::UnknownProvider) => {
            ("unknown", (StatusCode::NOT_FOUND, "There is no such provider.\n").into_response())
        }
        Err(OrgEventError::Refused(DirectoryEventError::Malformed(reason))) => {
            tracing::warn!(reason, "an authentic event could not be read");
            ("malformed", (StatusCode::BAD_REQUEST, "The event cannot be read.\n").into_response())
        }
        Err(OrgEventError::Refused(error)) => {
            tracing::warn!(%error, "an event was refused");
            ("refused", (StatusCode::UNAUTHORIZED, "The event is not authentic.\n").into_response())
        }
        Err(OrgEventError::Store(error)) => {
            tracing::error!(%error, "an event could not be kept");
            let retry = [(RETRY_AFTER, RETRY_AFTER_SECONDS)];
            ("unavailable", (StatusCode::SERVICE_UNAVAILABLE, retry, "Try again soon.\n").into_response())
        }
    };
    metrics::org_event(outcome);
    response
}

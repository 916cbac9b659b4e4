//! Bearer tokens, and the challenges that tell a client how to get one (RFC 6750 section 3, RFC 9728 section 5.1).

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use portal_core::{
    identity::RequestOrigin,
    oauth::{BearerError, BearerHeader, Caller, bearer_token},
};
use portal_model::{Scope, ScopeSet};

use crate::{
    http::{notice::RETRY_AFTER_SECONDS, oauth::header_values, well_known},
    metrics,
    state::AppState,
};

/// The caller who holds the request's token, or the answer for whoever has none.
pub(super) async fn caller(
    state: &AppState,
    headers: &HeaderMap,
    origin: &RequestOrigin,
) -> Result<Arc<Caller>, Response> {
    let token = match bearer_token(header_values(headers)) {
        BearerHeader::Missing => {
            metrics::bearer("missing");
            return Err(challenge(state, StatusCode::UNAUTHORIZED, None, Scope::Read).await);
        }
        BearerHeader::Malformed => Err(BearerError::Invalid),
        BearerHeader::Given(token) => {
            let answer = state.services.bearer.authenticate(token, origin).await;
            match &answer {
                Ok(caller) => state.services.attempts.called(caller, origin),
                Err(error) => state.services.attempts.bearer_refused(token, origin, error),
            }
            answer
        }
    };
    match token {
        Ok(caller) => {
            metrics::bearer("accepted");
            Ok(caller)
        }
        Err(BearerError::Invalid) => {
            metrics::bearer("invalid");
            Err(challenge(state, StatusCode::UNAUTHORIZED, Some("invalid_token"), Scope::Read).await)
        }
        Err(BearerError::AddressRefused) => {
            metrics::bearer("address-refused");
            // No challenge: another token would not help here.
            Err((StatusCode::FORBIDDEN, "This token may not be used from this address.\n").into_response())
        }
        Err(BearerError::Store(error)) => {
            metrics::bearer("unavailable");
            tracing::error!(%error, "a bearer token could not be checked");
            Err(unavailable())
        }
    }
}

/// The step-up challenge: names every scope that the call needs at once.
pub(super) async fn insufficient_scope(state: &AppState, needed: Scope) -> Response {
    challenge(state, StatusCode::FORBIDDEN, Some("insufficient_scope"), needed).await
}

/// 503: nothing is known about the token, so it stays good.
pub(super) fn unavailable() -> Response {
    let text = "Portal cannot reach its database right now. Try again in a moment.\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], text).into_response()
}

async fn challenge(
    state: &AppState,
    status: StatusCode,
    error: Option<&'static str>,
    level: Scope,
) -> Response {
    let open = match state.services.settings.agents_can_sign_in().await {
        Ok(open) => open,
        Err(error) => {
            tracing::error!(%error, "the settings could not be read");
            return unavailable();
        }
    };
    let scope = ScopeSet { level, offline_access: false };
    let metadata = || well_known::protected_resource_url(state.public_url.as_str());
    let parameters = [
        error.map(|error| format!("error=\"{error}\"")),
        open.then(|| format!("resource_metadata=\"{}\"", metadata())),
        Some(format!("scope=\"{scope}\"")),
    ];
    let parameters = parameters.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let Ok(value) = HeaderValue::from_str(&format!("Bearer {parameters}")) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = serde_json::json!({
        "error": error.unwrap_or("unauthorized"),
        "error_description": match error {
            None => "Portal's tools need an access token.",
            Some("insufficient_scope") => "The access token is good, but not for this tool.",
            Some(_) => "The access token is unknown, has expired or was revoked.",
        },
        "scope": scope.to_string(),
    });
    let headers = [(WWW_AUTHENTICATE, value), (CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (status, headers, body.to_string()).into_response()
}

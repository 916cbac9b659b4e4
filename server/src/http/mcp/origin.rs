//! Browser origins: which may call, and the CORS headers (Fetch standard) that let their scripts read the answer.

use axum::response::{IntoResponse as _, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
    },
};

use crate::state::AppState;

/// What the `Origin` header says.
pub(super) enum Origin {
    /// There is none: not a browser.
    Absent,
    /// One of those that may call.
    Allowed(HeaderValue),
    /// Any other, or several.
    Refused,
}

/// Judges the header. Origins are compared as they are written.
pub(super) fn judge(state: &AppState, headers: &HeaderMap) -> Origin {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => Origin::Absent,
        (Some(origin), None) => {
            let text = origin.to_str().unwrap_or_default();
            let own = state.public_url.is_origin(text) || state.public_url.is_loopback_origin(text);
            if own || state.mcp_allowed_origins.iter().any(|allowed| allowed == text) {
                Origin::Allowed(origin.clone())
            } else {
                Origin::Refused
            }
        }
        _ => Origin::Refused,
    }
}

/// 403, as MCP demands for a bad origin.
pub(super) fn refused() -> Response {
    (StatusCode::FORBIDDEN, "This origin may not call Portal.\n").into_response()
}

/// The answer to a preflight request of an allowed origin.
pub(super) fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, GET")),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "authorization, content-type, accept, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id, \
                 last-event-id",
            ),
        ),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Lets the origin's scripts read the answer.
pub(super) fn allow(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate, x-request-id"));
    headers.insert(VARY, HeaderValue::from_static("origin"));
}

//! Around every request: its id, its origin, the host check, panics, headers, and one log line.

use std::{
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::USER_AGENT};
use portal_core::identity::RequestOrigin;
use tracing::Instrument as _;

use super::{client_address, headers, host, request_id::REQUEST_ID};
use crate::{metrics, state::AppState};

/// Longest path in a log line, in bytes.
const LOGGED_PATH_BYTES_MAX: usize = 512;
/// Longest name of a program for itself, in characters.
const USER_AGENT_LENGTH_MAX: usize = 256;

/// The outermost layer.
pub(crate) async fn edge(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
    let from_proxy = peer.is_some_and(|peer| client_address::is_trusted(peer, &state.trusted_proxies));
    let address = peer.map(|peer| client_address::of(peer, request.headers(), &state.trusted_proxies));
    let request_id = state.request_ids.of(request.headers(), from_proxy);
    let line = Line {
        method: request.method().clone(),
        path: logged_path(request.uri().path()),
        route: request.extensions().get::<MatchedPath>().cloned(),
        address,
    };
    let ours = host::is_ours(&request, &state.public_url);
    let user_agent = user_agent(request.headers());
    let origin = RequestOrigin { address, user_agent, request_id: Some(request_id.clone()) };
    request.extensions_mut().insert(origin);
    let span = tracing::error_span!("request", id = %request_id);
    let mut response = if ours {
        AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .instrument(span.clone())
            .await
            // The panic hook has logged it.
            .unwrap_or_else(|_| fault())
    } else {
        refused_host()
    };
    headers::apply(response.headers_mut(), state.public_url.is_https());
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    span.in_scope(|| line.write(response.status(), started.elapsed()));
    response
}

/// What the access log says of a request: never its query, which may hold codes and tokens.
struct Line {
    method: Method,
    path: String,
    route: Option<MatchedPath>,
    address: Option<IpAddr>,
}

impl Line {
    fn write(&self, status: StatusCode, duration: Duration) {
        let route = self.route.as_ref().map_or("none", MatchedPath::as_str);
        metrics::request(route, &self.method, status, duration);
        let client = self.address.map(tracing::field::display);
        tracing::info!(
            target: "portal::access",
            method = self.method.as_str(),
            path = self.path,
            status = status.as_u16(),
            duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            client,
            "request"
        );
    }
}

fn logged_path(path: &str) -> String {
    // Paths are ASCII, so that any cut is between characters.
    path.get(..LOGGED_PATH_BYTES_MAX).unwrap_or(path).to_owned()
}

fn user_agent(headers: &HeaderMap) -> String {
    let text = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.chars().take(USER_AGENT_LENGTH_MAX).collect()
}

fn fault() -> Response {
    let text = "Something went wrong in Portal. Quote the request id to whoever runs it.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

fn refused_host() -> Response {
    let text = "This Portal has another address. Use the one that its admin has given you.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

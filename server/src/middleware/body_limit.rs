//! A bound on what a request may send.

use std::time::Duration;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use http::{StatusCode, header::CONTENT_LENGTH};
use http_body_util::Limited;
use tower_http::timeout::TimeoutBody;

/// Largest body of forms and token requests, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 65_536;

/// Longest pause inside a body.
pub(crate) const BODY_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Refuses a body that says it is too large, and stops reading one that turns out to be.
pub(crate) async fn limit_body(request: Request, next: Next) -> Response {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > BODY_BYTES_MAX) {
        let mut response = Response::new(Body::from("The request is too large.\n"));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    }
    let bounded = |body| Limited::new(TimeoutBody::new(BODY_PAUSE_MAX, body), BODY_BYTES_MAX);
    next.run(request.map(|body| Body::new(bounded(body)))).await
}

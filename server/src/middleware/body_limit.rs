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

/// Largest body of a form with a picture, in bytes. Far more than a picture may have, so that whoever chose too large a
/// one is told so on the page.
pub(crate) const UPLOAD_BYTES_MAX: usize = 8 * 1_048_576;

/// Refuses a body that says it is too large, and stops reading one that turns out to be.
pub(crate) async fn limit_body(request: Request, next: Next) -> Response {
    limit(request, next, BODY_BYTES_MAX).await
}

/// The same for forms with a picture.
pub(crate) async fn limit_upload(request: Request, next: Next) -> Response {
    limit(request, next, UPLOAD_BYTES_MAX).await
}

async fn limit(request: Request, next: Next, bytes_max: usize) -> Response {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > bytes_max) {
        let mut response = Response::new(Body::from("The request is too large.\n"));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    }
    let bounded = |body| Limited::new(TimeoutBody::new(BODY_PAUSE_MAX, body), bytes_max);
    next.run(request.map(|body| Body::new(bounded(body)))).await
}

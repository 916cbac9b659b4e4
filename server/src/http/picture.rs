//! Pictures that Portal has made, each by a name that stands for its bytes.

use axum::response::{IntoResponse as _, Response};
use http::{
    HeaderName, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use portal_core::ports::StoreError;

use super::notice::RETRY_AFTER_SECONDS;

/// Read by no other site.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Whatever has this name is the same for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The answer with a picture that was looked up. The edge adds `nosniff` and a policy that lets nothing run.
pub(super) fn answer(found: Result<Option<Vec<u8>>, StoreError>) -> Response {
    match found {
        Ok(Some(png)) => {
            let headers =
                [(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, FOR_EVER), (RESOURCE_POLICY, "same-origin")];
            (headers, png).into_response()
        }
        Ok(None) => missing(),
        Err(error) => {
            tracing::error!(%error, "a picture could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS)]).into_response()
        }
    }
}

/// There is no picture of this name.
pub(super) fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such picture.\n").into_response()
}

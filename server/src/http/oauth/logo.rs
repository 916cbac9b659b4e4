//! Pictures of clients, as Portal has made them.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderName, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use portal_core::oauth::records::LogoId;

use crate::{http::notice::RETRY_AFTER_SECONDS, state::AppState};

/// Read by no other site.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Whatever has this name is the same for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A picture by its name. The bytes are Portal's own, and the edge adds `nosniff` and a policy that lets nothing run.
pub(super) async fn logo(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    let Some(id) = LogoId::parse(&id) else { return missing() };
    match state.services.clients.logo(&id).await {
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

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such picture.\n").into_response()
}

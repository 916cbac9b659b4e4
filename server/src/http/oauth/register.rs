//! `POST /oauth/register`: dynamic client registration (RFC 7591), while an admin allows it.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use portal_core::{identity::RequestOrigin, oauth::RegistrationError};
use serde_json::json;

use super::token::no_store;
use crate::{http::notice::RETRY_AFTER_SECONDS, state::AppState};

/// When a network that registered too often may try again.
const RETRY_AFTER_LIMIT_SECONDS: HeaderValue = HeaderValue::from_static("3600");

/// Registers the client that the JSON body describes.
pub(super) async fn register(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let answer = if essence.eq_ignore_ascii_case("application/json") {
        state.services.registry.register(&body, &origin).await
    } else {
        Err(RegistrationError::MetadataInvalid("the content type must be application/json"))
    };
    no_store(match answer {
        Ok(registered) => (StatusCode::CREATED, Json(registered)).into_response(),
        Err(error) => refused(&error),
    })
}

fn refused(error: &RegistrationError) -> Response {
    let body =
        |word: &str, description: &str| Json(json!({ "error": word, "error_description": description }));
    let text = error.to_string();
    match error {
        RegistrationError::Disabled => (StatusCode::NOT_FOUND, body("access_denied", &text)).into_response(),
        RegistrationError::TooMany => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            (status, [(RETRY_AFTER, RETRY_AFTER_LIMIT_SECONDS)], body("slow_down", &text)).into_response()
        }
        RegistrationError::RedirectUriInvalid => {
            (StatusCode::BAD_REQUEST, body("invalid_redirect_uri", &text)).into_response()
        }
        RegistrationError::MetadataInvalid(_) => {
            (StatusCode::BAD_REQUEST, body("invalid_client_metadata", &text)).into_response()
        }
        RegistrationError::Store(error) => {
            tracing::error!(%error, "a client could not be registered");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let text = "Portal cannot reach its database; try again";
            (status, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], body("temporarily_unavailable", text))
                .into_response()
        }
    }
}

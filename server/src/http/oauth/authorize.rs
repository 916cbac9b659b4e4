//! `GET /oauth/authorize` (RFC 6749 section 4.1.1).

use axum::{
    Extension,
    extract::{RawQuery, State},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{LOCATION, RETRY_AFTER, SET_COOKIE},
};
use portal_app::cookies;
use portal_core::{
    identity::RequestOrigin,
    oauth::{AuthorizeError, AuthorizeParameters, BegunAuthorization, ClientError},
    secret::Secret,
};

use super::form::Form;
use crate::{
    http::notice::{self, RETRY_AFTER_SECONDS},
    state::AppState,
};

/// The page that asks the person.
const CONSENT_PATH: &str = "/oauth/consent";
/// How long the binding to the browser is kept, in seconds; as long as a pending authorization.
const COOKIE_SECONDS: u32 = 3_600;
const KNOWN: [&str; 9] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "prompt",
];

pub(super) async fn authorize(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = match parameters(query.as_deref().unwrap_or_default()) {
        Ok(parameters) => parameters,
        Err(fault) => return refused(StatusCode::BAD_REQUEST, &fault, &origin),
    };
    let secure = state.public_url.is_https();
    let browser = cookies::value(&headers, cookies::AUTHORIZE, secure).map(Secret::new);
    match state.services.authorization.begin(parameters, browser.as_ref(), &origin).await {
        Ok(begun) => to_consent(&begun, secure),
        Err(AuthorizeError::Redirect(error)) => see_other(&error.location),
        Err(AuthorizeError::Page(fault)) => refused(StatusCode::BAD_REQUEST, fault, &origin),
        Err(AuthorizeError::Client(ClientError::Unavailable)) => unavailable(&origin),
        Err(AuthorizeError::Client(error)) => refused(StatusCode::BAD_REQUEST, &error.to_string(), &origin),
        Err(error @ AuthorizeError::TooMany) => {
            refused(StatusCode::TOO_MANY_REQUESTS, &error.to_string(), &origin)
        }
        Err(AuthorizeError::Store(error)) => {
            tracing::error!(%error, "an authorization request could not be kept");
            unavailable(&origin)
        }
    }
}

fn parameters(query: &str) -> Result<AuthorizeParameters, String> {
    let mut form = Form::parse(query.as_bytes(), &KNOWN)?;
    Ok(AuthorizeParameters {
        client_id: form.take("client_id"),
        redirect_uri: form.take("redirect_uri"),
        response_type: form.take("response_type"),
        scope: form.take("scope"),
        state: form.take("state"),
        resource: form.take("resource"),
        code_challenge: form.take("code_challenge"),
        code_challenge_method: form.take("code_challenge_method"),
        prompt: form.take("prompt"),
    })
}

fn to_consent(begun: &BegunAuthorization, secure: bool) -> Response {
    let mut response = see_other(&format!("{CONSENT_PATH}?request={}", begun.request.expose()));
    if let Some(cookie) = cookies::set(cookies::AUTHORIZE, begun.browser.expose(), secure, COOKIE_SECONDS) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// 303, so that the browser asks with GET whatever it did before.
fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A page of ours and no redirect: client or redirect URI are not known to be good (RFC 6749 section 4.1.2.1).
fn refused(status: StatusCode, fault: &str, origin: &RequestOrigin) -> Response {
    let sentence = format!("An agent asked to be connected, but its request cannot be used: {fault}.");
    notice::page(status, "This agent cannot be connected", &sentence, origin.request_id.as_deref())
}

fn unavailable(origin: &RequestOrigin) -> Response {
    let sentence = "Portal cannot reach its database right now. Start again in the agent in a moment.";
    let mut response = notice::page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Portal is not available",
        sentence,
        origin.request_id.as_deref(),
    );
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    response
}

//! `GET /oauth/authorize` (RFC 6749 section 4.1.1).

use axum::{
    Extension,
    extract::{RawQuery, State},
    response::{Html, IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_SECURITY_POLICY, LOCATION, RETRY_AFTER, SET_COOKIE},
};
use portal_app::{authorize_error_page, cookies, policy::content_security_policy};
use portal_core::{
    identity::{Identity, IdentityError, RequestOrigin},
    oauth::{AuthorizeError, AuthorizeParameters, Begun, BegunAuthorization, ClientError},
    ports::StoreError,
    secret::Secret,
};

use crate::{
    http::{notice::RETRY_AFTER_SECONDS, pages::web_context},
    state::AppState,
};

/// The page that asks the person.
const CONSENT_PATH: &str = "/oauth/consent";
/// How long the binding to the browser is kept, in seconds; as long as a pending authorization.
const COOKIE_SECONDS: u32 = 3_600;
pub(super) async fn authorize(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let secure = state.public_url.is_https();
    let browser = cookies::value(&headers, cookies::AUTHORIZE, secure).map(Secret::new);
    let identity = match identity(&state, &headers, &origin).await {
        Ok(identity) => identity,
        Err(error) => return refused(&state, &headers, &error.into(), &origin),
    };
    let person = identity.signed_in().ok();
    let parsed = AuthorizeParameters::from_query(query.as_deref().unwrap_or_default());
    let client_id = parsed.as_ref().ok().and_then(|parameters| parameters.client_id.clone());
    let begun = match parsed {
        Ok(parameters) => {
            state.services.authorization.begin(parameters, browser.as_ref(), person, &origin).await
        }
        Err(fault) => Err(AuthorizeError::Page(fault.into())),
    };
    state.services.attempts.authorize_answered(client_id.as_deref(), person, &origin, &begun);
    match begun {
        Ok(Begun::Pending(begun)) => to_consent(&begun, secure),
        Ok(Begun::Allowed(location)) => see_other(&location),
        Err(AuthorizeError::Redirect(error)) => see_other(&error.location),
        Err(error) => refused(&state, &headers, &error, &origin),
    }
}

/// Who is signed in in this browser; a session that cannot be looked up is nobody's.
async fn identity(
    state: &AppState,
    headers: &HeaderMap,
    origin: &RequestOrigin,
) -> Result<Identity, StoreError> {
    let cookie = cookies::value(headers, cookies::SESSION, state.public_url.is_https()).map(Secret::new);
    let Some(cookie) = cookie else { return Ok(Identity::Anonymous(origin.clone())) };
    match state.services.identity.identify(Some(&cookie), origin.clone()).await {
        Ok(identity) => Ok(identity),
        Err(IdentityError::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "a browser session could not be looked up");
            Ok(Identity::Anonymous(origin.clone()))
        }
    }
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
fn refused(
    state: &AppState,
    headers: &HeaderMap,
    error: &AuthorizeError,
    origin: &RequestOrigin,
) -> Response {
    let status = match error {
        AuthorizeError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        AuthorizeError::Client(ClientError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        AuthorizeError::Store(error) => {
            tracing::error!(%error, "an authorization request could not be kept");
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let theme = cookies::value(headers, cookies::THEME, state.public_url.is_https());
    let html = authorize_error_page(
        &web_context(state),
        theme,
        error,
        origin.request_id.as_deref().map(str::to_owned),
    );
    let mut response = (status, Html(html)).into_response();
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(None, &[])) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response
}

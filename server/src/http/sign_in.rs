//! Sign-in with a provider: `GET /auth/start/{provider}` sends the browser away, `GET /auth/callback/{provider}` takes it
//! back (RFC 6749 section 4.1, OpenID Connect Core section 3.1).

use axum::{
    Extension, Router,
    extract::{Path, RawQuery, State},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE},
};
use portal_app::{
    SignInRefused, cookies, policy::content_security_policy, return_to::ReturnTo, sign_in_refused_page,
};
use portal_core::{
    identity::{
        IdentityError, NewBrowserSession, ProviderAnswer, ProviderSignInOutcome, ProviderSignInStart,
        ProviderSignInStarted, RequestOrigin,
    },
    org::freshness::STALE_RETRY_AFTER_SECONDS,
    secret::Secret,
};
use portal_model::ErrorCode;

use crate::{http::pages::web_context, state::AppState};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Longest value of a parameter that is looked at, in bytes.
const PARAMETER_BYTES_MAX: usize = 4_096;
/// Seconds after which someone may try again while the provider or the store is away.
const RETRY_AFTER_SECONDS: u64 = 30;

/// The routes. Neither looks at the session: whoever is signed in may sign in as someone else.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/auth/start/{provider}", get(start))
        .route("/auth/callback/{provider}", get(callback))
}

async fn start(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = Query(query.unwrap_or_default());
    let return_to = query.once("return_to").as_deref().and_then(ReturnTo::parse);
    if !from_here(&headers) {
        // Another site cannot begin a sign-in for somebody; it can show them the page where they do.
        let page = return_to.map_or_else(|| "/sign-in".to_owned(), |path| path.sign_in_path());
        return private(see_other(&page));
    }
    let return_to = return_to.map(|path| path.as_str().to_owned());
    let start = ProviderSignInStart {
        provider: provider.clone(),
        return_to: return_to.clone(),
        browser: cookie(&state, &headers, cookies::SIGN_IN),
        again: query.once("again").is_some(),
    };
    let code = match state.services.identity.provider_sign_in_start(start, &origin).await {
        Ok(ProviderSignInStarted::Begun { location, browser }) => {
            let mut response = see_other(&location);
            put_cookie(&state, &mut response, (cookies::SIGN_IN, &browser, cookies::SIGN_IN_SECONDS));
            return private(response);
        }
        Ok(ProviderSignInStarted::Refused(code)) => code,
        Err(error) => code_of(&error),
    };
    refused(&state, &headers, &origin, (code, &provider, return_to))
}

async fn callback(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = Query(query.unwrap_or_default());
    let answer = ProviderAnswer {
        browser: cookie(&state, &headers, cookies::SIGN_IN),
        known_browser: cookie(&state, &headers, cookies::BROWSER),
        previous_session: cookie(&state, &headers, cookies::SESSION),
        ..ProviderAnswer::of(provider.clone(), |name| query.once(name))
    };
    let (code, return_to) = match state.services.identity.provider_sign_in_finish(answer, &origin).await {
        Ok(ProviderSignInOutcome::SignedIn { session, return_to }) => {
            return signed_in(&state, &session, return_to.as_deref());
        }
        Ok(ProviderSignInOutcome::Refused { code, return_to }) => (code, return_to),
        Err(error) => (code_of(&error), None),
    };
    refused(&state, &headers, &origin, (code, &provider, return_to))
}

/// A query of which no parameter counts that is there twice (RFC 6749 section 3.1).
struct Query(String);

impl Query {
    fn once(&self, name: &str) -> Option<String> {
        let mut found = form_urlencoded::parse(self.0.as_bytes()).filter(|(key, _)| key == name);
        let (_, value) = found.next()?;
        (found.next().is_none() && value.len() <= PARAMETER_BYTES_MAX).then(|| value.into_owned())
    }
}

/// Whether a page of Portal led here, or the person did; browsers that do not say are believed.
fn from_here(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none")
}

fn cookie(state: &AppState, headers: &HeaderMap, base: &str) -> Option<Secret> {
    cookies::value(headers, base, state.public_url.is_https())
        .filter(|value| !value.is_empty())
        .map(Secret::new)
}

fn put_cookie(state: &AppState, response: &mut Response, (base, value, seconds): (&str, &Secret, u32)) {
    if let Some(cookie) = cookies::set(base, value.expose(), state.public_url.is_https(), seconds) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

fn signed_in(state: &AppState, session: &NewBrowserSession, return_to: Option<&str>) -> Response {
    // Judged again where it is used: the store is not the place that decides where browsers go.
    let to = return_to.and_then(ReturnTo::parse);
    let mut response = see_other(to.as_ref().map_or("/", ReturnTo::as_str));
    put_cookie(state, &mut response, (cookies::SESSION, &session.cookie, cookies::SESSION_SECONDS));
    put_cookie(state, &mut response, (cookies::BROWSER, &session.known_browser, cookies::BROWSER_SECONDS));
    private(response)
}

fn code_of(error: &IdentityError) -> ErrorCode {
    tracing::error!(%error, "a sign-in with a provider could not be kept");
    match error {
        IdentityError::Store(_) => ErrorCode::Unavailable,
        IdentityError::Refused(refused) => refused.code,
        IdentityError::Internal(_) => ErrorCode::Internal,
    }
}

/// The page that says why, in words of ours only.
fn refused(
    state: &AppState,
    headers: &HeaderMap,
    origin: &RequestOrigin,
    (code, provider, return_to): (ErrorCode, &str, Option<String>),
) -> Response {
    let providers = state.services.identity.sign_in_providers();
    let named = providers.iter().find(|known| known.id.as_str() == provider);
    let refused = SignInRefused {
        code,
        provider: named.map(|provider| provider.label.clone()),
        return_to,
        request_id: origin.request_id.clone(),
    };
    let theme = cookies::value(headers, cookies::THEME, state.public_url.is_https());
    let html = sign_in_refused_page(&web_context(state), theme, refused);
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Html(html)).into_response();
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(None, &[])) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let directory_is_old = code == ErrorCode::DirectoryStale;
        let seconds = if directory_is_old { STALE_RETRY_AFTER_SECONDS } else { RETRY_AFTER_SECONDS };
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    private(response)
}

/// 303, so that the browser asks with GET whatever it did before.
fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Keeps codes and states out of caches and of Referer headers.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

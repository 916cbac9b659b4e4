//! `POST /oauth/token` (RFC 6749 sections 4.1.3, 5 and 6).

use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
};
use portal_core::{
    attempts::PresentedGrant,
    identity::RequestOrigin,
    oauth::{Form, TokenError, TokenErrorCode, TokenRequest, TokenResponse},
};
use serde_json::json;

use super::client::Credentials;
use crate::{http::notice::RETRY_AFTER_SECONDS, metrics, state::AppState};

/// When someone whose directory was not read for too long may try again.
const STALE_RETRY_AFTER: HeaderValue = HeaderValue::from_static("300");
/// When a network that failed too often may try again.
const RETRY_AFTER_LIMIT_SECONDS: HeaderValue = HeaderValue::from_static("60");

const KNOWN: [&str; 11] = [
    "grant_type",
    "code",
    "redirect_uri",
    "client_id",
    "code_verifier",
    "refresh_token",
    "scope",
    "resource",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
];

/// Answers a token request.
pub(super) async fn token(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = form(&headers, &body, &KNOWN)
        .and_then(|mut form| Ok((Credentials::take(&headers, &mut form).map_err(Fault::Form)?, form)));
    let answer = match request {
        Ok((client, form)) => {
            let request = request_of(client, form);
            let presented = PresentedGrant::from(&request);
            let answer = state.services.tokens.issue(request, &origin).await;
            state.services.attempts.token_answered(&presented, &origin, &answer);
            answer.map_err(Fault::from)
        }
        Err(fault) => Err(fault),
    };
    metrics::token_answer(answer.as_ref().map_or_else(Fault::word, |_| "issued"));
    answer.map_or_else(|fault| fault.into_response(&headers), |answer| issued(&answer))
}

/// 405 for every method but POST.
pub(super) async fn wrong_method() -> Response {
    let body = json!({ "error": "invalid_request", "error_description": "use POST" });
    no_store((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], Json(body)).into_response())
}

fn request_of(client: Credentials, mut form: Form) -> TokenRequest {
    TokenRequest {
        grant_type: form.take("grant_type"),
        code: form.take_secret("code"),
        redirect_uri: form.take("redirect_uri"),
        client_id: client.id,
        proof: client.proof,
        code_verifier: form.take_secret("code_verifier"),
        refresh_token: form.take_secret("refresh_token"),
        scope: form.take("scope"),
        resource: form.take("resource"),
    }
}

fn issued(answer: &TokenResponse) -> Response {
    let mut body = json!({
        "access_token": answer.access_token.expose(),
        "token_type": "Bearer",
        "expires_in": answer.expires_in_seconds,
        "scope": answer.scope,
    });
    if let (Some(refresh), Some(members)) = (&answer.refresh_token, body.as_object_mut()) {
        members.insert("refresh_token".to_owned(), refresh.expose().into());
    }
    no_store(Json(body).into_response())
}

/// Why there is no token or no revocation.
pub(super) enum Fault {
    /// By the service.
    Service(TokenError),
    /// By the form or the credentials: `invalid_request`.
    Form(String),
}

impl From<TokenError> for Fault {
    fn from(error: TokenError) -> Self {
        Self::Service(error)
    }
}

impl Fault {
    fn word(&self) -> &'static str {
        match self {
            Self::Service(TokenError::Refused { code, .. }) => word(*code),
            Self::Service(TokenError::Store(_) | TokenError::Unavailable(_) | TokenError::Stale(_)) => {
                "temporarily_unavailable"
            }
            Self::Service(TokenError::TooMany) => "slow_down",
            Self::Form(_) => word(TokenErrorCode::InvalidRequest),
        }
    }

    /// The answer, as RFC 6749 section 5.2 writes it: a client that tried the Authorization header is told the scheme.
    pub fn into_response(self, request: &HeaderMap) -> Response {
        let word = self.word();
        let body = |description: &str| Json(json!({ "error": word, "error_description": description }));
        no_store(match self {
            Self::Service(TokenError::Refused { description, code }) => {
                let (status, in_header) = match code {
                    TokenErrorCode::InvalidClient => {
                        (StatusCode::UNAUTHORIZED, request.contains_key(AUTHORIZATION))
                    }
                    _ => (StatusCode::BAD_REQUEST, false),
                };
                let mut response = (status, body(description)).into_response();
                if in_header {
                    let basic = HeaderValue::from_static("Basic realm=\"Portal\"");
                    response.headers_mut().insert(WWW_AUTHENTICATE, basic);
                }
                response
            }
            Self::Service(error @ TokenError::TooMany) => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                (status, [(RETRY_AFTER, RETRY_AFTER_LIMIT_SECONDS)], body(&error.to_string())).into_response()
            }
            Self::Service(TokenError::Unavailable(cause)) => {
                tracing::warn!(cause, "a client could not be authenticated");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let description =
                    "Portal cannot read the client's document or keys; what was sent stays good, try again";
                (status, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], body(description)).into_response()
            }
            Self::Service(TokenError::Stale(stale)) => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                (status, [(RETRY_AFTER, STALE_RETRY_AFTER)], body(&stale.words())).into_response()
            }
            Self::Service(TokenError::Store(error)) => {
                tracing::error!(%error, "the token endpoint could not use the store");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let description = "Portal cannot reach its database; what was sent stays good, try again";
                (status, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], body(description)).into_response()
            }
            Self::Form(fault) => (StatusCode::BAD_REQUEST, body(&fault)).into_response(),
        })
    }
}

const fn word(code: TokenErrorCode) -> &'static str {
    match code {
        TokenErrorCode::InvalidRequest => "invalid_request",
        TokenErrorCode::InvalidClient => "invalid_client",
        TokenErrorCode::InvalidGrant => "invalid_grant",
        TokenErrorCode::UnauthorizedClient => "unauthorized_client",
        TokenErrorCode::UnsupportedGrantType => "unsupported_grant_type",
        TokenErrorCode::InvalidScope => "invalid_scope",
        TokenErrorCode::InvalidTarget => "invalid_target",
    }
}

/// The parameters of a request.
pub(super) fn form(headers: &HeaderMap, body: &[u8], known: &[&'static str]) -> Result<Form, Fault> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Fault::Form("the content type must be application/x-www-form-urlencoded".to_owned()));
    }
    Form::parse(body, known).map_err(Fault::Form)
}

/// Neither answers nor errors of these endpoints may be kept (RFC 6749 section 5.1).
pub(super) fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

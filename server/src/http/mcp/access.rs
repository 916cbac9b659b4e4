//! Bearer tokens, and the challenges that tell a client how to get one (RFC 6750 section 3, RFC 9728 section 5.1).

use std::{net::IpAddr, sync::Arc};

use axum::response::{IntoResponse as _, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use portal_core::oauth::{BearerError, Caller};
use portal_model::{Scope, ScopeSet};

use crate::{
    http::{notice::RETRY_AFTER_SECONDS, well_known},
    metrics,
    state::AppState,
};

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 512;

/// The caller who holds the request's token, or the answer for whoever has none.
pub(super) async fn caller(
    state: &AppState,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Arc<Caller>, Response> {
    let token = match bearer(headers) {
        Token::Missing => {
            metrics::bearer("missing");
            return Err(challenge(state, StatusCode::UNAUTHORIZED, None, Scope::Read).await);
        }
        Token::Malformed => Err(BearerError::Invalid),
        Token::Given(token) => state.services.bearer.authenticate(token, address).await,
    };
    match token {
        Ok(caller) => {
            metrics::bearer("accepted");
            Ok(caller)
        }
        Err(BearerError::Invalid) => {
            metrics::bearer("invalid");
            Err(challenge(state, StatusCode::UNAUTHORIZED, Some("invalid_token"), Scope::Read).await)
        }
        Err(BearerError::AddressRefused) => {
            metrics::bearer("address-refused");
            // No challenge: another token would not help here.
            Err((StatusCode::FORBIDDEN, "This token may not be used from this address.\n").into_response())
        }
        Err(BearerError::Store(error)) => {
            metrics::bearer("unavailable");
            tracing::error!(%error, "a bearer token could not be checked");
            Err(unavailable())
        }
    }
}

/// The step-up challenge: names every scope that the call needs at once.
pub(super) async fn insufficient_scope(state: &AppState, needed: Scope) -> Response {
    challenge(state, StatusCode::FORBIDDEN, Some("insufficient_scope"), needed).await
}

/// 503: nothing is known about the token, so it stays good.
pub(super) fn unavailable() -> Response {
    let text = "Portal cannot reach its database right now. Try again in a moment.\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], text).into_response()
}

enum Token<'headers> {
    Missing,
    Malformed,
    Given(&'headers str),
}

fn bearer(headers: &HeaderMap) -> Token<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Token::Missing,
        (Some(value), None) => value.to_str().unwrap_or_default(),
        _ => return Token::Malformed,
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = token.trim();
            if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
                Token::Malformed
            } else {
                Token::Given(token)
            }
        }
        // Another scheme is no bearer token at all.
        _ => Token::Missing,
    }
}

async fn challenge(
    state: &AppState,
    status: StatusCode,
    error: Option<&'static str>,
    level: Scope,
) -> Response {
    let open = match state.services.settings.agents_can_sign_in().await {
        Ok(open) => open,
        Err(error) => {
            tracing::error!(%error, "the settings could not be read");
            return unavailable();
        }
    };
    let scope = ScopeSet { level, offline_access: false };
    let metadata = || well_known::protected_resource_url(state.public_url.as_str());
    let parameters = [
        error.map(|error| format!("error=\"{error}\"")),
        open.then(|| format!("resource_metadata=\"{}\"", metadata())),
        Some(format!("scope=\"{scope}\"")),
    ];
    let parameters = parameters.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let Ok(value) = HeaderValue::from_str(&format!("Bearer {parameters}")) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = serde_json::json!({
        "error": error.unwrap_or("unauthorized"),
        "error_description": match error {
            None => "Portal's tools need an access token.",
            Some("insufficient_scope") => "The access token is good, but not for this tool.",
            Some(_) => "The access token is unknown, has expired or was revoked.",
        },
        "scope": scope.to_string(),
    });
    let headers = [(WWW_AUTHENTICATE, value), (CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_once_and_by_the_bearer_scheme() {
        let given = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            match bearer(&headers) {
                Token::Missing => "missing".to_owned(),
                Token::Malformed => "malformed".to_owned(),
                Token::Given(token) => token.to_owned(),
            }
        };
        assert_eq!(given(&["Bearer abc"]), "abc");
        assert_eq!(given(&["bearer  abc "]), "abc");
        assert_eq!(given(&[]), "missing");
        assert_eq!(given(&["Basic abc"]), "missing");
        assert_eq!(given(&["Bearer a", "Bearer b"]), "malformed");
        assert_eq!(given(&["Bearer "]), "malformed");
        assert_eq!(given(&[&format!("Bearer {}", "x".repeat(TOKEN_BYTES_MAX + 1))]), "malformed");
    }
}

//! `POST /oauth/revoke` (RFC 7009).

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use portal_core::{identity::RequestOrigin, oauth::RevokeRequest};

use super::token::{Fault, form, no_store};
use crate::state::AppState;

const KNOWN: [&str; 3] = ["token", "token_type_hint", "client_id"];

/// Ends what a token belongs to; 200 for tokens that nobody knows too.
pub(super) async fn revoke(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = form(&headers, &body, &KNOWN).and_then(|mut form| {
        let request = RevokeRequest { token: form.take_secret("token"), client_id: form.take("client_id") };
        if request.token.is_some() { Ok(request) } else { Err(Fault::Form("token is missing".to_owned())) }
    });
    let answer = match request {
        Ok(request) => state.services.tokens.revoke(request, &origin).await.map_err(Fault::from),
        Err(fault) => Err(fault),
    };
    answer.map_or_else(Fault::into_response, |()| no_store(StatusCode::OK.into_response()))
}

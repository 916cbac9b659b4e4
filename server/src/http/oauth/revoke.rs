//! `POST /oauth/revoke` (RFC 7009).

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use portal_core::{identity::RequestOrigin, oauth::RevokeRequest};

use super::{
    client::Credentials,
    token::{Fault, form, no_store},
};
use crate::state::AppState;

const KNOWN: [&str; 6] =
    ["token", "token_type_hint", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// Ends what a token belongs to; 200 for tokens that nobody knows too.
pub(super) async fn revoke(
    State(state): State<AppState>,
    Extension(origin): Extension<RequestOrigin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = form(&headers, &body, &KNOWN).and_then(|mut form| {
        let Credentials { id, proof } = Credentials::take(&headers, &mut form).map_err(Fault::Form)?;
        let request = RevokeRequest { token: form.take_secret("token"), client_id: id, proof };
        if request.token.is_some() { Ok(request) } else { Err(Fault::Form("token is missing".to_owned())) }
    });
    let answer = match request {
        Ok(request) => state.services.tokens.revoke(request, &origin).await.map_err(Fault::from),
        Err(fault) => Err(fault),
    };
    answer.map_or_else(|fault| fault.into_response(&headers), |()| no_store(StatusCode::OK.into_response()))
}

//! API tokens, and tokens of the service app.

use portal_core::time::{SECOND_MS, UnixMillis};
use serde_json::json;
use url::Url;

use super::{API_TOKEN, CLIENT_ID, State};
use crate::directories::{
    FakeAnswer, FakeRequest,
    keys::{form_fields, judged_assertion},
};

pub(super) fn issue(state: &mut State, request: &FakeRequest, base: &Url, now: UnixMillis) -> FakeAnswer {
    let refused = |error: &str, description: &str| {
        FakeAnswer::json(400, &json!({ "error": error, "error_description": description }))
    };
    let fields = form_fields(&request.body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    if field("grant_type") != "client_credentials" || !field("scope").contains("okta.users.read") {
        return refused(
            "invalid_scope",
            "One or more scopes are not configured for the authorization server resource.",
        );
    }
    let audience = format!("{base}oauth2/v1/token");
    if let Err(reason) = judged_assertion(field("client_assertion"), &audience, CLIENT_ID, now) {
        return refused("invalid_client", &format!("The client_assertion is invalid: {reason}."));
    }
    if state.behaviour.demands_dpop {
        return refused("invalid_dpop_proof", "The DPoP proof JWT header is missing.");
    }
    state.number += 1;
    let (token, lifetime) = (format!("okta-token-{}", state.number), state.behaviour.token_seconds);
    state.tokens.insert(token.clone(), now.0 + lifetime * SECOND_MS);
    let body = json!({
        "token_type": "Bearer", "expires_in": lifetime, "access_token": token, "scope": field("scope"),
    });
    FakeAnswer::json(200, &body)
}

pub(super) fn is_valid(state: &State, request: &FakeRequest, now: UnixMillis) -> bool {
    let Some(header) = request.header("authorization") else { return false };
    if let Some(token) = header.strip_prefix("SSWS ") {
        return token == API_TOKEN;
    }
    let token = header.strip_prefix("Bearer ");
    token.and_then(|token| state.tokens.get(token)).is_some_and(|until| now.0 < *until)
}

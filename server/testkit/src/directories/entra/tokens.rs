//! Tokens of applications.

use portal_core::time::{SECOND_MS, UnixMillis};
use serde_json::json;
use url::Url;

use super::{CLIENT_ID, CLIENT_SECRET, TENANT_ID, state::State};
use crate::directories::{
    FakeAnswer, FakeRequest,
    keys::{certificate_thumbprint, form_fields, judged_assertion},
};

pub(super) fn issue(state: &mut State, request: &FakeRequest, base: &Url, now: UnixMillis) -> FakeAnswer {
    let fields = form_fields(&request.body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    if !request.path.starts_with(&format!("/{TENANT_ID}/")) {
        return refused("invalid_request", "AADSTS90002: Tenant not found.");
    }
    let scope = format!("{}/.default", base.as_str().trim_end_matches('/'));
    if field("grant_type") != "client_credentials"
        || field("client_id") != CLIENT_ID
        || field("scope") != scope
    {
        return refused("invalid_request", "AADSTS70011: The provided request is not valid.");
    }
    let proven = if field("client_assertion").is_empty() {
        field("client_secret") == CLIENT_SECRET
    } else {
        let audience = format!("{base}{TENANT_ID}/oauth2/v2.0/token");
        let judged = judged_assertion(field("client_assertion"), &audience, CLIENT_ID, now);
        judged.is_ok_and(|(header, _)| header["x5t#S256"] == json!(certificate_thumbprint()))
    };
    if !proven {
        let words = "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation ID: 2";
        return refused("invalid_client", words);
    }
    let token = state.fresh("graph-token-");
    let lifetime = state.behaviour.token_seconds;
    state.tokens.insert(token.clone(), now.0 + lifetime * SECOND_MS);
    let body = json!({ "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token });
    FakeAnswer::json(200, &body)
}

fn refused(error: &str, description: &str) -> FakeAnswer {
    FakeAnswer::json(
        401,
        &json!({ "error": error, "error_description": description, "error_codes": [7_000_215] }),
    )
}

pub(super) fn is_valid(state: &State, request: &FakeRequest, now: UnixMillis) -> bool {
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    token.and_then(|token| state.tokens.get(token)).is_some_and(|until| now.0 < *until)
}

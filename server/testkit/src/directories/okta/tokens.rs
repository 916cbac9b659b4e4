//! API tokens, and tokens of the service app.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_core::time::{SECOND_MS, UnixMillis};
use ring::digest;
use serde_json::json;
use url::Url;

use super::{API_TOKEN, CLIENT_ID, State};
use crate::directories::{
    FakeAnswer, FakeRequest,
    keys::{Proof, form_fields, judged_assertion, judged_proof},
};

/// What the token endpoint wants to find in a proof.
const NONCE: &str = "nonce-of-this-day";

pub(super) struct IssuedToken {
    until: i64,
    /// Thumbprint of the key that its user must hold.
    bound_to: Option<String>,
}

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
    let bound_to = match request.header("dpop") {
        None if state.behaviour.demands_dpop => {
            return refused("invalid_dpop_proof", "The DPoP proof JWT header is missing.");
        }
        None => None,
        Some(proof) => match judged_proof(proof, "POST", &audience, now) {
            Ok(proof) if proof.nonce.as_deref() != Some(NONCE) => {
                let demand = refused("use_dpop_nonce", "Authorization server requires nonce in DPoP proof.");
                return demand.with("dpop-nonce", NONCE);
            }
            Ok(proof) if !state.proofs.insert(proof.id.clone()) => {
                return refused("invalid_dpop_proof", "The DPoP proof JWT has been used.");
            }
            Ok(proof) if proof.token_hash.is_none() => Some(proof.thumbprint),
            Ok(_) => return refused("invalid_dpop_proof", "ath is for requests with a token."),
            Err(reason) => return refused("invalid_dpop_proof", reason),
        },
    };
    state.number += 1;
    let (token, lifetime) = (format!("okta-token-{}", state.number), state.behaviour.token_seconds);
    let token_type = if bound_to.is_some() { "DPoP" } else { "Bearer" };
    let issued = IssuedToken { until: now.0 + lifetime * SECOND_MS, bound_to };
    state.tokens.insert(token.clone(), issued);
    let body = json!({
        "token_type": token_type, "expires_in": lifetime, "access_token": token, "scope": field("scope"),
    });
    FakeAnswer::json(200, &body)
}

pub(super) fn is_valid(state: &mut State, request: &FakeRequest, base: &Url, now: UnixMillis) -> bool {
    let Some((scheme, token)) = request.header("authorization").and_then(|header| header.split_once(' '))
    else {
        return false;
    };
    if scheme == "SSWS" {
        return token == API_TOKEN;
    }
    let Some(issued) = state.tokens.get(token).filter(|issued| now.0 < issued.until) else { return false };
    let Some(key) = &issued.bound_to else { return scheme == "Bearer" };
    let address = format!("{base}{}", request.path.trim_start_matches('/'));
    let proof =
        request.header("dpop").and_then(|proof| judged_proof(proof, &request.method, &address, now).ok());
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()));
    let holds = |proof: &Proof| proof.thumbprint == *key && proof.token_hash.as_ref() == Some(&hash);
    let Some(proof) = proof.filter(|proof| scheme == "DPoP" && holds(proof)) else { return false };
    state.proofs.insert(proof.id)
}

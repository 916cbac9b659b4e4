//! Hooks as GitLab sends them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;
use serde_json::Value;

/// The secret token of the fake's hooks.
pub const HOOK_SECRET: &str = "hook-secret";
/// The signing token of the fake's hooks.
pub const SIGNING_TOKEN: &str = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";

/// Headers and body of a hook with the secret token.
pub fn hook_headers(kind: &str, payload: &Value) -> (Vec<(String, String)>, Vec<u8>) {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("content-type", "application/json"),
        header("x-gitlab-event", kind),
        header("x-gitlab-instance", "https://gitlab.example.com"),
        header("idempotency-key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"),
        header("x-gitlab-token", HOOK_SECRET),
    ];
    (headers, payload.to_string().into_bytes())
}

/// Headers and body of a hook with a signature (Standard Webhooks), and without the secret token.
pub fn signed_hook(kind: &str, payload: &Value) -> (Vec<(String, String)>, Vec<u8>) {
    let (mut headers, body) = hook_headers(kind, payload);
    headers.retain(|(name, _)| name != "x-gitlab-token");
    let (id, timestamp) = ("f5e5f430-f57b-4e6e-9fac-d9128cd7232f", "1767225600");
    let key = STANDARD.decode(SIGNING_TOKEN.trim_start_matches("whsec_")).unwrap();
    let text = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &body].concat();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &text);
    let signature = format!("v1,{}", STANDARD.encode(signature.as_ref()));
    for (name, value) in
        [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature.as_str())]
    {
        headers.push((name.to_owned(), value.to_owned()));
    }
    (headers, body)
}

//! Webhooks as GitHub signs them.

use std::fmt::Write as _;

use ring::hmac;
use serde_json::Value;

/// The secret of the fake's webhook.
pub const WEBHOOK_SECRET: &str = "It's a Secret to Everybody";

/// Headers and body of an event, signed.
pub fn signed_webhook(kind: &str, payload: &Value) -> (Vec<(String, String)>, Vec<u8>) {
    let body = payload.to_string().into_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let signature = hmac::sign(&key, &body);
    let mut hex = String::new();
    for byte in signature.as_ref() {
        write!(hex, "{byte:02x}").unwrap();
    }
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("content-type", "application/json"),
        header("user-agent", "GitHub-Hookshot/fake"),
        header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        header("x-github-event", kind),
        header("x-hub-signature-256", &format!("sha256={hex}")),
    ];
    (headers, body)
}

/// Webhooks that GitHub recorded: kind and payload.
pub fn recorded_webhooks() -> Vec<(String, Value)> {
    let text = include_str!("../../../specs/github/webhooks.json");
    let document: Value = serde_json::from_str(text).unwrap();
    let events = document["events"].as_object().unwrap();
    let flat = events.iter().flat_map(|(kind, examples)| {
        examples.as_array().unwrap().iter().map(|example| (kind.clone(), example.clone()))
    });
    flat.collect()
}

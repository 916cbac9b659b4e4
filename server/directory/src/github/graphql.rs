//! Asking GraphQL.

use portal_core::ports::DirectoryError;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use super::refusal;
use crate::api::{ApiAnswer, ApiClient, ApiRequest, throttle};

/// Most characters of an error's message that are repeated.
const MESSAGE_LENGTH_MAX: usize = 200;

#[derive(Deserialize)]
struct Body<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: String,
}

/// The answer's data. An answer with errors is never used in part.
///
/// # Errors
/// [`DirectoryError`] by the status and by the type of the first error.
pub(super) async fn ask<T: DeserializeOwned>(
    api: &ApiClient,
    address: &Url,
    query: &str,
    variables: Value,
    what: &str,
) -> Result<T, DirectoryError> {
    let request = ApiRequest::post_address(address.clone(), what)
        .json(&json!({ "query": query, "variables": variables }));
    let answer = api.answer(request).await?;
    if !answer.is_success() {
        return Err(refusal::of(api, &answer, what));
    }
    // Read in two steps: where there are errors, data may lack what its type demands.
    let errors = answer.json::<Body<Value>>()?.errors;
    if let Some(first) = errors.first() {
        return Err(fault(api, &answer, first, what));
    }
    let body: Body<T> = answer.json()?;
    body.data.ok_or_else(|| DirectoryError::Malformed(format!("{what}: neither data nor errors")))
}

fn fault(api: &ApiClient, answer: &ApiAnswer, fault: &Fault, what: &str) -> DirectoryError {
    let line: String =
        fault.message.chars().filter(|letter| !letter.is_control()).take(MESSAGE_LENGTH_MAX).collect();
    let words = format!("{what} ({line})");
    match fault.kind.as_deref() {
        Some("RATE_LIMITED" | "RATE_LIMIT") => throttle::throttled(&answer.headers, api.clock().now()),
        Some("NOT_FOUND") => {
            DirectoryError::NotFound(format!("{words}; it does not exist, or the credential may not see it"))
        }
        Some("FORBIDDEN" | "INSUFFICIENT_SCOPES" | "SAML_FAILURE") => DirectoryError::Forbidden(words),
        Some("UNAUTHENTICATED") => DirectoryError::Unauthorized(words),
        // A query that GitHub does not understand stays so; without a type it is a failure on their side.
        Some(_) => DirectoryError::Malformed(words),
        None if line.contains("doesn't exist on type") || line.contains("Parse error") => {
            DirectoryError::Malformed(words)
        }
        None => DirectoryError::Outage(words),
    }
}

//! What GitHub means by its statuses.

use portal_core::ports::DirectoryError;

use crate::api::{ApiAnswer, ApiClient, throttle};

/// Words of the refusals for too many requests that carry no header about it.
const SECONDARY_LIMIT: [&str; 2] = ["secondary rate limit", "abuse detection"];

/// A refusal for too many requests is 403 or 429: with `retry-after`; or with nothing remaining until
/// `x-ratelimit-reset`; or, by its words alone, for at least a minute. Every other status as usual.
pub(super) fn of(api: &ApiClient, answer: &ApiAnswer, what: &str) -> DirectoryError {
    let now = api.clock().now();
    if matches!(answer.status, 403 | 429) {
        if let Some(seconds) = throttle::retry_after_seconds(&answer.headers, now) {
            return throttle::after(seconds);
        }
        if answer.header("x-ratelimit-remaining") == Some("0") {
            return throttle::throttled(&answer.headers, now);
        }
        if answer.status == 429 || is_secondary_limit(&answer.body) {
            return throttle::after(throttle::WAIT_SECONDS_DEFAULT);
        }
        if answer.header("x-github-sso").is_some_and(|value| value.starts_with("required")) {
            return DirectoryError::Forbidden(format!(
                "{what}: the organization demands single sign-on; authorize the token for it"
            ));
        }
    }
    match api.refusal(answer, what) {
        DirectoryError::NotFound(words) => {
            DirectoryError::NotFound(format!("{words}; it does not exist, or the credential may not see it"))
        }
        other => other,
    }
}

fn is_secondary_limit(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body.get(..4_096).unwrap_or(body)).to_ascii_lowercase();
    SECONDARY_LIMIT.iter().any(|words| text.contains(words))
}

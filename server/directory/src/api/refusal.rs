//! What statuses mean.

use portal_core::{ports::DirectoryError, time::UnixMillis};
use serde::Deserialize;

use super::{request::ApiAnswer, throttle};

/// Most characters of a provider's own message that are repeated.
const MESSAGE_LENGTH_MAX: usize = 200;

/// No definite answer.
#[must_use]
pub fn outage(host: &str, reason: &str) -> DirectoryError {
    DirectoryError::Outage(format!("{host}: {reason}"))
}

pub(super) fn of(answer: &ApiAnswer, what: &str, now: UnixMillis) -> DirectoryError {
    let said = message(answer).map_or_else(String::new, |message| format!(" ({message})"));
    match answer.status {
        401 => DirectoryError::Unauthorized(format!("{what}{said}")),
        403 => DirectoryError::Forbidden(format!("{what}{said}")),
        404 | 410 => DirectoryError::NotFound(format!("{what}{said}")),
        429 => throttle::throttled(&answer.headers, now),
        503 if answer.headers.contains_key("retry-after") => throttle::throttled(&answer.headers, now),
        408 | 425 | 500..=599 => {
            DirectoryError::Outage(format!("{what}: it answered with status {}", answer.status))
        }
        300..=399 => DirectoryError::Malformed(format!(
            "{what}: it redirects elsewhere (status {}); check the configured address",
            answer.status
        )),
        status => DirectoryError::Malformed(format!("{what}: it answered with status {status}{said}")),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Text(String),
    Nested { message: Option<String> },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Words {
    message: Option<Said>,
    error: Option<Said>,
    error_description: Option<String>,
    #[serde(rename = "errorSummary")]
    error_summary: Option<String>,
}

/// The provider's own words: one line, without control characters, shortened.
fn message(answer: &ApiAnswer) -> Option<String> {
    let said: Words = serde_json::from_slice(&answer.body).ok()?;
    let text = |said: Said| match said {
        Said::Text(text) => Some(text),
        Said::Nested { message } => message,
    };
    let first = said.error_description.or(said.error_summary);
    let said = first.or_else(|| said.message.and_then(text)).or_else(|| said.error.and_then(text))?;
    let line: String = said.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let short: String = line.trim().chars().take(MESSAGE_LENGTH_MAX).collect();
    (!short.is_empty()).then_some(short)
}

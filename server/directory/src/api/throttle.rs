//! How long a provider asks to wait.

use http::HeaderMap;
use portal_core::{
    ports::DirectoryError,
    time::{SECOND_MS, UnixMillis},
};
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// Longest wait that is taken from a provider, in seconds; after it the same question is asked again.
pub const WAIT_SECONDS_MAX: u64 = 3_600;
/// Wait where the provider does not say how long, in seconds. Whoever runs the read waits longer each time.
pub const WAIT_SECONDS_DEFAULT: u64 = 60;

/// Epoch seconds below this are spans of seconds instead (2001-09-09).
const EPOCH_SECONDS_MIN: i64 = 1_000_000_000;

/// A refusal for too many requests, with what the headers say about the wait: `Retry-After` (seconds or a date), else
/// the reset of the limit (`x-ratelimit-reset`, `ratelimit-reset`, `x-rate-limit-reset`: epoch seconds or a span),
/// else [`WAIT_SECONDS_DEFAULT`].
#[must_use]
pub fn throttled(headers: &HeaderMap, now: UnixMillis) -> DirectoryError {
    let wait = retry_after_seconds(headers, now).or_else(|| reset_seconds(headers, now));
    after(wait.unwrap_or(WAIT_SECONDS_DEFAULT))
}

/// A refusal for too many requests, with this wait, brought within 1 and [`WAIT_SECONDS_MAX`].
#[must_use]
pub fn after(seconds: u64) -> DirectoryError {
    DirectoryError::Throttled { retry_after_seconds: seconds.clamp(1, WAIT_SECONDS_MAX) }
}

/// The wait by `Retry-After` (RFC 9110 section 10.2.3); `None` where it is missing or cannot be read.
#[must_use]
pub fn retry_after_seconds(headers: &HeaderMap, now: UnixMillis) -> Option<u64> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    // Some send fractions.
    if let Some(whole) = text.split_once('.').and_then(|(whole, _)| whole.parse::<u64>().ok()) {
        return Some(whole.saturating_add(1));
    }
    until_seconds(http_date(text)?, now)
}

/// The wait until the limit is renewed; `None` where no header says it.
#[must_use]
pub fn reset_seconds(headers: &HeaderMap, now: UnixMillis) -> Option<u64> {
    let names = ["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"];
    let text = names.iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
    let number: i64 = text.trim().parse().ok()?;
    if number < EPOCH_SECONDS_MIN {
        return u64::try_from(number).ok();
    }
    until_seconds(UnixMillis(number.checked_mul(SECOND_MS)?), now)
}

/// Whole seconds from now, rounded up; 0 for what has passed.
fn until_seconds(at: UnixMillis, now: UnixMillis) -> Option<u64> {
    let span = at.since(now).max(0);
    u64::try_from(span.saturating_add(SECOND_MS - 1) / SECOND_MS).ok()
}

/// An IMF-fixdate (RFC 9110 section 5.6.7).
fn http_date(text: &str) -> Option<UnixMillis> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let at: OffsetDateTime = PrimitiveDateTime::parse(text, form).ok()?.assume_utc();
    Some(UnixMillis(at.unix_timestamp().checked_mul(SECOND_MS)?))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_767_225_600_000);

    fn wait(lines: &[(&'static str, &'static str)]) -> u64 {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        match throttled(&headers, NOW) {
            DirectoryError::Throttled { retry_after_seconds } => retry_after_seconds,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn headers_say_how_long_and_their_absence_is_a_minute() {
        assert_eq!(wait(&[("retry-after", "7")]), 7);
        assert_eq!(wait(&[("retry-after", "1.5")]), 2);
        assert_eq!(wait(&[("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT")]), 9);
        assert_eq!(wait(&[("retry-after", "7"), ("x-ratelimit-reset", "1767225700")]), 7);
        assert_eq!(wait(&[("x-ratelimit-reset", "1767225700")]), 100);
        assert_eq!(wait(&[("ratelimit-reset", "1767225700")]), 100);
        assert_eq!(wait(&[("x-rate-limit-reset", "30")]), 30);
        assert_eq!(wait(&[]), WAIT_SECONDS_DEFAULT);
    }

    #[test]
    fn nonsense_neither_stops_nor_hurries() {
        assert_eq!(wait(&[("retry-after", "soon")]), WAIT_SECONDS_DEFAULT);
        assert_eq!(wait(&[("retry-after", "-5")]), WAIT_SECONDS_DEFAULT);
        assert_eq!(wait(&[("retry-after", "0")]), 1);
        assert_eq!(wait(&[("retry-after", "99999999999")]), WAIT_SECONDS_MAX);
        assert_eq!(wait(&[("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT")]), 1);
        assert_eq!(wait(&[("x-ratelimit-reset", "1767225500")]), 1);
        assert_eq!(wait(&[("x-ratelimit-reset", "9223372036854775807")]), WAIT_SECONDS_DEFAULT);
    }
}

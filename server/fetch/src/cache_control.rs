//! How long an answer may be kept (RFC 9111 sections 4.2 and 5.2).

use http::{HeaderMap, HeaderName, header};

/// Seconds for which a shared cache may use the answer: `s-maxage`, else `max-age`, less the `Age` it had on arrival.
/// 0 for `no-store`, `no-cache`, `private` and for values that cannot be read; `None` when the headers do not say.
#[must_use]
pub fn fresh_for_seconds(headers: &HeaderMap) -> Option<u64> {
    let mut max_age = None;
    let mut shared_max_age = None;
    for directive in directives(headers) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" | "private" => return Some(0),
            "max-age" => keep_smaller(&mut max_age, seconds(value)),
            "s-maxage" => keep_smaller(&mut shared_max_age, seconds(value)),
            _ => {}
        }
    }
    let age = values(headers, &header::AGE).next().map_or(0, seconds);
    shared_max_age.or(max_age).map(|lifetime| lifetime.saturating_sub(age))
}

/// Of a repeated directive the stricter one counts.
fn keep_smaller(kept: &mut Option<u64>, value: u64) {
    *kept = Some(kept.map_or(value, |kept| kept.min(value)));
}

/// A count of seconds, quoted or not. Too large is very long, anything else is 0 (RFC 9111 section 1.2.2).
fn seconds(text: &str) -> u64 {
    let digits = text.trim().trim_matches('"');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    digits.parse().unwrap_or(u64::from(u32::MAX))
}

fn directives(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    values(headers, &header::CACHE_CONTROL).flat_map(|value| value.split(',')).map(str::trim)
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fresh(lines: &[(&'static str, &'static str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        fresh_for_seconds(&headers)
    }

    /// Rule: CIMD draft-02 section 5.2: a document is kept as long as its server says, within bounds
    #[test]
    fn lifetimes_are_read_as_a_shared_cache_reads_them() {
        assert_eq!(fresh(&[]), None);
        assert_eq!(fresh(&[("cache-control", "public, max-age=300")]), Some(300));
        assert_eq!(fresh(&[("cache-control", "max-age=300, S-MaxAge=\"60\"")]), Some(60));
        assert_eq!(fresh(&[("cache-control", "max-age=300"), ("age", "100")]), Some(200));
        assert_eq!(fresh(&[("cache-control", "max-age=300"), ("age", "900")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "must-revalidate")]), None);
    }

    #[test]
    fn what_forbids_keeping_wins() {
        for line in ["no-store", "no-cache", "private, max-age=300", "max-age=300, no-store", "NO-STORE"] {
            assert_eq!(fresh(&[("cache-control", line)]), Some(0), "{line}");
        }
        assert_eq!(fresh(&[("cache-control", "max-age=300"), ("cache-control", "no-store")]), Some(0));
    }

    #[test]
    fn unreadable_values_mean_stale_and_repeated_ones_the_stricter() {
        assert_eq!(fresh(&[("cache-control", "max-age=-1")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "max-age=soon")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "max-age=300, max-age=30")]), Some(30));
        assert_eq!(fresh(&[("cache-control", "max-age=99999999999999999999999")]), Some(u64::from(u32::MAX)));
    }
}

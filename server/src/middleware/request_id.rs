//! An id for every request, in its answer, its log lines and its audit rows.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName};
use portal_core::ports::Rng;

/// The header, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Lengths of ids that are taken from a proxy.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=64;

/// Makes ids: a random prefix drawn at the start of the process, and a counter. Unique, not secret.
pub struct RequestIds {
    prefix: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// A source of ids with a prefix of its own.
    #[must_use]
    pub fn new(rng: &dyn Rng) -> Self {
        let mut bytes = [0_u8; 8];
        rng.fill(&mut bytes);
        Self { prefix: u64::from_le_bytes(bytes), next: AtomicU64::new(1) }
    }

    /// The id that a trusted proxy has given the request, else a new one.
    pub(super) fn of(&self, headers: &HeaderMap, from_proxy: bool) -> String {
        let given = headers.get(REQUEST_ID).filter(|_| from_proxy).and_then(|value| value.to_str().ok());
        match given.filter(|id| well_formed(id)) {
            Some(id) => id.to_owned(),
            None => format!("{:016x}-{:x}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

fn well_formed(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    LENGTH.contains(&id.len()) && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;
    impl Rng for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    #[test]
    fn only_well_formed_ids_of_trusted_proxies_are_taken() {
        let ids = RequestIds::new(&Zeros);
        let ask = |id: &str, from_proxy| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, id.parse().unwrap());
            ids.of(&headers, from_proxy)
        };
        assert_eq!(ask("abc-12345", true), "abc-12345");
        for (id, from_proxy) in
            [("abc-12345", false), ("short", true), ("a b c d e f g", true), ("x\"><script>", true)]
        {
            assert_ne!(ask(id, from_proxy), id);
        }
        assert_ne!(ids.of(&HeaderMap::new(), true), ids.of(&HeaderMap::new(), true));
    }
}

//! Limits by the minute, and the refusal for too many requests at once.

use std::collections::BTreeMap;

use portal_core::time::{MINUTE_MS, SECOND_MS, UnixMillis};

use super::refused;
use crate::directories::FakeAnswer;

/// Requests by kind of endpoint and minute.
#[derive(Default)]
pub(super) struct Limits(BTreeMap<(String, i64), u32>);

/// What an answer says of its limit.
pub(super) struct Limit {
    most: u32,
    left: u32,
    reset: i64,
}

impl Limit {
    pub(super) fn on(&self, answer: FakeAnswer) -> FakeAnswer {
        answer
            .with("x-rate-limit-limit", self.most)
            .with("x-rate-limit-remaining", self.left)
            .with("x-rate-limit-reset", self.reset)
    }
}

impl Limits {
    /// Counts a request.
    pub(super) fn take(&mut self, kind: &str, most: u32, now: UnixMillis) -> Result<Limit, FakeAnswer> {
        let minute = now.0.div_euclid(MINUTE_MS);
        let count = self.0.entry((kind.to_owned(), minute)).or_default();
        *count += 1;
        let reset = (minute + 1) * MINUTE_MS / SECOND_MS;
        let limit = Limit { most, left: most.saturating_sub(*count), reset };
        if *count > most { Err(limit.on(too_many())) } else { Ok(limit) }
    }
}

fn too_many() -> FakeAnswer {
    refused(429, "E0000047", "API call exceeded rate limit due to too many requests.")
}

/// The refusal for too many requests at once: a limit of 0, and a reset that means nothing.
#[must_use]
pub fn too_many_at_once() -> FakeAnswer {
    too_many()
        .with("x-rate-limit-limit", 0)
        .with("x-rate-limit-remaining", 0)
        .with("x-rate-limit-reset", 4_102_444_800_i64)
}

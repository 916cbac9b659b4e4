//! Answers that are kept to ask whether they changed (RFC 9110 section 13.1.2). Only a saving: a lost one is asked
//! for in full.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use moka::sync::Cache;
use url::Url;

use super::request::ApiAnswer;

/// Bytes of kept answers of one client.
pub const CONDITIONAL_BYTES_MAX: u64 = 16 * 1_048_576;
/// Largest answer that is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 1_048_576;

pub(super) struct KeptAnswer {
    pub(super) etag: HeaderValue,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl KeptAnswer {
    /// The kept answer as if it came now: what it says of rate limits is new.
    pub(super) fn answer(&self, place: String, now: &HeaderMap) -> ApiAnswer {
        let mut headers = self.headers.clone();
        for (name, value) in now {
            headers.insert(name, value.clone());
        }
        ApiAnswer { status: 200, headers, body: self.body.clone(), place }
    }
}

pub(super) struct Kept(Cache<String, Arc<KeptAnswer>>);

impl Default for Kept {
    fn default() -> Self {
        let weigh = |url: &String, kept: &Arc<KeptAnswer>| {
            u32::try_from(url.len() + kept.body.len() + 1_024).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().weigher(weigh).max_capacity(CONDITIONAL_BYTES_MAX).build())
    }
}

impl Kept {
    pub(super) fn get(&self, url: &Url) -> Option<Arc<KeptAnswer>> {
        self.0.get(url.as_str())
    }

    pub(super) fn put(&self, url: &Url, answer: &ApiAnswer) {
        let Some(etag) = answer.headers.get(header::ETAG) else { return };
        if answer.body.len() <= ANSWER_BYTES_MAX {
            let kept =
                KeptAnswer { etag: etag.clone(), headers: answer.headers.clone(), body: answer.body.clone() };
            self.0.insert(url.as_str().to_owned(), Arc::new(kept));
        }
    }
}

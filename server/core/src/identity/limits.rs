//! Limits of attempts: counted in the store in windows of one minute, so that every node counts the same.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::RequestOrigin;
use crate::{
    ids::UserId,
    ports::{Store, StoreError, WriteTransaction},
    secret::SecretHash,
    time::{MINUTE_MS, UnixMillis},
};

/// Sign-in attempts a minute from one address; of IPv6 from one /64.
pub(super) const ATTEMPTS_PER_ADDRESS_MAX: i64 = 20;
/// Failed attempts a minute on one account from browsers it does not know, from each browser it knows, and on the
/// current password of one person.
pub(super) const FAILURES_PER_ACCOUNT_MAX: i64 = 5;
/// Groups of an IPv6 address that name a network: a /64 is one customer.
const IPV6_NETWORK_GROUPS: usize = 4;

/// What attempts are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bucket {
    name: String,
    limit: i64,
}

impl Bucket {
    /// Attempts from one address. Those without an address share a bucket.
    pub(super) fn address(origin: &RequestOrigin) -> Self {
        let network = origin.network();
        Self { name: format!("sign-in:address:{network}"), limit: ATTEMPTS_PER_ADDRESS_MAX }
    }

    /// Failures on an account from browsers it does not know, whether there is such an account or not.
    pub(super) fn account(email: &str) -> Self {
        let email = SecretHash::of(&email.to_ascii_lowercase());
        Self { name: format!("sign-in:account:{}", hex(&email)), limit: FAILURES_PER_ACCOUNT_MAX }
    }

    /// Failures on an account from one browser that has signed in to it before.
    pub(super) fn known_browser(user: &UserId, browser: &SecretHash) -> Self {
        Self { name: format!("sign-in:browser:{user}:{}", hex(browser)), limit: FAILURES_PER_ACCOUNT_MAX }
    }

    /// Failures on the current password of someone who is signed in.
    pub(super) fn current_password(user: &UserId) -> Self {
        Self { name: format!("password-change:{user}"), limit: FAILURES_PER_ACCOUNT_MAX }
    }

    /// Counts one more, inside a transaction.
    pub(super) async fn record(
        &self,
        tx: &mut dyn WriteTransaction,
        now: UnixMillis,
    ) -> Result<Count, StoreError> {
        Ok(self.judge(tx.attempt_record(&self.name, window_start(now)).await?))
    }

    fn judge(&self, count: i64) -> Count {
        match count {
            count if count <= self.limit => Count::Within,
            count if count == self.limit + 1 => Count::FirstBeyond,
            _ => Count::Beyond,
        }
    }
}

/// Where an attempt stands in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Within the limit.
    Within,
    /// The first that goes beyond; this one is audited.
    FirstBeyond,
    /// Beyond; refused without a trace in the store, so that a flood does not write.
    Beyond,
}

/// Whether a password may be checked.
#[derive(Debug)]
pub(super) enum Admission {
    /// Yes, while this is held.
    Admitted(Reservation),
    /// No: the limit is reached. The refusal is still to be counted, for the audit row of the first.
    LimitReached,
    /// No: the limit was exceeded before, or would be if every check under way failed.
    Beyond,
}

/// Counts attempts and knows those under way.
#[derive(Debug, Default)]
pub(super) struct AttemptLimits {
    under_way: Arc<Mutex<HashMap<String, i64>>>,
}

impl AttemptLimits {
    /// Whether attempts of this window were already too many. Reads only.
    pub(super) async fn is_beyond(
        &self,
        store: &dyn Store,
        bucket: &Bucket,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        Ok(store.read().await?.attempt_count(&bucket.name, window_start(now)).await? > bucket.limit)
    }

    /// Asks to check a password. Only failures are counted, and a check takes a while: those under way count as failures
    /// until they end, so that many at once are not more guesses than one after the other. Record the failure before
    /// the reservation is dropped.
    pub(super) async fn admit(
        &self,
        store: &dyn Store,
        bucket: &Bucket,
        now: UnixMillis,
    ) -> Result<Admission, StoreError> {
        let (reservation, under_way) = self.reserve(bucket);
        let failures = store.read().await?.attempt_count(&bucket.name, window_start(now)).await?;
        Ok(if failures.saturating_add(under_way) <= bucket.limit {
            Admission::Admitted(reservation)
        } else if failures == bucket.limit {
            Admission::LimitReached
        } else {
            Admission::Beyond
        })
    }

    /// The map holds no more buckets than there are requests under way, which the server bounds.
    fn reserve(&self, bucket: &Bucket) -> (Reservation, i64) {
        let mut buckets = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = buckets.entry(bucket.name.clone()).or_insert(0);
        *under_way += 1;
        let reservation = Reservation { under_way: Arc::clone(&self.under_way), bucket: bucket.name.clone() };
        (reservation, *under_way)
    }
}

/// A password check under way.
#[derive(Debug)]
pub(super) struct Reservation {
    under_way: Arc<Mutex<HashMap<String, i64>>>,
    bucket: String,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut buckets = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = buckets.get_mut(&self.bucket) {
            *under_way -= 1;
            if *under_way <= 0 {
                buckets.remove(&self.bucket);
            }
        }
    }
}

const fn window_start(now: UnixMillis) -> UnixMillis {
    UnixMillis(now.0 - now.0.rem_euclid(MINUTE_MS))
}

pub(super) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let groups = address.segments();
            let network: Vec<String> =
                groups.iter().take(IPV6_NETWORK_GROUPS).map(|group| format!("{group:x}")).collect();
            format!("{}::/64", network.join(":"))
        }
    }
}

fn hex(hash: &SecretHash) -> String {
    use std::fmt::Write as _;
    hash.0.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> String {
        let origin = RequestOrigin { address: Some(text.parse().unwrap()), ..RequestOrigin::default() };
        Bucket::address(&origin).name
    }

    #[test]
    fn an_ipv6_network_is_one_bucket() {
        assert_eq!(address("2001:db8:1:2:3:4:5:6"), address("2001:db8:1:2:ffff::1"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.7"), address("192.0.2.7"));
        assert_ne!(address("192.0.2.7"), address("192.0.2.8"));
    }

    #[test]
    fn accounts_are_counted_whatever_the_case() {
        assert_eq!(Bucket::account("Ada@Example.com"), Bucket::account("ada@example.com"));
        assert_ne!(Bucket::account("ada@example.com"), Bucket::account("eve@example.com"));
    }

    #[test]
    fn checks_under_way_are_forgotten_when_they_end() {
        let limits = AttemptLimits::default();
        let bucket = Bucket::account("ada@example.com");
        let (first, one) = limits.reserve(&bucket);
        let (second, two) = limits.reserve(&bucket);
        assert_eq!((one, two), (1, 2));
        drop((first, second));
        assert!(limits.under_way.lock().unwrap().is_empty());
    }

    #[test]
    fn windows_start_at_whole_minutes() {
        assert_eq!(window_start(UnixMillis(MINUTE_MS + 59_999)), UnixMillis(MINUTE_MS));
        assert_eq!(window_start(UnixMillis(2 * MINUTE_MS)), UnixMillis(2 * MINUTE_MS));
    }
}

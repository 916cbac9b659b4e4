//! Password hashing: argon2id, off the async threads, bounded in number.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, phc},
};
use portal_model::ErrorCode;
use tokio::sync::Semaphore;

use super::{IdentityError, PasswordHash};
use crate::{ports::Rng, secret::Secret};

/// Memory of one hash, in KiB: 19 MiB, as OWASP recommends for argon2id with two passes.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Bytes of salt.
const SALT_BYTES: usize = 16;

/// Most hashes computed at once, whatever the number of processors.
const HASHES_AT_ONCE_MAX: usize = 4;
/// Most hashes computed or waited for, for anyone.
const HASHES_QUEUED_MAX: usize = 32;
/// Places beyond [`HASHES_QUEUED_MAX`] for people who have proved something already: a known browser, a session, a link.
const HASHES_RESERVED: usize = 16;
/// Longest password that is compared, in bytes; what is longer cannot be anyone's.
const PASSWORD_BYTES_MAX: usize = 1_024;

/// Stands in where there is no password, so that the time taken does not tell. Of the parameters above; fits no password.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0IDE2$bm9ib2R5cyBoYXNoLCB3aGljaCBmaXRzIG5vdGhpbmc";

/// Who waits for a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Someone unknown.
    Anyone,
    /// Someone who has proved something already.
    Known,
}

/// Why a hash was not computed.
#[derive(Debug)]
pub(super) enum HashError {
    /// Too many wait already.
    Busy,
    /// A fault of ours.
    Failed(String),
}

impl From<HashError> for IdentityError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Refused(ErrorCode::TooManyAttempts.into()),
            HashError::Failed(reason) => Self::Internal(reason),
        }
    }
}

impl From<password_hash::Error> for HashError {
    fn from(error: password_hash::Error) -> Self {
        Self::Failed(format!("argon2: {error}"))
    }
}

/// Computes and checks password hashes.
pub(super) struct PasswordHasher {
    rng: Arc<dyn Rng>,
    running: Arc<Semaphore>,
    queued: AtomicUsize,
}

impl PasswordHasher {
    pub(super) fn new(rng: Arc<dyn Rng>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            rng,
            running: Arc::new(Semaphore::new(processors.min(HASHES_AT_ONCE_MAX))),
            queued: AtomicUsize::new(0),
        }
    }

    /// The hash of a password, with a new salt.
    pub(super) async fn hash(&self, password: &Secret, urgency: Urgency) -> Result<PasswordHash, HashError> {
        let mut salt = [0_u8; SALT_BYTES];
        self.rng.fill(&mut salt);
        let password = password.clone();
        self.run(urgency, move || {
            let hash = argon2id()?.hash_password_with_salt(password.expose().as_bytes(), &salt)?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    /// Whether a password fits a hash. Takes as long, and answers no, where there is no hash.
    pub(super) async fn verify(
        &self,
        password: &Secret,
        hash: Option<&PasswordHash>,
        urgency: Urgency,
    ) -> Result<bool, HashError> {
        let comparable = password.expose().len() <= PASSWORD_BYTES_MAX;
        let hash = hash.filter(|_| comparable).cloned();
        let password = if comparable { password.clone() } else { Secret::new("") };
        self.run(urgency, move || {
            let text = hash.as_ref().map_or(NOBODYS_HASH, |hash| hash.0.as_str());
            match argon2id()?.verify_password(password.expose().as_bytes(), text) {
                Ok(()) => Ok(hash.is_some()),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        urgency: Urgency,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let _place = Place::take(&self.queued, urgency).ok_or(HashError::Busy)?;
        let closed = |_| HashError::Failed("hashing has stopped".to_owned());
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(closed)?;
        // The permit goes with the work: a caller who hangs up does not make room for one more hash.
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        work.await.map_err(|error| HashError::Failed(format!("hashing: {error}")))?
    }
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(queued: &'a AtomicUsize, urgency: Urgency) -> Option<Self> {
        let most = match urgency {
            Urgency::Anyone => HASHES_QUEUED_MAX,
            Urgency::Known => HASHES_QUEUED_MAX + HASHES_RESERVED,
        };
        queued
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |queued| (queued < most).then_some(queued + 1))
            .ok()
            .map(|_| Self(queued))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether a hash was made with other parameters than those in force, so that it should be made anew.
pub(super) fn hash_is_outdated(hash: &PasswordHash) -> bool {
    phc::PasswordHash::new(&hash.0).map_or(true, |hash| {
        hash.algorithm.as_str() != Algorithm::Argon2id.as_str()
            || hash.params.get_decimal("m") != Some(MEMORY_KIB)
            || hash.params.get_decimal("t") != Some(PASSES)
            || hash.params.get_decimal("p") != Some(LANES)
    })
}

fn argon2id() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| HashError::Failed(format!("argon2 parameters: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(Arc::new(Zeros))
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let hasher = hasher();
        let hash = hasher.hash(&Secret::new("tangerine bicycle"), Urgency::Anyone).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(!hash_is_outdated(&hash));
        let verify =
            async |text: &str| hasher.verify(&Secret::new(text), Some(&hash), Urgency::Anyone).await.unwrap();
        assert!(verify("tangerine bicycle").await);
        assert!(!verify("tangerine bicycles").await);
        assert!(!verify(&"x".repeat(2_000)).await);
    }

    #[tokio::test]
    async fn nobodys_hash_costs_the_same_and_fits_nothing() {
        assert!(!hash_is_outdated(&PasswordHash(NOBODYS_HASH.to_owned())));
        assert!(!hasher().verify(&Secret::new(""), None, Urgency::Anyone).await.unwrap());
    }

    #[test]
    fn weaker_hashes_are_outdated() {
        let weaker = NOBODYS_HASH.replace("m=19456", "m=4096");
        assert!(hash_is_outdated(&PasswordHash(weaker)));
        assert!(hash_is_outdated(&PasswordHash("plain".to_owned())));
    }

    #[test]
    fn the_queue_is_bounded_and_keeps_places_for_known_people() {
        let queued = AtomicUsize::new(0);
        let places: Vec<_> =
            (0..HASHES_QUEUED_MAX).map(|_| Place::take(&queued, Urgency::Anyone).unwrap()).collect();
        assert!(Place::take(&queued, Urgency::Anyone).is_none());
        assert!(Place::take(&queued, Urgency::Known).is_some());
        drop(places);
        assert!(Place::take(&queued, Urgency::Anyone).is_some());
        assert_eq!(queued.load(Ordering::Acquire), 0);
    }
}

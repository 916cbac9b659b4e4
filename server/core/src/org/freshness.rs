//! Freshness: how old a provider's word may be, and what happens when it is older.
//!
//! The watermark of a provider is when its last complete run began. Beyond the limit admins choose: be told, or let
//! nobody of that provider get a new session or token until it has been read again. What is out already runs to its end.
//! Local admins are let in whatever the directories say of themselves, so that someone can mend it.

use portal_model::{provider_settings::WhenStale, settings::Settings};
use serde::Serialize;

use super::{
    IdentityKey, Person, ProviderId,
    people::{account_identity, provider_options},
};
use crate::{
    identity::{LOCAL_PROVIDER, User},
    ports::{ReadTransaction, StoreError},
    services::{Dependencies, Directory},
    time::{HOUR_MS, UnixMillis},
};

/// When someone who was kept out may ask again, in seconds.
pub const STALE_RETRY_AFTER_SECONDS: u64 = 300;

/// How old a provider's word is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderFreshness {
    /// The provider.
    pub provider: ProviderId,
    /// How people call it.
    pub title: String,
    /// When its last complete run began; `None` before the first.
    pub watermark: Option<UnixMillis>,
    /// How old that may be, in hours.
    pub freshness_hours: u16,
    /// What happens beyond.
    pub when_stale: WhenStale,
    /// Whether it is older, or there was none.
    pub stale: bool,
}

impl ProviderFreshness {
    /// How old the provider's word is, in milliseconds; `None` before the first complete run.
    #[must_use]
    pub fn age_ms(&self, now: UnixMillis) -> Option<i64> {
        self.watermark.map(|watermark| now.since(watermark).max(0))
    }

    /// Whether its people get nothing new.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.stale && self.when_stale == WhenStale::Refuse
    }

    /// What those are told who are kept out: why, and whom to ask. ASCII without quotes, as RFC 6749 section 5.2 wants it.
    #[must_use]
    pub fn words(&self) -> String {
        let name: String =
            self.title.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == ' ').collect();
        let last = self
            .watermark
            .map_or_else(|| "never".to_owned(), |watermark| format!("on {}", watermark.rfc3339()));
        format!(
            "Portal has last read the people of {name} completely {last}; it must not be longer ago than {} hours. \
            Nobody of {name} gets a new session meanwhile. Try again later, or ask an admin of Portal",
            self.freshness_hours
        )
    }
}

/// How old the word of one provider is; of one that the configuration does not name (any more), that there is none.
///
/// # Errors
/// The store failed.
pub async fn provider_freshness(
    store: &mut dyn ReadTransaction,
    directories: &[Directory],
    settings: &Settings,
    provider: &ProviderId,
    now: UnixMillis,
) -> Result<ProviderFreshness, StoreError> {
    let chosen = settings.provider(provider.as_str());
    let Some(options) = provider_options(directories, provider) else {
        return Ok(ProviderFreshness {
            provider: provider.clone(),
            title: provider.to_string(),
            watermark: None,
            freshness_hours: chosen.freshness_hours,
            // Nobody vouches for these people any more.
            when_stale: WhenStale::Refuse,
            stale: true,
        });
    };
    let watermark = store.directory_provider(provider).await?.and_then(|state| state.watermark);
    let limit_ms = i64::from(chosen.freshness_hours) * HOUR_MS;
    Ok(ProviderFreshness {
        provider: provider.clone(),
        title: options.title.clone(),
        watermark,
        freshness_hours: chosen.freshness_hours,
        when_stale: chosen.when_stale,
        stale: watermark.is_none_or(|watermark| now.since(watermark) > limit_ms),
    })
}

/// The provider because of which an account gets nothing new at present; `None` when it may.
///
/// # Errors
/// The store failed.
pub async fn account_gate(
    store: &mut dyn ReadTransaction,
    directories: &[Directory],
    settings: &Settings,
    user: &User,
    now: UnixMillis,
) -> Result<Option<ProviderFreshness>, StoreError> {
    let local = user.provider == LOCAL_PROVIDER;
    if local && (user.admin || directories.is_empty()) {
        return Ok(None);
    }
    match account_identity(store, user).await? {
        Some(key) => identity_gate(store, directories, settings, &key, now).await,
        None => Ok(None),
    }
}

/// The provider because of which this person gets nothing new at present: the one that is asked, or any other that knows
/// the person and whose word counts by itself.
///
/// # Errors
/// The store failed.
pub async fn identity_gate(
    store: &mut dyn ReadTransaction,
    directories: &[Directory],
    settings: &Settings,
    key: &IdentityKey,
    now: UnixMillis,
) -> Result<Option<ProviderFreshness>, StoreError> {
    let mut asked = vec![key.provider.clone()];
    if let Some(person) = Person::find(store, directories, key).await? {
        for identity in person.identities() {
            let provider = &identity.key.provider;
            let counts = provider_options(directories, provider).is_some_and(|options| options.authoritative);
            if counts && !asked.contains(provider) {
                asked.push(provider.clone());
            }
        }
    }
    for provider in asked {
        let freshness = provider_freshness(store, directories, settings, &provider, now).await?;
        if freshness.refuses() {
            return Ok(Some(freshness));
        }
    }
    Ok(None)
}

/// How old the word of every provider is, in the order of the configuration.
///
/// # Errors
/// The store failed.
pub async fn freshness_list(
    dependencies: &Dependencies,
    settings: &Settings,
) -> Result<Vec<ProviderFreshness>, StoreError> {
    let now = dependencies.clock.now();
    let mut store = dependencies.store.read().await?;
    let mut found = Vec::with_capacity(dependencies.directories.len());
    for directory in dependencies.directories.iter() {
        let id = &directory.options.id;
        found.push(provider_freshness(store.as_mut(), &dependencies.directories, settings, id, now).await?);
    }
    Ok(found)
}

//! Whether someone whom a provider vouches for may sign in, and as whom.

use std::sync::Arc;

use portal_model::{EntityRef, settings::Settings};

use super::{
    IdentityKey, Person, admins,
    freshness::{ProviderFreshness, identity_gate},
    people::{RefHolder, provider_options, ref_holder},
};
use crate::{
    ports::{ReadTransaction, StoreError},
    services::Directory,
    time::UnixMillis,
};

/// Whether someone may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInStanding {
    /// Yes, as this person.
    Active(KnownPerson),
    /// A directory says that they are suspended, left out or gone.
    Suspended {
        /// `suspended`, `gone` and so on.
        reason: &'static str,
        /// Whether the directory itself said so, rather than Portal's filters.
        explicit: bool,
    },
    /// No directory knows them.
    Unknown,
    /// Somebody else has their reference, and had it first.
    Conflict(RefHolder),
    /// The directory has not been read for too long.
    Stale(ProviderFreshness),
}

/// Someone who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPerson {
    /// The identity with which they sign in: provider and subject of their account.
    pub key: IdentityKey,
    /// The user entity that they are.
    pub entity_ref: EntityRef,
    /// The e-mail address as the directory has it.
    pub email: Option<String>,
    /// The name shown; never empty.
    pub display_name: String,
    /// Whether a group of the provider makes them an admin.
    pub admin_by_group: bool,
}

/// Whether someone may sign in, by everything that is known at this moment.
///
/// # Errors
/// The store failed.
pub async fn sign_in_standing(
    store: &mut dyn ReadTransaction,
    directories: &[Directory],
    settings: &Settings,
    key: &IdentityKey,
    now: UnixMillis,
) -> Result<SignInStanding, StoreError> {
    let Some(person) = Person::find(store, directories, key).await? else {
        // Whoever is new there is only known once it has been read again.
        let stale = identity_gate(store, directories, settings, key, now).await?;
        return Ok(stale.map_or(SignInStanding::Unknown, SignInStanding::Stale));
    };
    if let Some(refusal) = person.refusal(directories) {
        let (reason, explicit) = (refusal.standing.as_str(), refusal.standing.is_explicit());
        return Ok(SignInStanding::Suspended { reason, explicit });
    }
    if let Some(stale) = identity_gate(store, directories, settings, key, now).await? {
        return Ok(SignInStanding::Stale(stale));
    }
    if let Some(holder) = ref_holder(store, &person).await? {
        return Ok(SignInStanding::Conflict(holder));
    }
    Ok(known(store, directories, settings, key, &person)
        .await?
        .map_or(SignInStanding::Unknown, SignInStanding::Active))
}

async fn known(
    store: &mut dyn ReadTransaction,
    directories: &[Directory],
    settings: &Settings,
    key: &IdentityKey,
    person: &Arc<Person>,
) -> Result<Option<KnownPerson>, StoreError> {
    let (Some(identity), Some(options)) =
        (person.identity(key), provider_options(directories, &key.provider))
    else {
        return Ok(None);
    };
    let name = identity.display_name.clone().filter(|name| !name.trim().is_empty());
    Ok(Some(KnownPerson {
        key: key.clone(),
        entity_ref: person.entity_ref().clone(),
        email: identity.email.as_ref().map(|email| email.address.clone()),
        display_name: name.unwrap_or_else(|| identity.login.clone()),
        admin_by_group: admins::is_member(store, options, settings, &key.subject).await?,
    }))
}

//! People: everything that all providers say about one person, and what follows from it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use portal_model::EntityRef;

use super::{DirectoryIdentity, IdentityKey, ProviderId, ProviderOptions, Subject};
use crate::{
    identity::{LOCAL_PROVIDER, User, local_location_id},
    ids::LocationId,
    ingestion::Target,
    ports::{ReadTransaction, StoreError, store::IDENTITY_BATCH_MAX},
    services::Directory,
    time::UnixMillis,
};

/// What the configuration says of a provider; `None` for one that it does not name (any more).
#[must_use]
pub fn provider_options<'all>(
    directories: &'all [Directory],
    provider: &ProviderId,
) -> Option<&'all ProviderOptions> {
    directories.iter().map(|directory| &directory.options).find(|options| options.id == *provider)
}

/// One person: an identity, and those of other providers that are linked to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The identity whose entity stands for all.
    root: DirectoryIdentity,
    /// Those that are linked to it, by provider and subject.
    linked: Vec<DirectoryIdentity>,
}

impl Person {
    /// The person that this identity belongs to; `None` for an identity that Portal has never seen.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(
        store: &mut dyn ReadTransaction,
        directories: &[Directory],
        key: &IdentityKey,
    ) -> Result<Option<Arc<Self>>, StoreError> {
        Ok(Self::find_all(store, directories, std::slice::from_ref(key)).await?.remove(key))
    }

    /// The people that these identities belong to, by identity. Identities that Portal has never seen are left out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find_all(
        store: &mut dyn ReadTransaction,
        directories: &[Directory],
        keys: &[IdentityKey],
    ) -> Result<HashMap<IdentityKey, Arc<Self>>, StoreError> {
        let mut known: BTreeMap<IdentityKey, DirectoryIdentity> = BTreeMap::new();
        load(store, &mut known, keys.iter().cloned()).await?;
        let linking = directories.iter().any(|directory| directory.options.link.is_some())
            || known.values().any(|identity| identity.link.is_some());
        if linking {
            let roots: Vec<IdentityKey> =
                known.values().filter_map(|identity| identity.link.clone()).collect();
            load(store, &mut known, roots.into_iter()).await?;
            let roots =
                by_provider(known.values().filter(|row| row.link.is_none()).map(|row| row.key.clone()));
            for (provider, subjects) in roots {
                for subjects in subjects.chunks(IDENTITY_BATCH_MAX) {
                    for identity in store.identity_list_linked(&provider, subjects).await? {
                        known.insert(identity.key.clone(), identity);
                    }
                }
            }
        }
        Ok(grouped(&known))
    }

    /// What each provider says, the one whose entity stands for all first.
    pub fn identities(&self) -> impl Iterator<Item = &DirectoryIdentity> {
        std::iter::once(&self.root).chain(&self.linked)
    }

    /// What one provider says.
    #[must_use]
    pub fn identity(&self, key: &IdentityKey) -> Option<&DirectoryIdentity> {
        self.identities().find(|identity| identity.key == *key)
    }

    /// The user entity that the person is: that of the provider they are linked to, as long as it knows them.
    #[must_use]
    pub fn entity_ref(&self) -> &EntityRef {
        let active = self.identities().find(|identity| identity.standing.is_active());
        &active.unwrap_or(&self.root).entity_ref
    }

    /// The identity because of which the person is refused: one that is not active, of a provider whose word counts by
    /// itself; or any when no provider says that they are active. `None` for someone who may go on, and for someone whom
    /// only providers know that the configuration does not name any more.
    #[must_use]
    pub fn refusal(&self, directories: &[Directory]) -> Option<&DirectoryIdentity> {
        let mut configured = self
            .identities()
            .filter_map(|identity| Some((identity, provider_options(directories, &identity.key.provider)?)))
            .peekable();
        configured.peek()?;
        let configured: Vec<_> = configured.collect();
        let inactive = || configured.iter().filter(|(identity, _)| !identity.standing.is_active());
        // That the catalog could not take an entity says nothing about the person.
        let said = |identity: &DirectoryIdentity| !identity.standing.is_rejected();
        let decisive = inactive().find(|(identity, options)| options.authoritative && said(identity));
        if configured.iter().any(|(identity, _)| identity.standing.is_active()) {
            return decisive.map(|(identity, _)| *identity);
        }
        decisive.or_else(|| inactive().next()).map(|(identity, _)| *identity)
    }
}

/// Who else has the reference of a person, and had it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefHolder {
    /// Someone whom another provider knows.
    Person(IdentityKey),
    /// A local account whose entity Portal made itself.
    LocalAccount,
}

/// Who else has the person's reference and stands before them: the location of their provider is the older one, so
/// that the entity is theirs. `None` when the reference is the person's own.
///
/// # Errors
/// The store failed.
pub async fn ref_holder(
    store: &mut dyn ReadTransaction,
    person: &Person,
) -> Result<Option<RefHolder>, StoreError> {
    let entity_ref = person.entity_ref();
    let others = store.identity_list_by_refs(std::slice::from_ref(entity_ref)).await?;
    let ours: BTreeSet<ProviderId> =
        person.identities().map(|identity| identity.key.provider.clone()).collect();
    let mut oldest: Option<(Age, &DirectoryIdentity)> = None;
    let own_age = age(store, &person.root.key.provider).await?;
    for other in &others {
        let rival =
            other.standing.is_active() && other.link.is_none() && person.identity(&other.key).is_none();
        if !rival || ours.contains(&other.key.provider) {
            continue;
        }
        let Some(other_age) = age(store, &other.key.provider).await? else { continue };
        if oldest.as_ref().is_none_or(|(age, _)| other_age < *age) {
            oldest = Some((other_age, other));
        }
    }
    if let Some((other_age, other)) = oldest
        && own_age.is_none_or(|own| other_age < own)
    {
        return Ok(Some(RefHolder::Person(other.key.clone())));
    }
    if store.entity_location(entity_ref).await? == Some(local_location_id()) {
        return Ok(Some(RefHolder::LocalAccount));
    }
    Ok(None)
}

/// By what locations are compared: the older one wins.
type Age = (UnixMillis, LocationId);

async fn age(store: &mut dyn ReadTransaction, provider: &ProviderId) -> Result<Option<Age>, StoreError> {
    let id = Target::Provider(provider.as_str().to_owned()).location_id();
    Ok(store.location_by_id(&id).await?.map(|location| (location.created_at, location.id)))
}

async fn load(
    store: &mut dyn ReadTransaction,
    known: &mut BTreeMap<IdentityKey, DirectoryIdentity>,
    keys: impl Iterator<Item = IdentityKey>,
) -> Result<(), StoreError> {
    let missing: Vec<IdentityKey> = keys.filter(|key| !known.contains_key(key)).collect();
    for (provider, subjects) in by_provider(missing.into_iter()) {
        for subjects in subjects.chunks(IDENTITY_BATCH_MAX) {
            for identity in store.identity_list(&provider, subjects).await? {
                known.insert(identity.key.clone(), identity);
            }
        }
    }
    Ok(())
}

/// Subjects by their provider, no twins.
pub(super) fn by_provider(keys: impl Iterator<Item = IdentityKey>) -> BTreeMap<ProviderId, Vec<Subject>> {
    let keys: BTreeSet<IdentityKey> = keys.collect();
    let mut providers: BTreeMap<ProviderId, Vec<Subject>> = BTreeMap::new();
    for key in keys {
        providers.entry(key.provider).or_default().push(key.subject);
    }
    providers
}

fn grouped(known: &BTreeMap<IdentityKey, DirectoryIdentity>) -> HashMap<IdentityKey, Arc<Person>> {
    let mut people: BTreeMap<IdentityKey, Vec<DirectoryIdentity>> = BTreeMap::new();
    for identity in known.values() {
        // A link to someone of whom nothing is known any more stands for nobody.
        let root = identity.link.as_ref().filter(|link| known.contains_key(link)).unwrap_or(&identity.key);
        people.entry(root.clone()).or_default().push(identity.clone());
    }
    let mut found = HashMap::new();
    for (root, mut identities) in people {
        let Some(position) = identities.iter().position(|identity| identity.key == root) else { continue };
        let person = Arc::new(Person { root: identities.remove(position), linked: identities });
        for identity in person.identities() {
            found.insert(identity.key.clone(), Arc::clone(&person));
        }
    }
    found
}

/// The identity that an account belongs to: its own, of a provider; of a local account the person whose entity it is tied
/// to. `None` for local accounts of nobody whom a directory knows.
///
/// # Errors
/// The store failed.
pub async fn account_identity(
    store: &mut dyn ReadTransaction,
    user: &User,
) -> Result<Option<IdentityKey>, StoreError> {
    if user.provider == LOCAL_PROVIDER {
        return store.account_person(&user.id).await;
    }
    let provider = ProviderId::parse(&user.provider)
        .map_err(|_| StoreError::Inconsistent("an account has a provider that cannot be one".to_owned()))?;
    Ok(Some(IdentityKey { provider, subject: Subject(user.subject.clone()) }))
}

/// Whether a directory says that the account's person may not go on.
///
/// # Errors
/// The store failed.
pub async fn user_refusal(
    store: &mut dyn ReadTransaction,
    directories: &[Directory],
    user: &User,
) -> Result<bool, StoreError> {
    let Some(key) = account_identity(store, user).await? else { return Ok(false) };
    let person = Person::find(store, directories, &key).await?;
    Ok(person.is_some_and(|person| person.refusal(directories).is_some()))
}

/// The person of a directory who has this reference now; `None` when nobody has, when several have, or when the entity
/// is one that Portal made for a local account.
///
/// # Errors
/// The store failed.
pub async fn person_at(
    store: &mut dyn ReadTransaction,
    entity_ref: &EntityRef,
) -> Result<Option<IdentityKey>, StoreError> {
    let found = store.identity_list_by_refs(std::slice::from_ref(entity_ref)).await?;
    let mut holders =
        found.into_iter().filter(|identity| identity.standing.is_active() && identity.link.is_none());
    let (Some(holder), None) = (holders.next(), holders.next()) else { return Ok(None) };
    if store.entity_location(entity_ref).await? == Some(local_location_id()) {
        return Ok(None);
    }
    Ok(Some(holder.key))
}

//! Links: people of one provider who are recognised as people of another, by the explicit rule of the configuration.
//!
//! A link is made where the rule finds exactly one person on each side; two candidates are a conflict, and nobody is
//! linked. Once made it stays while the person it leads to is suspended or gone, whatever becomes of their address:
//! a leaver does not come free by losing it. It ends when the rule does not hold between two people who are there, and
//! then everything that was issued under it ends too.

use std::collections::{BTreeMap, HashMap};

use portal_model::EntityRef;

use super::{
    DirectoryIdentity, IdentityKey, IdentityStanding, LinkRule, Person, ProviderId, ProviderOptions,
    StandingContext, Subject, rows::PersonRow,
};
use crate::{
    ports::{ReadTransaction, StoreError, WriteTransaction, store::IDENTITY_BATCH_MAX},
    services::Directory,
    time::UnixMillis,
};

/// A link that was made, moved or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relinked {
    /// Who is linked.
    pub key: IdentityKey,
    /// Whether they were linked to someone else before, so that nothing may go over.
    pub severed: bool,
}

/// A rule, and whose people it is about.
#[derive(Clone, Copy)]
pub(super) struct Rule<'rules> {
    pub from: &'rules ProviderId,
    pub link: &'rules LinkRule,
}

/// Every rule of the configuration.
pub(super) fn rules(directories: &[Directory]) -> impl Iterator<Item = Rule<'_>> {
    directories.iter().filter_map(|Directory { options, .. }| {
        options.link.as_ref().map(|link| Rule { from: &options.id, link })
    })
}

impl Rule<'_> {
    /// By what this identity is recognised.
    pub fn value(&self, identity: &DirectoryIdentity) -> Option<String> {
        match self.link {
            LinkRule::VerifiedEmail { .. } => identity.verified_email_key(),
            LinkRule::Annotation { key, .. } => identity.annotations.get(key).cloned(),
        }
        .filter(|value| !value.trim().is_empty())
    }

    /// The people of a provider whom these values mean, by value; not those who have gone.
    pub async fn candidates(
        &self,
        store: &mut dyn ReadTransaction,
        provider: &ProviderId,
        values: &[String],
    ) -> Result<BTreeMap<String, Vec<DirectoryIdentity>>, StoreError> {
        let mut found: BTreeMap<String, Vec<DirectoryIdentity>> = BTreeMap::new();
        for values in values.chunks(IDENTITY_BATCH_MAX) {
            let identities = match self.link {
                LinkRule::VerifiedEmail { .. } => store.identity_list_by_emails(provider, values).await?,
                LinkRule::Annotation { key, .. } => {
                    store.identity_list_by_keys(provider, key, values).await?
                }
            };
            for identity in identities {
                if let Some(value) = self.value(&identity) {
                    found.entry(value).or_default().push(identity);
                }
            }
        }
        Ok(found)
    }
}

/// Brings links up to date after these identities of a provider were written.
///
/// # Errors
/// The store failed.
pub(super) async fn update(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    written: &[DirectoryIdentity],
) -> Result<Vec<Relinked>, StoreError> {
    let own = &context.provider.id;
    let mut relinked = Vec::new();
    for rule in rules(context.directories).filter(|rule| rule.from == own || rule.link.to() == own) {
        if let LinkRule::Annotation { key, .. } = rule.link {
            write_keys(context, tx, written, key).await?;
        }
        let mut people: BTreeMap<IdentityKey, DirectoryIdentity> = BTreeMap::new();
        if rule.from == own {
            people.extend(written.iter().map(|identity| (identity.key.clone(), identity.clone())));
        } else {
            let values: Vec<String> = written.iter().filter_map(|identity| rule.value(identity)).collect();
            let found = rule.candidates(&mut *tx, rule.from, &values).await?;
            let subjects: Vec<Subject> =
                written.iter().map(|identity| identity.key.subject.clone()).collect();
            let linked = tx.identity_list_linked(own, &subjects).await?;
            people.extend(
                found.into_values().flatten().chain(linked).map(|identity| (identity.key.clone(), identity)),
            );
        }
        relinked.extend(evaluate(tx, rule, people.into_values().collect()).await?);
    }
    Ok(relinked)
}

/// The user entities that people of a provider are by its link rule: those of the other provider, where that one knows
/// them and they are in the catalog. Whoever is not in the answer has an entity of their own. For the composition of a
/// run, before its people are published.
///
/// # Errors
/// The store failed.
pub async fn linked_entities(
    store: &mut dyn ReadTransaction,
    directories: &[Directory],
    options: &ProviderOptions,
    people: &[PersonRow],
) -> Result<HashMap<Subject, EntityRef>, StoreError> {
    let Some(link) = &options.link else { return Ok(HashMap::new()) };
    let rule = Rule { from: &options.id, link };
    let now = UnixMillis::default();
    let mut found = HashMap::new();
    for rows in people.chunks(IDENTITY_BATCH_MAX) {
        let subjects: Vec<Subject> = rows.iter().map(|row| row.person.subject.clone()).collect();
        let known: HashMap<Subject, DirectoryIdentity> = store
            .identity_list(&options.id, &subjects)
            .await?
            .into_iter()
            .map(|identity| (identity.key.subject.clone(), identity))
            .collect();
        let mut asked = Vec::with_capacity(rows.len());
        for PersonRow { person, entity_ref, standing, .. } in rows {
            let mut identity = known.get(&person.subject).cloned().unwrap_or_else(|| {
                let key = IdentityKey { provider: options.id.clone(), subject: person.subject.clone() };
                DirectoryIdentity::new(key, entity_ref.clone(), IdentityStanding::from(standing), now)
            });
            identity.describe(person);
            asked.push(identity);
        }
        let links = judged(store, rule, asked).await?;
        let roots: Vec<IdentityKey> = links.values().cloned().collect();
        let persons = Person::find_all(store, directories, &roots).await?;
        for (subject, root) in links {
            let root = persons.get(&root).and_then(|person| person.identity(&root));
            if let Some(root) = root.filter(|root| root.standing.is_active()) {
                found.insert(subject, root.entity_ref.clone());
            }
        }
    }
    Ok(found)
}

/// The links as they will be, of those who will have one.
async fn judged(
    store: &mut dyn ReadTransaction,
    rule: Rule<'_>,
    people: Vec<DirectoryIdentity>,
) -> Result<HashMap<Subject, IdentityKey>, StoreError> {
    let values: Vec<String> = people.iter().filter_map(|identity| rule.value(identity)).collect();
    let targets = rule.candidates(store, rule.link.to(), &values).await?;
    let sources = rule.candidates(store, rule.from, &values).await?;
    let present = linked_targets(store, rule, &people).await?;
    let mut found = HashMap::new();
    for identity in &people {
        let value = rule.value(identity);
        let twins = |known: &&DirectoryIdentity| known.key != identity.key;
        let others = value.as_ref().and_then(|value| sources.get(value)).into_iter().flatten().filter(twins);
        let together = people.iter().filter(twins).filter(|other| rule.value(other) == value);
        let alone = others.chain(together).next().is_none();
        let candidate = match value.as_ref().and_then(|value| targets.get(value)).map(Vec::as_slice) {
            Some([one]) if alone => Some(one.key.clone()),
            _ => None,
        };
        let current = identity.link.as_ref().and_then(|link| present.get(&link.subject));
        if let Some(link) = decide(rule, identity, current, candidate) {
            found.insert(identity.key.subject.clone(), link);
        }
    }
    Ok(found)
}

/// Keeps the values of annotations by which people are recognised.
async fn write_keys(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    written: &[DirectoryIdentity],
    key: &str,
) -> Result<(), StoreError> {
    let wanted: Vec<&str> = rules(context.directories)
        .filter_map(|rule| match rule.link {
            LinkRule::Annotation { key, .. } => Some(key.as_str()),
            LinkRule::VerifiedEmail { .. } => None,
        })
        .collect();
    debug_assert!(wanted.contains(&key));
    for identity in written {
        let of = |key: &&str| Some(((*key).to_owned(), identity.annotations.get(*key)?.clone()));
        let keys: Vec<(String, String)> = wanted.iter().filter_map(of).collect();
        tx.identity_put_keys(&identity.key, &keys).await?;
    }
    Ok(())
}

async fn evaluate(
    tx: &mut dyn WriteTransaction,
    rule: Rule<'_>,
    people: Vec<DirectoryIdentity>,
) -> Result<Vec<Relinked>, StoreError> {
    let values: Vec<String> = people.iter().filter_map(|identity| rule.value(identity)).collect();
    let sources = rule.candidates(&mut *tx, rule.from, &values).await?;
    let targets = rule.candidates(&mut *tx, rule.link.to(), &values).await?;
    let present = linked_targets(&mut *tx, rule, &people).await?;
    let mut relinked = Vec::new();
    for mut identity in people {
        let value = rule.value(&identity);
        let only = |found: &BTreeMap<String, Vec<DirectoryIdentity>>| match value
            .as_ref()
            .and_then(|value| found.get(value))
            .map(Vec::as_slice)
        {
            Some([one]) => Some(one.key.clone()),
            _ => None,
        };
        let candidate = only(&sources).and_then(|_| only(&targets));
        let current = identity.link.as_ref().and_then(|link| present.get(&link.subject));
        let link = decide(rule, &identity, current, candidate);
        if link == identity.link {
            continue;
        }
        relinked.push(Relinked { key: identity.key.clone(), severed: identity.link.is_some() });
        identity.link = link;
        tx.identity_put(&[identity]).await?;
    }
    Ok(relinked)
}

/// The link as it shall be.
fn decide(
    rule: Rule<'_>,
    identity: &DirectoryIdentity,
    current: Option<&DirectoryIdentity>,
    candidate: Option<IdentityKey>,
) -> Option<IdentityKey> {
    let as_it_is = || identity.link.clone();
    if identity.standing == IdentityStanding::Gone {
        return as_it_is();
    }
    let Some(current) = current else { return candidate };
    let holds = rule.value(identity).is_some() && rule.value(identity) == rule.value(current);
    match &current.standing {
        // The same person, as before; a second candidate is a conflict, no reason to take the link away.
        IdentityStanding::Active if holds => as_it_is(),
        IdentityStanding::Active => candidate,
        IdentityStanding::Excluded(_) => as_it_is(),
        // Whoever has come back under another id is found by the rule, and inherits nothing.
        IdentityStanding::Gone => candidate.or_else(as_it_is),
    }
}

async fn linked_targets(
    store: &mut dyn ReadTransaction,
    rule: Rule<'_>,
    people: &[DirectoryIdentity],
) -> Result<HashMap<Subject, DirectoryIdentity>, StoreError> {
    let linked = people.iter().filter_map(|identity| identity.link.as_ref());
    let subjects: Vec<Subject> =
        linked.filter(|link| link.provider == *rule.link.to()).map(|link| link.subject.clone()).collect();
    let mut found = HashMap::new();
    for subjects in subjects.chunks(IDENTITY_BATCH_MAX) {
        for identity in store.identity_list(rule.link.to(), subjects).await? {
            found.insert(identity.key.subject.clone(), identity);
        }
    }
    Ok(found)
}

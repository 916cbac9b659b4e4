//! Links: people of one provider who are recognised as people of another, by the explicit rule of the configuration.
//!
//! A link is made where the rule finds exactly one person on each side; two candidates are a conflict, and nobody is
//! linked. Once made it stays while the person it leads to is suspended or gone, whatever becomes of their address:
//! a leaver does not come free by losing it. It ends when the rule does not hold between two people who are there, and
//! then everything that was issued under it ends too.

use std::collections::{BTreeMap, HashMap};

use super::{
    DirectoryIdentity, IdentityKey, IdentityStanding, LinkRule, ProviderId, StandingContext, Subject,
};
use crate::{
    ports::{ReadTransaction, StoreError, WriteTransaction, store::IDENTITY_BATCH_MAX},
    services::Directory,
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
        let Some(link) = decide(rule, &identity, current, candidate) else { continue };
        relinked.push(Relinked { key: identity.key.clone(), severed: identity.link.is_some() });
        identity.link = link;
        tx.identity_put(&[identity]).await?;
    }
    Ok(relinked)
}

/// The link as it shall be; `None` when it stays as it is.
fn decide(
    rule: Rule<'_>,
    identity: &DirectoryIdentity,
    current: Option<&DirectoryIdentity>,
    candidate: Option<IdentityKey>,
) -> Option<Option<IdentityKey>> {
    if identity.standing == IdentityStanding::Gone {
        return None;
    }
    let Some(current) = current else {
        return (identity.link != candidate).then_some(candidate);
    };
    let holds = rule.value(identity).is_some() && rule.value(identity) == rule.value(current);
    match &current.standing {
        // The same person, as before; a second candidate is a conflict, no reason to take the link away.
        IdentityStanding::Active if holds => None,
        IdentityStanding::Active => Some(candidate),
        IdentityStanding::Excluded(_) => None,
        // Whoever has come back under another id is found by the rule, and inherits nothing.
        IdentityStanding::Gone => candidate.map(Some),
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

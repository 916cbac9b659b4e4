//! Static tokens follow their owner: a rename moves them, and whoever gets the name later does not get them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Batch, StandingContext};
use crate::{
    org::{DirectoryIdentity, IdentityKey, Person, Subject, link::Relinked, people::by_provider},
    ports::{StoreError, WriteTransaction, store::IDENTITY_BATCH_MAX},
    tokens::{StaticToken, StaticTokenEnd},
};

/// Gives the tokens of people who have another reference now that reference; ends those of people who were taken apart.
pub(super) async fn follow(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    batch: &Batch,
    relinked: &[Relinked],
) -> Result<(), StoreError> {
    let moved: BTreeSet<IdentityKey> = batch
        .moves()
        .map(|identity| identity.key.clone())
        .chain(relinked.iter().map(|relinked| relinked.key.clone()))
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let severed: BTreeSet<&IdentityKey> =
        relinked.iter().filter(|relinked| relinked.severed).map(|relinked| &relinked.key).collect();
    let moved: Vec<IdentityKey> = moved.into_iter().collect();
    let people = Person::find_all(&mut *tx, context.directories, &moved).await?;
    // Everyone who is the same person moves with whoever moved.
    let keys = people.values().flat_map(|person| person.identities().map(|identity| identity.key.clone()));
    for (provider, subjects) in by_provider(keys) {
        for (token, subject) in tokens_of(tx, &provider, &subjects).await? {
            let key = IdentityKey { provider: provider.clone(), subject };
            let Some(person) = people.get(&key) else { continue };
            if severed.contains(&key) {
                end(context, tx, &token, &key).await?;
            } else if token.owner != *person.entity_ref() {
                tx.static_token_set_owner(&token, person.entity_ref()).await?;
                let details = json!({ "provider": provider, "from": token.owner, "to": person.entity_ref() });
                let event = context.event("static-token.owner-renamed").target(token.id.as_str());
                tx.audit_append(&event.details(details)).await?;
            }
        }
    }
    Ok(())
}

/// Ends the tokens of people who have left a reference that someone else has now.
pub(super) async fn end_lost(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    neighbours: &[DirectoryIdentity],
) -> Result<(), StoreError> {
    let holders: BTreeMap<_, _> = neighbours
        .iter()
        .filter(|identity| identity.standing.is_active())
        .map(|identity| (&identity.entity_ref, &identity.key))
        .collect();
    let lost: Vec<&DirectoryIdentity> = neighbours
        .iter()
        .filter(|identity| !identity.standing.is_active() && holders.contains_key(&identity.entity_ref))
        .collect();
    let refs: BTreeMap<&IdentityKey, _> =
        lost.iter().map(|identity| (&identity.key, &identity.entity_ref)).collect();
    for (provider, subjects) in by_provider(lost.iter().map(|identity| identity.key.clone())) {
        for (token, subject) in tokens_of(tx, &provider, &subjects).await? {
            let key = IdentityKey { provider: provider.clone(), subject };
            if refs.get(&key).is_some_and(|left| **left == token.owner) {
                end(context, tx, &token, &key).await?;
            }
        }
    }
    Ok(())
}

/// Writes down that tokens are refused from now on, or taken again.
pub(super) async fn tell(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    batch: &Batch,
) -> Result<(), StoreError> {
    let turned: BTreeMap<&Subject, &DirectoryIdentity> = batch
        .after
        .iter()
        .filter(|identity| {
            let before = batch.before.get(&identity.key.subject);
            before.is_some_and(|before| before.standing.is_active() != identity.standing.is_active())
        })
        .map(|identity| (&identity.key.subject, identity))
        .collect();
    let subjects: Vec<Subject> = turned.keys().map(|subject| (*subject).clone()).collect();
    let mut counts: BTreeMap<Subject, u64> = BTreeMap::new();
    for (token, subject) in tokens_of(tx, &context.provider.id, &subjects).await? {
        if token.expires_at > context.now {
            *counts.entry(subject).or_default() += 1;
        }
    }
    for (subject, count) in counts {
        let Some(identity) = turned.get(&subject) else { continue };
        let action =
            if identity.standing.is_active() { "static-tokens.restored" } else { "static-tokens.suspended" };
        let details = json!({ "provider": context.provider.id, "subject": subject,
            "reason": identity.standing.as_str(), "staticTokens": count });
        let event = context.event(action).target(identity.entity_ref.to_string());
        tx.audit_append(&event.details(details)).await?;
    }
    Ok(())
}

async fn tokens_of(
    tx: &mut dyn WriteTransaction,
    provider: &crate::org::ProviderId,
    subjects: &[Subject],
) -> Result<Vec<(StaticToken, Subject)>, StoreError> {
    let mut tokens = Vec::new();
    for subjects in subjects.chunks(IDENTITY_BATCH_MAX) {
        tokens.extend(tx.static_token_list_of_people(provider, subjects).await?);
    }
    Ok(tokens)
}

async fn end(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    token: &StaticToken,
    person: &IdentityKey,
) -> Result<(), StoreError> {
    if tx.static_token_end(&token.id, StaticTokenEnd::OwnerGone, context.now).await? {
        let details = json!({ "name": token.name, "owner": token.owner, "provider": person.provider,
            "subject": person.subject, "reason": StaticTokenEnd::OwnerGone.as_str() });
        let event = context.event("static-token.ended").target(token.id.as_str());
        tx.audit_append(&event.details(details)).await?;
    }
    Ok(())
}

//! Accounts follow what directories say: suspended, restored, renamed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::json;

use super::{StandingContext, StandingOutcome};
use crate::{
    identity::{LOCAL_PROVIDER, LinkPurpose, User, UserStatus, access_end},
    org::{
        DirectoryIdentity, IdentityKey, Person,
        link::Relinked,
        people::{RefHolder, by_provider, ref_holder},
    },
    ports::{StoreError, WriteTransaction, store::IDENTITY_BATCH_MAX},
};

/// An account, and the identity by which it is judged.
struct Held {
    user: User,
    key: IdentityKey,
}

/// Why an account may not be used.
pub(in crate::org) struct Refused {
    provider: String,
    reason: String,
    vendor_status: String,
    explicit: bool,
}

impl From<&DirectoryIdentity> for Refused {
    fn from(identity: &DirectoryIdentity) -> Self {
        Self {
            provider: identity.key.provider.to_string(),
            reason: identity.standing.as_str().to_owned(),
            vendor_status: identity.standing.vendor_status().to_owned(),
            explicit: identity.standing.is_explicit(),
        }
    }
}

impl From<RefHolder> for Refused {
    fn from(holder: RefHolder) -> Self {
        let provider = match holder {
            RefHolder::Person(key) => key.provider.to_string(),
            RefHolder::LocalAccount => LOCAL_PROVIDER.to_owned(),
        };
        Self { provider, reason: "reference-taken".to_owned(), vendor_status: String::new(), explicit: false }
    }
}

/// Brings the accounts of these people to where they shall be.
pub(super) async fn settle(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    touched: BTreeSet<IdentityKey>,
    relinked: &[Relinked],
) -> Result<StandingOutcome, StoreError> {
    let mut outcome = StandingOutcome::default();
    // Whoever is the same person by a link stands and falls with them.
    let touched = with_linked(context, tx, touched).await?;
    let mut held = Vec::new();
    for (provider, subjects) in by_provider(touched.into_iter()) {
        for subjects in subjects.chunks(IDENTITY_BATCH_MAX) {
            let found = tx.account_list_of_people(&provider, subjects).await?;
            held.extend(found.into_iter().map(|(user, subject)| {
                let key = IdentityKey { provider: provider.clone(), subject };
                Held { user, key }
            }));
        }
    }
    if held.is_empty() {
        return Ok(outcome);
    }
    let keys: Vec<IdentityKey> = held.iter().map(|held| held.key.clone()).collect();
    let people = Person::find_all(&mut *tx, context.directories, &keys).await?;
    free_emails(tx, &mut held, &people).await?;
    for held in held {
        let Some(person) = people.get(&held.key) else { continue };
        let severed = relinked.iter().any(|relinked| relinked.severed && relinked.key == held.key);
        outcome.add(settle_one(context, tx, held, person, severed).await?);
    }
    Ok(outcome)
}

async fn with_linked(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    touched: BTreeSet<IdentityKey>,
) -> Result<BTreeSet<IdentityKey>, StoreError> {
    if !context.directories.iter().any(|directory| directory.options.link.is_some()) {
        return Ok(touched);
    }
    let keys: Vec<IdentityKey> = touched.into_iter().collect();
    let people = Person::find_all(&mut *tx, context.directories, &keys).await?;
    Ok(people.into_keys().collect())
}

/// Takes addresses away from accounts that get another one, so that two people can swap theirs.
async fn free_emails(
    tx: &mut dyn WriteTransaction,
    held: &mut [Held],
    people: &HashMap<IdentityKey, Arc<Person>>,
) -> Result<(), StoreError> {
    for held in held.iter_mut().filter(|held| held.user.email.is_some()) {
        let identity = people.get(&held.key).and_then(|person| person.identity(&held.key));
        if identity.is_some_and(|identity| own_email(&held.user, identity) != held.user.email) {
            held.user.email = None;
            tx.user_update(&held.user).await?;
        }
    }
    Ok(())
}

/// The address that the account shall have: the directory's word, for accounts of a provider.
fn own_email(user: &User, identity: &DirectoryIdentity) -> Option<String> {
    if user.provider == LOCAL_PROVIDER {
        return user.email.clone();
    }
    identity.email.as_ref().map(|email| email.address.clone())
}

async fn settle_one(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    held: Held,
    person: &Person,
    severed: bool,
) -> Result<StandingOutcome, StoreError> {
    let mut outcome = StandingOutcome::default();
    // Locks the account until the transaction ends.
    if !tx.user_set_status(&held.user.id, held.user.status, held.user.status).await? {
        return Err(StoreError::Unavailable("an account changed while a directory was published".to_owned()));
    }
    let user = describe(context, tx, held, person, severed, &mut outcome).await?;
    let mut refused = person.refusal(context.directories).map(Refused::from);
    if refused.is_none() && user.provider != LOCAL_PROVIDER {
        refused = ref_holder(&mut *tx, person).await?.map(Refused::from);
    }
    match (refused, user.status) {
        (Some(refused), UserStatus::Active | UserStatus::Invited) => {
            if withheld(context, tx, &user, &refused).await? {
                return Ok(outcome);
            }
            suspend(context, tx, &user, &refused).await?;
            outcome.suspended += 1;
            outcome.ended += 1;
        }
        (None, UserStatus::Suspended) => {
            restore(context, tx, &user).await?;
            outcome.restored += 1;
        }
        _ => {}
    }
    if severed && outcome.ended == 0 {
        let ended = access_end(tx, &user.id, context.now).await?;
        let event = context.event("user.access-ended").target(user.id.as_str());
        let mut details = ended.details();
        if let Some(members) = details.as_object_mut() {
            members.insert("reason".to_owned(), "link-changed".into());
            members.insert("provider".to_owned(), context.provider.id.as_str().into());
        }
        tx.audit_append(&event.details(details)).await?;
        outcome.ended += 1;
    }
    Ok(outcome)
}

/// Takes over reference, address and name. Whoever was taken apart from another person is no admin any more.
async fn describe(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    held: Held,
    person: &Person,
    severed: bool,
    outcome: &mut StandingOutcome,
) -> Result<User, StoreError> {
    let mut user = held.user.clone();
    user.entity_ref = person.entity_ref().clone();
    if user.provider != LOCAL_PROVIDER
        && let Some(identity) = person.identity(&held.key)
    {
        user.email = own_email(&user, identity);
        user.display_name = identity.display_name.clone().unwrap_or_else(|| identity.login.clone());
    }
    if severed && user.provider != LOCAL_PROVIDER {
        user.admin = false;
    }
    if user == held.user {
        return Ok(user);
    }
    if !tx.user_update(&user).await? {
        // Another account has the address still; it is shown, nothing depends on it.
        user.email = None;
        tx.user_update(&user).await?;
    }
    if user.entity_ref != held.user.entity_ref {
        let details = json!({ "provider": held.key.provider, "subject": held.key.subject,
            "from": held.user.entity_ref, "to": user.entity_ref });
        let event = context.event("user.renamed").target(user.id.as_str());
        tx.audit_append(&event.details(details)).await?;
        outcome.renamed += 1;
    }
    Ok(user)
}

/// The last admin with a password stays when someone is merely not listed any more: a filter or a partial answer must
/// not lock everyone out. An explicit word counts even then.
async fn withheld(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    user: &User,
    refused: &Refused,
) -> Result<bool, StoreError> {
    let local_admin = user.provider == LOCAL_PROVIDER && user.admin && user.status == UserStatus::Active;
    if refused.explicit || !local_admin || tx.user_count_active_admins().await? > 1 {
        return Ok(false);
    }
    let details = json!({ "provider": refused.provider, "reason": refused.reason });
    let event = context.event("user.suspension-withheld").target(user.id.as_str());
    tx.audit_append(&event.details(details)).await?;
    Ok(true)
}

async fn suspend(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    user: &User,
    refused: &Refused,
) -> Result<(), StoreError> {
    tx.user_set_status(&user.id, user.status, UserStatus::Suspended).await?;
    tx.link_delete(LinkPurpose::Invitation, Some(&user.id)).await?;
    tx.link_delete(LinkPurpose::PasswordReset, Some(&user.id)).await?;
    let mut details = access_end(tx, &user.id, context.now).await?.details();
    if let Some(members) = details.as_object_mut() {
        members.insert("provider".to_owned(), refused.provider.as_str().into());
        members.insert("reason".to_owned(), refused.reason.as_str().into());
        members.insert("vendorStatus".to_owned(), refused.vendor_status.as_str().into());
    }
    tx.audit_append(&context.event("user.suspended").target(user.id.as_str()).details(details)).await
}

async fn restore(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    user: &User,
) -> Result<(), StoreError> {
    let invited = user.provider == LOCAL_PROVIDER && user.password_hash.is_none();
    let status = if invited { UserStatus::Invited } else { UserStatus::Active };
    tx.user_set_status(&user.id, UserStatus::Suspended, status).await?;
    let details = json!({ "provider": context.provider.id });
    tx.audit_append(&context.event("user.restored").target(user.id.as_str()).details(details)).await
}

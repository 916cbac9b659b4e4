//! The User entities of local accounts.
//!
//! Each account is tied by ref to a User entity of the catalog. Where an account is tied to none, or to a ref that the
//! catalog does not know, one is made in a location of Portal's own; it goes while the account is disabled.

use portal_model::{EntityRef, ErrorCode, Field, FieldError};
use serde_json::json;

use super::{IdentityError, LOCAL_PROVIDER, User, email::Email};
use crate::{
    catalog::{EntityQuery, Predicate, StagedEntity},
    changes::Topic,
    ids::{LocationId, UserId},
    ingestion::{Location, LocationOrigin, Provenance, Target, stage_document},
    ports::{Rng, StoreError, WriteTransaction},
    time::UnixMillis,
};

/// Kind of the entities of people, in lower case.
pub(super) const USER_KIND: &str = "user";
/// Namespace of entities made here.
const NAMESPACE: &str = "default";
/// Longest name derived from an e-mail; leaves room for what makes it unique.
const NAME_LENGTH_MAX: usize = 40;
/// Numbered names tried before a random one is taken.
const NUMBERED_NAMES_MAX: u32 = 20;
/// The name where an e-mail yields none.
const NAME_FALLBACK: &str = "user";

/// Id of the location that holds the entities of local accounts: derived, so that every node makes the same one.
#[must_use]
pub fn local_location_id() -> LocationId {
    local_target().location_id()
}

fn local_target() -> Target {
    Target::Provider(LOCAL_PROVIDER.to_owned())
}

/// Makes sure that the account's entity is in the catalog. Nothing is made where a location defines it already.
///
/// # Errors
/// `entity-ref-invalid` on `entity_ref` when the catalog does not take such a name.
pub(super) async fn entity_ensure(
    tx: &mut dyn WriteTransaction,
    user: &User,
    now: UnixMillis,
) -> Result<(), IdentityError> {
    if tx.entity_location(&user.entity_ref).await?.is_some() {
        return Ok(());
    }
    let id = local_location_id();
    tx.change_record(Topic::Catalog).await?;
    if tx.location_by_id(&id).await?.is_none() {
        let location = Location {
            id: id.clone(),
            target: local_target(),
            allow: Some(vec![USER_KIND.to_owned()]),
            origin: LocationOrigin::Provider,
            created_at: now,
            published_run: None,
            last_outcome: None,
            last_failure: None,
        };
        if !tx.location_put(&location).await? {
            return Err(IdentityError::Internal("another location holds the local accounts".to_owned()));
        }
    }
    Ok(tx.entity_put(&id, &staged(user)?).await?)
}

/// Takes the account's entity out of the catalog, if it was made here.
pub(crate) async fn entity_remove(tx: &mut dyn WriteTransaction, user: &User) -> Result<(), StoreError> {
    if tx.entity_delete(&local_location_id(), &user.entity_ref).await? {
        tx.change_record(Topic::Catalog).await?;
    }
    Ok(())
}

/// The one User entity of the catalog that has this e-mail address and no account; `None` when there is none, or several.
pub(super) async fn entity_suggest(
    tx: &mut dyn WriteTransaction,
    email: &Email,
) -> Result<Option<EntityRef>, StoreError> {
    let is = |key: &str, value: String| Predicate::In(key.to_owned(), vec![value]);
    let query = EntityQuery {
        predicate: Some(Predicate::All(vec![
            is("kind", USER_KIND.to_owned()),
            is("spec.profile.email", email.folded()),
        ])),
        full_text: None,
        order: None,
        after: None,
        offset: 0,
        limit: 2,
    };
    let mut found = tx.entity_query(&query).await?.items.into_iter();
    let (Some(entity), None) = (found.next(), found.next()) else { return Ok(None) };
    let free = tx.user_list_by_entity_ref(&entity.entity_ref).await?.is_empty();
    Ok(free.then_some(entity.entity_ref))
}

/// A ref for a new entity, from the e-mail's local part, that neither the catalog nor another account has.
pub(super) async fn entity_ref_new(
    tx: &mut dyn WriteTransaction,
    email: &Email,
    rng: &dyn Rng,
) -> Result<EntityRef, StoreError> {
    let name = name_from(email.local_part());
    for number in 1..=NUMBERED_NAMES_MAX {
        let candidate = if number == 1 { name.clone() } else { format!("{name}-{number}") };
        let candidate = user_ref(&candidate)?;
        let known = tx.entity_location(&candidate).await?.is_some();
        if !known && tx.user_list_by_entity_ref(&candidate).await?.is_empty() {
            return Ok(candidate);
        }
    }
    let random: String = UserId::generate(rng).0.chars().take(12).collect();
    user_ref(&format!("{name}-{random}"))
}

fn user_ref(name: &str) -> Result<EntityRef, StoreError> {
    EntityRef::new(USER_KIND, NAMESPACE, name)
        .map_err(|error| StoreError::Inconsistent(format!("made the entity name {name}: {error}")))
}

/// A valid entity name: letters and digits, with single separators between them.
fn name_from(local_part: &str) -> String {
    let mut name = String::with_capacity(local_part.len());
    for character in local_part.to_ascii_lowercase().chars().take(NAME_LENGTH_MAX) {
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if name.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            name.push(if matches!(character, '.' | '_') { character } else { '-' });
        }
    }
    let trimmed = name.trim_end_matches(['-', '_', '.']);
    if trimmed.is_empty() { NAME_FALLBACK.to_owned() } else { trimmed.to_owned() }
}

fn staged(user: &User) -> Result<StagedEntity, IdentityError> {
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "User",
        "metadata": { "name": user.entity_ref.name(), "namespace": user.entity_ref.namespace() },
        "spec": { "profile": { "displayName": user.display_name, "email": user.email }, "memberOf": [] },
    });
    let place = format!("provider:{LOCAL_PROVIDER}");
    // Names and addresses were checked; what is left to refuse is a ref that was typed, such as `user:default/-`.
    stage_document(&document, Provenance { managed_by: &place, origin: &place })
        .map_err(|_| FieldError::on(Field::EntityRef, ErrorCode::EntityRefInvalid).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_whatever_the_address() {
        for (local_part, name) in [
            ("Ada.Lovelace", "ada.lovelace"),
            ("ada+test", "ada-test"),
            ("..x..y..", "x.y"),
            ("+!#", "user"),
            ("a__b", "a_b"),
        ] {
            assert_eq!(name_from(local_part), name);
        }
        assert!(name_from(&"x".repeat(64)).len() <= NAME_LENGTH_MAX);
    }
}

//! Who of the catalog someone is whom a provider vouches for.

use portal_model::{ErrorCode, settings::Settings};

use super::{SignInBy, SignInProvider};
use crate::{
    identity::IdentityService,
    org::{IdentityKey, KnownPerson, SignInStanding, sign_in_standing},
    ports::{StoreError, VouchedPerson, WriteTransaction},
};

/// Longest e-mail address that is looked up, in bytes.
const EMAIL_BYTES_MAX: usize = 320;

/// Finds the person, and says why not where a directory or the catalog does not let them in.
pub(super) async fn find_person(
    service: &IdentityService,
    tx: &mut dyn WriteTransaction,
    settings: &Settings,
    provider: &SignInProvider,
    vouched: &VouchedPerson,
) -> Result<Result<KnownPerson, ErrorCode>, StoreError> {
    let key = match find_key(tx, provider, vouched).await? {
        Ok(key) => key,
        Err(code) => return Ok(Err(code)),
    };
    let directories = &service.dependencies.directories;
    let person = match sign_in_standing(&mut *tx, directories, settings, &key, service.now()).await? {
        SignInStanding::Active(person) => person,
        SignInStanding::Suspended { explicit: true, .. } => return Ok(Err(ErrorCode::AccountSuspended)),
        SignInStanding::Suspended { .. } | SignInStanding::Unknown => {
            return Ok(Err(ErrorCode::NotInCatalog));
        }
        SignInStanding::Conflict(holder) => {
            tracing::warn!(provider = %provider.id, ?holder, "a person's name in the catalog is someone else's");
            return Ok(Err(ErrorCode::NotInCatalog));
        }
        SignInStanding::Stale(_) => return Ok(Err(ErrorCode::DirectoryStale)),
    };
    // The run may not have brought the entity, or a file may have taken its name away.
    let there = tx.entity_location(&person.entity_ref).await?.is_some();
    Ok(if there { Ok(person) } else { Err(ErrorCode::NotInCatalog) })
}

/// The identity of the directory that is meant.
async fn find_key(
    tx: &mut dyn WriteTransaction,
    provider: &SignInProvider,
    vouched: &VouchedPerson,
) -> Result<Result<IdentityKey, ErrorCode>, StoreError> {
    if provider.by == SignInBy::Subject {
        let subject = vouched.subject.clone();
        return Ok(Ok(IdentityKey { provider: provider.id.clone(), subject }));
    }
    let usable = vouched.verified_emails.iter().filter(|email| email.len() <= EMAIL_BYTES_MAX);
    let emails: Vec<String> = usable.map(|email| email.trim().to_lowercase()).collect();
    if emails.is_empty() {
        return Ok(Err(ErrorCode::EmailUnverified));
    }
    // Those who are suspended count too: an address that was handed on says nothing until they are gone.
    let mut found = tx.identity_list_by_emails(&provider.id, &emails).await?.into_iter();
    Ok(match (found.next(), found.next()) {
        (Some(identity), None) => Ok(identity.key),
        (Some(_), Some(_)) => Err(ErrorCode::PersonAmbiguous),
        (None, _) => Err(ErrorCode::NotInCatalog),
    })
}

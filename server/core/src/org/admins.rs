//! Admins by group: members of groups of a provider that the configuration or the settings name. Groups of catalog files
//! never make admins: membership is read from what the directory said, not from the catalog.

use std::collections::BTreeSet;

use portal_model::settings::Settings;
use serde_json::json;

use super::{GroupId, ProviderOptions, StandingContext, Subject};
use crate::{
    changes::Topic,
    identity::User,
    ports::{ReadTransaction, StoreError, WriteTransaction, store::IDENTITY_BATCH_MAX},
};

/// The groups whose members are admins.
fn groups(options: &ProviderOptions, settings: &Settings) -> Vec<GroupId> {
    let set = settings.provider(options.id.as_str()).admin_groups;
    let named: BTreeSet<String> = options.admin_groups.iter().cloned().chain(set).collect();
    named.into_iter().map(GroupId).collect()
}

/// Whether a group makes this person an admin.
///
/// # Errors
/// The store failed.
pub async fn is_member(
    store: &mut dyn ReadTransaction,
    options: &ProviderOptions,
    settings: &Settings,
    subject: &Subject,
) -> Result<bool, StoreError> {
    let groups = groups(options, settings);
    Ok(!groups.is_empty() && store.directory_members(&options.id, &groups).await?.contains(subject))
}

/// Gives and takes the role of the provider's accounts, by what is published at this point of the transaction. Roles that
/// an admin gave by hand stay. Returns how many accounts changed.
///
/// # Errors
/// The store failed.
pub async fn settle(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    settings: &Settings,
) -> Result<u64, StoreError> {
    let groups = groups(context.provider, settings);
    let provider = &context.provider.id;
    let members =
        if groups.is_empty() { Vec::new() } else { tx.directory_members(provider, &groups).await? };
    let mut changed = 0;
    let set: BTreeSet<&Subject> = members.iter().collect();
    for user in tx.account_list_admins_by_group(provider).await? {
        if !set.contains(&Subject(user.subject.clone())) {
            changed += u64::from(grant(context, tx, user, false).await?);
        }
    }
    for subjects in members.chunks(IDENTITY_BATCH_MAX) {
        for (user, _) in tx.account_list_of_people(provider, subjects).await? {
            if user.provider == provider.as_str() && !user.admin {
                changed += u64::from(grant(context, tx, user, true).await?);
            }
        }
    }
    Ok(changed)
}

/// Gives or takes one account's role. `false` when it had changed meanwhile.
pub(crate) async fn grant(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    mut user: User,
    admin: bool,
) -> Result<bool, StoreError> {
    tx.change_record(Topic::Access).await?;
    if !tx.user_set_status(&user.id, user.status, user.status).await? {
        return Ok(false);
    }
    user.admin = admin;
    tx.user_update(&user).await?;
    tx.account_set_admin_by_group(&user.id, admin).await?;
    // A new role needs a new session id; the person's browser gets it at the next sign-in.
    let ended = tx.browser_session_delete_by_user(&user.id).await?;
    let action = if admin { "user.admin-granted" } else { "user.admin-revoked" };
    let details = json!({ "by": "group", "provider": context.provider.id, "browserSessions": ended });
    tx.audit_append(&context.event(action).target(user.id.as_str()).details(details)).await?;
    Ok(true)
}

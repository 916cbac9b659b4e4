//! From Graph's users and groups to people and groups.

use std::collections::BTreeMap;

use portal_core::{
    org::{DirectoryGroup, DirectoryPerson, ExclusionReason, GroupId, Member, Membership, Standing, Subject},
    ports::DirectoryError,
    time::UnixMillis,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    EntraOptions,
    records::{GraphGroup, GraphMember, GraphUser},
};
use crate::selection::{domain, excluded};

const USER_ID: &str = "graph.microsoft.com/user-id";
const TENANT_ID: &str = "graph.microsoft.com/tenant-id";
const GROUP_ID: &str = "graph.microsoft.com/group-id";
const EMAIL: &str = "microsoft.com/email";
/// What stands in the names of accounts of other tenants.
const EXTERNAL_MARK: &str = "#EXT#";

/// What is asked of every user. Without the list Graph leaves `accountEnabled` and `userType` out.
const USER_FIELDS: &str =
    "id,accountEnabled,userType,userPrincipalName,mail,displayName,externalUserState,deletedDateTime";
const LEAVE_FIELD: &str = ",employeeLeaveDateTime";
/// What is asked of every group.
pub(super) const GROUP_FIELDS: &str = "id,displayName,description,mail";

pub(super) fn user_fields(options: &EntraOptions) -> String {
    format!("{USER_FIELDS}{}", if options.leave_dates { LEAVE_FIELD } else { "" })
}

/// A user as the tenant tells them. `deleted` says that they stand among the deleted ones.
pub(super) fn person(
    user: GraphUser,
    deleted: bool,
    now: UnixMillis,
    options: &EntraOptions,
) -> DirectoryPerson {
    let standing =
        if deleted { excluded(ExclusionReason::Deleted, "deleted") } else { standing(&user, now, options) };
    let name = principal_name(&user);
    let email = user.mail.as_deref().and_then(|mail| {
        // A tenant's names are in domains that it has proven; any other address may be anyone's.
        let proven = domain(mail).is_some() && domain(mail) == domain(&name) && !name.contains(EXTERNAL_MARK);
        options.selection.email(mail, proven)
    });
    let mut annotations = BTreeMap::from([
        (USER_ID.to_owned(), user.id.clone()),
        (TENANT_ID.to_owned(), options.tenant_id.clone()),
    ]);
    if let Some(email) = &email {
        annotations.insert(EMAIL.to_owned(), email.address.clone());
    }
    options.selection.applied(DirectoryPerson {
        subject: Subject(user.id),
        login: options.login.of(&name),
        email,
        display_name: user.display_name.filter(|name| !name.trim().is_empty()),
        picture: None,
        standing,
        annotations,
    })
}

/// The user principal name. That of a deleted user begins with its id, so that the name is free again.
fn principal_name(user: &GraphUser) -> String {
    let name = user.user_principal_name.as_deref().unwrap_or(&user.id);
    let id: String = user.id.chars().filter(|letter| *letter != '-').collect();
    name.strip_prefix(&id).filter(|rest| !rest.is_empty()).unwrap_or(name).to_owned()
}

fn standing(user: &GraphUser, now: UnixMillis, options: &EntraOptions) -> Standing {
    match user.account_enabled {
        Some(true) => {}
        Some(false) => return excluded(ExclusionReason::Disabled, "accountEnabled: false"),
        None => return excluded(ExclusionReason::UnknownStatus, "accountEnabled: missing"),
    }
    if let Some(leave) = user.employee_leave_date_time.as_deref()
        && has_passed(leave, now)
    {
        return excluded(ExclusionReason::Disabled, &format!("employeeLeaveDateTime: {leave}"));
    }
    let name = user.user_principal_name.as_deref().unwrap_or_default();
    let guest = match user.user_type.as_deref() {
        Some("Member") => false,
        Some("Guest") => true,
        // Accounts from before the field existed have none.
        None => name.contains(EXTERNAL_MARK) || user.external_user_state.is_some() || name.is_empty(),
        Some(other) => return excluded(ExclusionReason::UnknownStatus, &format!("userType: {other}")),
    };
    match user.external_user_state.as_deref() {
        _ if guest && !options.guests => excluded(ExclusionReason::Guest, "userType: Guest"),
        None | Some("Accepted") => Standing::Active,
        Some("PendingAcceptance") => {
            excluded(ExclusionReason::NotYetActive, "externalUserState: PendingAcceptance")
        }
        Some(other) => excluded(ExclusionReason::UnknownStatus, &format!("externalUserState: {other}")),
    }
}

/// A date that cannot be read counts as passed: nobody stays in by a typo.
fn has_passed(date: &str, now: UnixMillis) -> bool {
    let at = OffsetDateTime::parse(date, &Rfc3339).map(|at| at.unix_timestamp_nanos() / 1_000_000);
    at.map_or(true, |at| at <= i128::from(now.0))
}

/// A group, where its name is known and the configuration takes it.
pub(super) fn group(group: GraphGroup, options: &EntraOptions) -> Option<DirectoryGroup> {
    let name = group.display_name.filter(|name| !name.trim().is_empty())?;
    options.selection.takes_group(&name, &group.id).then(|| DirectoryGroup {
        annotations: BTreeMap::from([
            (GROUP_ID.to_owned(), group.id.clone()),
            (TENANT_ID.to_owned(), options.tenant_id.clone()),
        ]),
        id: GroupId(group.id),
        display_name: Some(name.clone()),
        name,
        description: group.description.filter(|text| !text.trim().is_empty()),
        kind: "team".to_owned(),
        email: group.mail.filter(|mail| !mail.trim().is_empty()),
        picture: None,
        // Groups can stand in several others: nesting is membership.
        parent: None,
    })
}

/// A membership, where the member is a person or a group; devices, contacts and applications are neither.
pub(super) fn membership(group: &GroupId, member: GraphMember) -> Result<Option<Membership>, DirectoryError> {
    let kind = member.kind.as_deref().ok_or_else(|| {
        DirectoryError::Malformed(
            "a member of a group has no @odata.type, so that nobody knows what it is".to_owned(),
        )
    })?;
    let member = match kind.trim_start_matches('#') {
        "microsoft.graph.user" => Member::Person(Subject(member.id)),
        "microsoft.graph.group" => Member::Group(GroupId(member.id)),
        _ => return Ok(None),
    };
    Ok(Some(Membership { group: group.clone(), member }))
}

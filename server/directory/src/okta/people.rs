//! From Okta's users and groups to people and groups.

use std::collections::BTreeMap;

use portal_core::org::{DirectoryGroup, DirectoryPerson, ExclusionReason, GroupId, Standing, Subject};

use super::{
    OktaGroupType, OktaOptions,
    records::{OktaGroup, OktaUser},
};
use crate::selection::excluded;

const USER_ID: &str = "okta.com/user-id";
const GROUP_ID: &str = "okta.com/group-id";

/// A user as the org tells them.
pub(super) fn person(user: OktaUser, options: &OktaOptions) -> DirectoryPerson {
    let standing = standing(
        user.status.as_deref(),
        user.transitioning_to_status.as_deref(),
        options.locked_out_is_active,
    );
    let profile = user.profile;
    let login = profile.login.filter(|login| !login.trim().is_empty()).unwrap_or_else(|| user.id.clone());
    let email = profile.email.as_deref().and_then(|address| {
        let is_verified = user
            .credentials
            .emails
            .iter()
            .any(|email| email.status == "VERIFIED" && email.value.eq_ignore_ascii_case(address));
        options.selection.email(address, is_verified)
    });
    let names = [profile.first_name, profile.last_name];
    let full_name = names.iter().flatten().map(|name| name.trim()).collect::<Vec<_>>().join(" ");
    let display_name = profile
        .display_name
        .filter(|name| !name.trim().is_empty())
        .or_else(|| Some(full_name.trim().to_owned()).filter(|name| !name.is_empty()));
    options.selection.applied(DirectoryPerson {
        login: options.login.of(&login),
        email,
        display_name,
        picture: None,
        standing,
        annotations: BTreeMap::from([(USER_ID.to_owned(), user.id.clone())]),
        subject: Subject(user.id),
    })
}

/// What Okta's words for a status mean. A word that is not here is never active.
fn standing(status: Option<&str>, becoming: Option<&str>, locked_out_is_active: bool) -> Standing {
    // The account is being switched off: that it is not off yet is a matter of seconds.
    if becoming == Some("DEPROVISIONED") {
        return excluded(ExclusionReason::Disabled, "DEPROVISIONED (under way)");
    }
    let Some(status) = status else { return excluded(ExclusionReason::UnknownStatus, "status: missing") };
    let reason = match status {
        // The last two say something of the password only.
        "ACTIVE" | "PASSWORD_EXPIRED" | "RECOVERY" => return Standing::Active,
        "LOCKED_OUT" if locked_out_is_active => return Standing::Active,
        "LOCKED_OUT" | "SUSPENDED" => ExclusionReason::Suspended,
        "DEPROVISIONED" => ExclusionReason::Disabled,
        "STAGED" | "PROVISIONED" | "ACTIVATING" => ExclusionReason::NotYetActive,
        _ => ExclusionReason::UnknownStatus,
    };
    excluded(reason, status)
}

/// A group, where the configuration takes it.
pub(super) fn group(group: OktaGroup, options: &OktaOptions) -> Option<DirectoryGroup> {
    let kind = group.kind.as_deref()?;
    if !options.group_types.iter().any(|wanted| wanted.as_str() == kind) {
        return None;
    }
    let name = group.profile.name.filter(|name| !name.trim().is_empty())?;
    options.selection.takes_group(&name, &group.id).then(|| DirectoryGroup {
        annotations: BTreeMap::from([(GROUP_ID.to_owned(), group.id.clone())]),
        id: GroupId(group.id),
        display_name: Some(name.clone()),
        name,
        description: group.profile.description.filter(|text| !text.trim().is_empty()),
        kind: "team".to_owned(),
        email: None,
        picture: None,
        parent: None,
    })
}

/// `type eq "OKTA_GROUP" or type eq "APP_GROUP"`.
pub(super) fn type_filter(types: &[OktaGroupType]) -> String {
    types.iter().map(|kind| format!("type eq \"{}\"", kind.as_str())).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_okta_has_its_meaning_and_no_other_word_is_active() {
        let table = [
            ("ACTIVE", None),
            ("PASSWORD_EXPIRED", None),
            ("RECOVERY", None),
            ("LOCKED_OUT", None),
            ("SUSPENDED", Some(ExclusionReason::Suspended)),
            ("DEPROVISIONED", Some(ExclusionReason::Disabled)),
            ("STAGED", Some(ExclusionReason::NotYetActive)),
            ("PROVISIONED", Some(ExclusionReason::NotYetActive)),
            ("ACTIVATING", Some(ExclusionReason::NotYetActive)),
            ("active", Some(ExclusionReason::UnknownStatus)),
            ("", Some(ExclusionReason::UnknownStatus)),
            ("ARCHIVED", Some(ExclusionReason::UnknownStatus)),
        ];
        for (status, reason) in table {
            let wanted = reason.map_or(Standing::Active, |reason| excluded(reason, status));
            assert_eq!(standing(Some(status), None, true), wanted, "{status}");
        }
        assert_ne!(standing(None, None, true), Standing::Active);
        assert_ne!(standing(Some("LOCKED_OUT"), None, false), Standing::Active);
        assert_ne!(standing(Some("ACTIVE"), Some("DEPROVISIONED"), true), Standing::Active);
        assert_eq!(standing(Some("ACTIVE"), Some("ACTIVE"), true), Standing::Active);
    }
}

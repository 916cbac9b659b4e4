//! What GitLab tells, and what Portal makes of it.

use std::collections::BTreeMap;

use portal_core::{
    org::{DirectoryGroup, DirectoryPerson, ExclusionReason, GroupId, Member, Membership, Standing, Subject},
    time::UnixMillis,
};
use serde::Deserialize;

use super::{GitlabOptions, status};
use crate::selection::excluded;

/// Access from which everybody takes a seat (Reporter).
const SEAT_LEVEL: u32 = 20;
/// What is said of members without a seat from that access up.
pub(super) const NO_SEAT: &str = "no seat; banned from the group?";
/// "No access": no member.
const NO_ACCESS: u32 = 0;

/// A user of `/users` or a member of a group. GitLab tells owners and administrators more than others.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
    name: Option<String>,
    state: Option<String>,
    avatar_url: Option<String>,
    web_url: Option<String>,
    bot: Option<bool>,
    external: Option<bool>,
    email: Option<String>,
    confirmed_at: Option<String>,
    public_email: Option<String>,
    access_level: Option<u32>,
    expires_at: Option<String>,
    membership_state: Option<String>,
    is_using_seat: Option<bool>,
    group_saml_identity: Option<Identity>,
    group_scim_identity: Option<ScimIdentity>,
}

#[derive(Debug, Clone, Deserialize)]
struct Identity {
    extern_uid: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct ScimIdentity {
    extern_uid: Option<String>,
    active: Option<bool>,
}

/// Where a user was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadAs {
    /// An administrator's list of all users.
    InstanceUser,
    /// A member of a group.
    GroupMember,
}

impl User {
    /// Whether this membership counts now: access, not run out, not waiting for approval.
    pub(super) fn is_member(&self, now: UnixMillis) -> bool {
        let state = self.membership_state.as_deref();
        self.access_level != Some(NO_ACCESS) && !self.is_over(now) && matches!(state, None | Some("active"))
    }

    /// Whether this membership waits for something: shown as left out.
    pub(super) fn is_waiting(&self) -> bool {
        !matches!(self.membership_state.as_deref(), None | Some("active"))
    }

    /// Whether the last day of the membership (`YYYY-MM-DD`, UTC) has come.
    fn is_over(&self, now: UnixMillis) -> bool {
        let today: String = now.rfc3339().chars().take(10).collect();
        self.expires_at.as_deref().is_some_and(|day| day.len() >= 10 && day.get(..10) <= Some(today.as_str()))
    }

    fn standing(&self, read_as: ReadAs, options: &GitlabOptions) -> Standing {
        if self.bot == Some(true) || status::is_bot_name(&self.username) {
            return excluded(ExclusionReason::Bot, "bot");
        }
        let state = status::of_user(self.state.as_deref());
        if state != Standing::Active {
            return state;
        }
        if self.external == Some(true) && !options.external_users {
            return excluded(ExclusionReason::Guest, "external");
        }
        if read_as == ReadAs::InstanceUser {
            return Standing::Active;
        }
        let membership = status::of_membership(self.membership_state.as_deref());
        if membership != Standing::Active {
            return membership;
        }
        if self.group_scim_identity.as_ref().is_some_and(|identity| identity.active == Some(false)) {
            return excluded(ExclusionReason::Suspended, "SCIM identity not active");
        }
        // Someone banned from the group is told to be active; only the seat is missing.
        let has_level = self.access_level.is_none_or(|level| level >= SEAT_LEVEL);
        match self.is_using_seat {
            Some(false) if has_level => excluded(ExclusionReason::UnknownStatus, NO_SEAT),
            Some(false) if options.seat_required => excluded(ExclusionReason::Filtered, "no seat"),
            None if options.seat_required => {
                excluded(ExclusionReason::UnknownStatus, "is_using_seat is not told")
            }
            _ => Standing::Active,
        }
    }

    /// The person. `host` begins the names of annotations, such as `gitlab.com`.
    pub(super) fn person(self, read_as: ReadAs, host: &str, options: &GitlabOptions) -> DirectoryPerson {
        let standing = self.standing(read_as, options);
        // Administrators see the primary address, verified once it is confirmed; owners of a group that of enterprise
        // users, whose domain is the group's.
        let verified = match read_as {
            ReadAs::InstanceUser => self.confirmed_at.is_some(),
            ReadAs::GroupMember => true,
        };
        let own = self.email.and_then(|address| options.selection.email(&address, verified));
        let email =
            own.or_else(|| self.public_email.and_then(|address| options.selection.email(&address, false)));
        let saml = self.group_saml_identity.and_then(|identity| identity.extern_uid);
        let external = saml.or(self.group_scim_identity.and_then(|identity| identity.extern_uid));
        let login = self.web_url.unwrap_or_else(|| self.username.clone());
        let mut annotations = BTreeMap::from([
            (format!("{host}/user-login"), login),
            (format!("{host}/user-id"), self.id.to_string()),
        ]);
        annotations.extend(external.map(|uid| (format!("{host}/saml-external-uid"), uid)));
        options.selection.applied(DirectoryPerson {
            subject: Subject(self.id.to_string()),
            login: self.username,
            email,
            display_name: self.name.filter(|name| !name.trim().is_empty()),
            picture: self.avatar_url.filter(|url| url.starts_with("https://")),
            standing,
            annotations,
        })
    }

    /// The membership in this group.
    pub(super) fn membership(&self, group: u64) -> Membership {
        Membership { group: GroupId(group.to_string()), member: Member::Person(Subject(self.id.to_string())) }
    }
}

/// A group.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Group {
    pub(super) id: u64,
    name: Option<String>,
    pub(super) full_path: String,
    description: Option<String>,
    avatar_url: Option<String>,
    parent_id: Option<u64>,
    /// When GitLab will delete it, or has begun to.
    marked_for_deletion_on: Option<String>,
}

impl Group {
    /// Whether it is to be deleted.
    pub(super) const fn is_going(&self) -> bool {
        self.marked_for_deletion_on.is_some()
    }

    /// The group. `root` is the path of the group above which nothing is read.
    pub(super) fn group(self, root: Option<&str>, host: &str) -> DirectoryGroup {
        let is_root = root.is_some_and(|root| root.eq_ignore_ascii_case(&self.full_path));
        let below = root.and_then(|root| {
            let start = self.full_path.get(..root.len()).filter(|start| start.eq_ignore_ascii_case(root));
            start.and_then(|_| self.full_path.get(root.len()..)).and_then(|rest| rest.strip_prefix('/'))
        });
        DirectoryGroup {
            id: GroupId(self.id.to_string()),
            name: below.unwrap_or(&self.full_path).replace('/', "-"),
            display_name: self.name.filter(|name| !name.trim().is_empty()),
            description: self.description.filter(|text| !text.trim().is_empty()),
            kind: "team".to_owned(),
            email: None,
            picture: self.avatar_url.filter(|url| url.starts_with("https://")),
            parent: self.parent_id.filter(|_| !is_root).map(|id| GroupId(id.to_string())),
            annotations: BTreeMap::from([
                (format!("{host}/team-path"), self.full_path),
                (format!("{host}/team-id"), self.id.to_string()),
            ]),
        }
    }
}

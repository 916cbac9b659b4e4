//! What a tenant holds, and how tests change it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// A member's type on the wire, and its id.
pub(super) type MemberKey = (&'static str, String);

#[derive(Default)]
pub(super) struct Object {
    pub(super) fields: Map<String, Value>,
    pub(super) members: BTreeSet<MemberKey>,
    /// In the recycle bin.
    pub(super) deleted: bool,
}

/// Something that happened, for deltas.
pub(super) enum Change {
    /// An object changed; the fields that did, empty for all of them.
    Object(String, Vec<&'static str>),
    Deleted(String),
    Erased(String),
    Member {
        group: String,
        member: MemberKey,
        removed: bool,
    },
}

pub(super) struct Happened {
    pub(super) number: u64,
    pub(super) of: &'static str,
    pub(super) change: Change,
}

/// Where a list or a delta goes on, by the token in its link.
#[derive(Clone)]
pub(super) struct PageState {
    pub(super) path: String,
    pub(super) fields: Vec<String>,
    pub(super) top: usize,
    pub(super) after: String,
    /// Of a delta: changes after the first number and up to the second.
    pub(super) range: (u64, u64),
    /// The next page is an empty one.
    pub(super) empty: bool,
}

/// How the tenant behaves.
#[expect(clippy::struct_excessive_bools, reason = "each is a trap of its own")]
#[derive(Clone)]
pub struct EntraBehaviour {
    /// Largest page, whatever `$top` asks for.
    pub page_max: usize,
    /// Whether every other page is empty.
    pub empty_pages: bool,
    /// Whether changes come twice, and once more on the next page.
    pub duplicates: bool,
    /// Whether changes tell only the fields that changed.
    pub partial_changes: bool,
    /// Whether there is a delta.
    pub has_delta: bool,
    /// Application permissions that were consented to.
    pub permissions: Vec<&'static str>,
    /// Lifetime of tokens, in seconds.
    pub token_seconds: i64,
}

impl Default for EntraBehaviour {
    fn default() -> Self {
        Self {
            page_max: 999,
            empty_pages: false,
            duplicates: false,
            partial_changes: false,
            has_delta: true,
            permissions: vec!["User.Read.All", "GroupMember.Read.All"],
            token_seconds: 3_599,
        }
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<String, Object>,
    pub(super) groups: BTreeMap<String, Object>,
    pub(super) happened: Vec<Happened>,
    pub(super) number: u64,
    /// Deltas from before this number have expired.
    pub(super) expired: u64,
    pub(super) pages: BTreeMap<String, PageState>,
    pub(super) tokens: BTreeMap<String, i64>,
    pub(super) subscriptions: BTreeMap<String, Map<String, Value>>,
    pub(super) behaviour: EntraBehaviour,
    next_token: u64,
}

impl State {
    pub(super) fn record(&mut self, of: &'static str, change: Change) {
        self.number += 1;
        self.happened.push(Happened { number: self.number, of, change });
    }

    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.next_token += 1;
        format!("{prefix}{:06}", self.next_token)
    }

    pub(super) fn objects(&mut self, of: &str) -> &mut BTreeMap<String, Object> {
        if of == "users" { &mut self.users } else { &mut self.groups }
    }
}

/// An id as Graph makes them.
#[must_use]
pub fn guid(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-{number:012x}")
}

pub(super) fn user_fields(number: u32, name: &str) -> Map<String, Value> {
    let fields = json!({
        "id": guid(number),
        "accountEnabled": true,
        "userType": "Member",
        "userPrincipalName": format!("{name}@acme.example"),
        "mail": format!("{name}@acme.example"),
        "displayName": name,
        "externalUserState": null,
        "employeeLeaveDateTime": null,
        "deletedDateTime": null,
        "jobTitle": "Engineer",
        "givenName": name,
        "surname": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "businessPhones": [],
    });
    fields.as_object().unwrap().clone()
}

pub(super) fn group_fields(number: u32, name: &str) -> Map<String, Value> {
    let fields = json!({
        "id": guid(number),
        "displayName": name,
        "description": format!("The group {name}"),
        "mail": null,
        "mailNickname": name,
        "securityEnabled": true,
        "mailEnabled": false,
        "groupTypes": [],
        "visibility": null,
        "deletedDateTime": null,
    });
    fields.as_object().unwrap().clone()
}

//! What GitLab's documentation says of the answers (docs.gitlab.com: users, members and groups APIs, 18.x): attribute,
//! type, and whether it is always there.

use serde_json::Value;

use super::super::server::{FakeAnswer, FakeRequest};

/// What an attribute holds.
#[derive(Debug, Clone, Copy)]
enum Type {
    Integer,
    Text,
    Flag,
    Object,
    List,
}

use Type::{Flag, Integer, List, Object, Text};

/// Always there; of `Null` ones the value may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Always,
    AlwaysOrNull,
    Sometimes,
}

use Presence::{Always, AlwaysOrNull, Sometimes};

type Table = &'static [(&'static str, Type, Presence)];

const BASIC: Table = &[
    ("id", Integer, Always),
    ("username", Text, Always),
    ("name", Text, Always),
    ("state", Text, Always),
    ("locked", Flag, Sometimes),
    ("avatar_url", Text, AlwaysOrNull),
    ("web_url", Text, Always),
    ("public_email", Text, Sometimes),
];

const USER: Table = &[
    ("bot", Flag, Sometimes),
    ("email", Text, Sometimes),
    ("external", Flag, Sometimes),
    ("confirmed_at", Text, Sometimes),
    ("identities", List, Sometimes),
    ("is_admin", Flag, Sometimes),
];

const MEMBER: Table = &[
    ("access_level", Integer, Always),
    ("created_at", Text, Always),
    ("expires_at", Text, AlwaysOrNull),
    ("membership_state", Text, Sometimes),
    ("email", Text, Sometimes),
    ("is_using_seat", Flag, Sometimes),
    ("group_saml_identity", Object, Sometimes),
    ("group_scim_identity", Object, Sometimes),
];

const GROUP: Table = &[
    ("id", Integer, Always),
    ("name", Text, Always),
    ("path", Text, Always),
    ("full_path", Text, Always),
    ("full_name", Text, Always),
    ("description", Text, AlwaysOrNull),
    ("visibility", Text, Always),
    ("parent_id", Integer, AlwaysOrNull),
    ("avatar_url", Text, AlwaysOrNull),
    ("web_url", Text, Always),
    ("marked_for_deletion_on", Text, Sometimes),
];

const MEMBERSHIP: Table = &[
    ("source_id", Integer, Always),
    ("source_name", Text, Always),
    ("source_type", Text, Always),
    ("access_level", Integer, Always),
];

const ERROR: Table = &[("message", Text, Sometimes), ("error", Text, Sometimes)];

/// Holds an answer of the fake against the documented attributes: none missing, none more, each of its type.
///
/// # Panics
/// The answer contradicts them.
pub fn demand_documented(request: &FakeRequest, answer: &FakeAnswer) {
    let path = request.path.trim_start_matches("/api/v4/");
    let steps: Vec<_> = path.split('/').collect();
    let tables: &[Table] = match (answer.status, steps.as_slice()) {
        (400.., _) => &[ERROR],
        (_, ["user" | "users"] | ["users", _]) => &[BASIC, USER],
        (_, ["users", _, "memberships"]) => &[MEMBERSHIP],
        (_, ["groups"] | ["groups", _] | ["groups", _, "descendant_groups"]) => &[GROUP],
        _ => &[BASIC, MEMBER],
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    match &body {
        Value::Array(entries) => entries.iter().for_each(|entry| demand(path, entry, tables)),
        entry => demand(path, entry, tables),
    }
}

fn demand(path: &str, entry: &Value, tables: &[Table]) {
    let entry = entry.as_object().unwrap_or_else(|| panic!("{path}: not an object"));
    let known: Vec<_> = tables.iter().flat_map(|table| table.iter()).collect();
    for name in entry.keys() {
        assert!(known.iter().any(|(known, ..)| known == name), "{path}: {name} is not documented");
    }
    for (name, kind, presence) in known {
        let fits = match (entry.get(*name), kind) {
            (None, _) => *presence == Sometimes,
            (Some(Value::Null), _) => *presence != Always,
            (Some(value), Integer) => value.is_u64(),
            (Some(value), Text) => value.is_string(),
            (Some(value), Flag) => value.is_boolean(),
            (Some(value), Object) => value.is_object(),
            (Some(value), List) => value.is_array(),
        };
        assert!(fits, "{path}: {name} is {:?}", entry.get(*name));
    }
}

//! The JSON that a custom directory speaks, version 1. docs/custom-provider.md says it in words; its schema is made from
//! these types.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The version of the contract.
pub const CONTRACT_VERSION: u64 = 1;

/// Whether someone may be in the catalog. Words that are not in this list are never taken for `active`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A person of the organisation.
    Active,
    /// Suspended for a time.
    Suspended,
    /// Disabled or left.
    Disabled,
    /// Deleted.
    Deleted,
    /// Invited, not yet here.
    Invited,
    /// From another organisation.
    Guest,
    /// Not a person.
    Bot,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// The stable id: never reused, never a name or an address that may change.
    #[schemars(length(min = 1, max = 200))]
    pub id: String,
    /// What the entity is named after. May change.
    #[schemars(length(min = 1, max = 200))]
    pub login: String,
    /// Whether the person may be in the catalog. Required for every user of every answer.
    #[schemars(with = "Status")]
    pub status: String,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// An https address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Annotations of the entity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Email {
    /// The address.
    pub address: String,
    /// Whether the organisation knows that it is this person's; people are linked to other providers by verified
    /// addresses only.
    #[serde(default)]
    pub verified: bool,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// The stable id.
    #[schemars(length(min = 1, max = 200))]
    pub id: String,
    /// What the entity is named after. May change.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What the group is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `spec.type` of the entity; `team` when it is not there.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The group's own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// An https address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The id of the group above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Annotations of the entity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A direct membership: of a person, or of another group with all its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Membership {
    /// Of a person.
    User {
        /// The id of the group.
        group: String,
        /// The id of the person.
        user: String,
    },
    /// Of a group.
    Group {
        /// The id of the group.
        group: String,
        /// The id of the group that belongs to it.
        member_group: String,
    },
}

/// Who is gone, in answers to `changes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Removed {
    /// Ids of people.
    pub users: Vec<String>,
    /// Ids of groups.
    pub groups: Vec<String>,
    /// Memberships.
    pub memberships: Vec<Membership>,
}

/// The answer to `full`, `changes` and `page`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = require_next)]
pub struct PageAnswer {
    /// 1.
    pub version: u64,
    /// People, those too who may not be in the catalog.
    #[serde(default)]
    pub users: Vec<User>,
    /// Groups.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Direct memberships.
    #[serde(default)]
    pub memberships: Vec<Membership>,
    /// Changes only: who is gone.
    #[serde(default)]
    pub removed: Removed,
    /// Changes only: ids of groups whose memberships come anew and complete.
    #[serde(default)]
    pub memberships_replaced: Vec<String>,
    /// Where the next page begins; null on the last one. Required (of a command: on the last line), so that an answer
    /// that was cut off is not taken for a whole one.
    #[schemars(length(max = 8192))]
    pub next: Option<String>,
    /// On the last page: from where `changes` can be asked later.
    #[serde(default)]
    #[schemars(length(max = 8192))]
    pub since: Option<String>,
}

/// The answer to `user`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = require_user)]
pub struct UserAnswer {
    /// 1.
    pub version: u64,
    /// The person; null for someone who is not, or no longer, there. Required.
    pub user: Option<User>,
    /// Ids of all groups that the person is directly in; null where finding out costs too much.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ErrorAnswer {
    /// 1.
    pub version: u64,
    /// Why.
    pub error: ErrorWord,
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorWord {
    /// What changed since then is no longer known; Portal reads everything.
    SinceTooOld,
    /// The directory does not answer questions of this kind.
    Unsupported,
}

/// Any answer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// To `full`, `changes` and `page`.
    Page(Box<PageAnswer>),
    /// To `user`.
    User(Box<UserAnswer>),
    /// To any question.
    Error(ErrorAnswer),
}

/// What Portal asks. A command reads it as one line of JSON; an endpoint as parameters of the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "ask", rename_all = "lowercase")]
pub enum Question {
    /// Everything, from the beginning.
    Full,
    /// What changed since an earlier read.
    Changes {
        /// `since` of that read's last page.
        since: String,
    },
    /// The next page of a read.
    Page {
        /// `next` of the page before.
        cursor: String,
    },
    /// One person, as of now.
    User {
        /// The stable id, or
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// the login.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<String>,
    },
}

/// The body of an event.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EventBody {
    /// Ids of people to be read again.
    pub users: Vec<String>,
    /// Logins of people to be read again, where ids are not at hand.
    pub logins: Vec<String>,
    /// Whether more changed than these people: a run follows.
    pub run: bool,
}

/// Null is a value of these fields, and their absence is a fault.
fn require(schema: &mut Schema, field: &str) {
    let required = schema.ensure_object().entry("required").or_insert_with(|| json!([]));
    if let Some(fields) = required.as_array_mut() {
        fields.push(json!(field));
    }
}

fn require_next(schema: &mut Schema) {
    require(schema, "next");
}

fn require_user(schema: &mut Schema) {
    require(schema, "user");
}

/// The JSON Schema of [`Answer`], as docs/custom-provider.schema.json publishes it.
#[must_use]
pub fn answer_schema() -> serde_json::Value {
    schemars::schema_for!(Answer).to_value()
}

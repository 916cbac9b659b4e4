//! What Okta answers, as far as it is read.

use serde::Deserialize;

/// A user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OktaUser {
    pub(super) id: String,
    pub(super) status: Option<String>,
    pub(super) transitioning_to_status: Option<String>,
    #[serde(default)]
    pub(super) profile: OktaProfile,
    #[serde(default)]
    pub(super) credentials: OktaCredentials,
}

/// What a user's profile says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OktaProfile {
    pub(super) login: Option<String>,
    pub(super) email: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
}

/// Which addresses Okta has verified.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OktaCredentials {
    pub(super) emails: Vec<OktaEmail>,
}

/// One of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OktaEmail {
    pub(super) value: String,
    pub(super) status: String,
}

/// Someone in a group: more is told, and not needed.
#[derive(Debug, Deserialize)]
pub(super) struct OktaMember {
    pub(super) id: String,
}

/// A group.
#[derive(Debug, Deserialize)]
pub(super) struct OktaGroup {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) profile: OktaGroupProfile,
}

/// What a group's profile says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OktaGroupProfile {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
}

/// An entry of the System Log, of an event hook too.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OktaLogEvent {
    #[serde(default)]
    pub(super) event_type: String,
    pub(super) target: Option<Vec<OktaTarget>>,
}

/// Whom an entry is about.
#[derive(Debug, Deserialize)]
pub(super) struct OktaTarget {
    pub(super) id: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

/// A delivery of an event hook.
#[derive(Debug, Deserialize)]
pub(super) struct OktaHook {
    pub(super) data: OktaHookData,
}

/// What it holds.
#[derive(Debug, Deserialize)]
pub(super) struct OktaHookData {
    #[serde(default)]
    pub(super) events: Vec<OktaLogEvent>,
}

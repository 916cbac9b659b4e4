//! What Graph answers, as far as it is read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One page of a collection. Pages may be short or empty; only the lack of a link ends them.
#[derive(Debug, Deserialize)]
pub(super) struct GraphPage<T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta: Option<String>,
}

/// A user. What was not selected, and in changes what did not change, is missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphUser {
    pub(super) id: String,
    pub(super) account_enabled: Option<bool>,
    pub(super) user_type: Option<String>,
    pub(super) user_principal_name: Option<String>,
    pub(super) mail: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) external_user_state: Option<String>,
    pub(super) employee_leave_date_time: Option<String>,
    #[serde(rename = "@removed")]
    pub(super) removed: Option<Value>,
}

/// A group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphGroup {
    pub(super) id: String,
    pub(super) display_name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) mail: Option<String>,
    #[serde(rename = "@removed")]
    pub(super) removed: Option<Value>,
    #[serde(rename = "members@delta", default)]
    pub(super) members: Vec<GraphMember>,
}

/// Someone or something in a group.
#[derive(Debug, Deserialize)]
pub(super) struct GraphMember {
    pub(super) id: String,
    #[serde(rename = "@odata.type")]
    pub(super) kind: Option<String>,
    #[serde(rename = "@removed")]
    pub(super) removed: Option<Value>,
}

/// A subscription to change notifications.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphSubscription {
    pub(super) id: String,
    pub(super) resource: String,
    pub(super) notification_url: Option<String>,
    pub(super) expiration_date_time: String,
}

/// Change notifications.
#[derive(Debug, Deserialize)]
pub(super) struct Notifications {
    pub(super) value: Vec<Notification>,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    pub(super) client_state: Option<String>,
    pub(super) lifecycle_event: Option<String>,
    #[serde(default)]
    pub(super) resource: String,
    pub(super) resource_data: Option<BTreeMap<String, Value>>,
}

/// A refusal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GraphRefusal {
    pub(super) error: GraphError,
}

/// What it says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GraphError {
    pub(super) code: String,
}

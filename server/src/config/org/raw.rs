//! Providers as written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::sign_in::RawSignIn;
use crate::config::raw::RawSecret;

/// `[org]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RawOrg {
    pub providers: Vec<RawProvider>,
}

/// `[[org.providers]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawProvider {
    pub id: String,
    pub kind: RawKind,
    pub title: Option<String>,
    pub schedule_minutes: Option<u32>,
    pub delta_minutes: Option<u32>,
    pub namespace: Option<String>,
    pub authoritative: Option<bool>,
    #[serde(default)]
    pub admin_groups: Vec<String>,
    pub link: Option<RawLink>,
    pub github: Option<RawGithub>,
    pub gitlab: Option<RawGitlab>,
    pub file: Option<RawFile>,
    pub custom: Option<RawCustom>,
    pub entra: Option<RawEntra>,
    pub okta: Option<RawOkta>,
    pub sign_in: Option<RawSignIn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawKind {
    Github,
    Gitlab,
    Entra,
    Okta,
    File,
    Custom,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawLink {
    pub to: String,
    pub by: RawLinkBy,
    pub key: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawLinkBy {
    VerifiedEmail,
    Annotation,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawGithub {
    pub base_url: Option<String>,
    pub api_url: Option<String>,
    pub organization: String,
    pub token: Option<RawSecret>,
    pub app_id: Option<RawAppId>,
    pub private_key: Option<RawSecret>,
    pub installation_id: Option<u64>,
    pub enterprise: Option<RawGithubEnterprise>,
    pub webhook_secret: Option<RawSecret>,
    #[serde(default)]
    pub email_domains: Vec<String>,
    #[serde(default)]
    pub verified_domains: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

/// GitHub shows a number and a client id; either works.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::config) enum RawAppId {
    Number(u64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawGithubEnterprise {
    pub slug: String,
    pub token: RawSecret,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawGitlab {
    pub base_url: Option<String>,
    pub token: RawSecret,
    pub group: Option<String>,
    #[serde(default)]
    pub instance: bool,
    #[serde(default)]
    pub external_users: bool,
    #[serde(default)]
    pub seat_required: bool,
    pub webhook_secret: Option<RawSecret>,
    pub webhook_signing_token: Option<RawSecret>,
    #[serde(default)]
    pub email_domains: Vec<String>,
    #[serde(default)]
    pub verified_domains: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawFile {
    pub target: String,
    #[serde(default)]
    pub email_domains: Vec<String>,
    #[serde(default)]
    pub verified_domains: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawCustom {
    pub url: Option<String>,
    pub token: Option<RawSecret>,
    pub command: Option<Vec<String>>,
    pub environment: Option<BTreeMap<String, RawSecret>>,
    pub timeout_seconds: Option<u64>,
    #[serde(default)]
    pub delta: bool,
    pub webhook_secret: Option<RawSecret>,
    #[serde(default)]
    pub email_domains: Vec<String>,
    #[serde(default)]
    pub verified_domains: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawEntra {
    pub tenant_id: String,
    pub client_id: String,
    pub client_secret: Option<RawSecret>,
    pub certificate: Option<RawSecret>,
    pub private_key: Option<RawSecret>,
    pub cloud: Option<String>,
    pub login_url: Option<String>,
    pub graph_url: Option<String>,
    #[serde(default)]
    pub guests: bool,
    #[serde(default)]
    pub leave_dates: bool,
    #[serde(default)]
    pub login: RawLogin,
    #[serde(default)]
    pub notifications: bool,
    pub webhook_secret: Option<RawSecret>,
    #[serde(default)]
    pub email_domains: Vec<String>,
    #[serde(default)]
    pub verified_domains: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawOkta {
    pub url: String,
    pub token: Option<RawSecret>,
    pub client_id: Option<String>,
    pub key_id: Option<String>,
    pub private_key: Option<RawSecret>,
    pub group_types: Option<Vec<RawGroupType>>,
    pub locked_out_is_active: Option<bool>,
    #[serde(default)]
    pub login: RawLogin,
    pub webhook_secret: Option<RawSecret>,
    pub webhook_header: Option<String>,
    #[serde(default)]
    pub email_domains: Vec<String>,
    #[serde(default)]
    pub verified_domains: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawLogin {
    #[default]
    LocalPart,
    Whole,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(in crate::config) enum RawGroupType {
    #[serde(rename = "OKTA_GROUP")]
    Okta,
    #[serde(rename = "APP_GROUP")]
    App,
    #[serde(rename = "BUILT_IN")]
    BuiltIn,
}

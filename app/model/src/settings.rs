//! The settings that admins change while Portal runs.
//!
//! Every way in (settings page, `portal settings`) builds a [`SettingChange`]; every reader gets a [`Settings`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    EntityRef,
    branding::{Accent, ProductName},
    codes::ErrorCode,
    lifetimes::RefreshLifetimes,
    provider_settings::ProviderSettings,
};

/// Longest announcement of the admin's own words, in characters.
pub const ROLLOUT_MESSAGE_LENGTH_MAX: usize = 500;
/// Most example prompts of an announcement.
pub const ROLLOUT_PROMPTS_MAX: usize = 5;
/// Longest example prompt, in characters.
pub const ROLLOUT_PROMPT_LENGTH_MAX: usize = 200;
/// Most patterns of client documents.
pub const CLIENT_PATTERNS_MAX: usize = 100;
/// Most groups an announcement can name.
pub const AUDIENCE_GROUPS_MAX: usize = 100;

/// The plugin sources that are on while nobody has switched them.
pub const SOURCES_ON_BY_DEFAULT: [&str; 3] = ["auth", "catalog", "search"];

/// The plugin sources that this Portal has: those that can be switched.
pub const SOURCES: [&str; 2] = ["auth", "catalog"];

/// Which client documents are believed (`mcp.cimd.policy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CimdPolicy {
    /// The built-in agents, and the patterns of `mcp.cimd.allowed` beside them.
    WellKnown,
    /// Any https document.
    Any,
}

/// Host and path prefix of client documents, as in `agents.example.com/oauth/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientPattern {
    host: String,
    path: String,
}

impl ClientPattern {
    /// Whether a document at this host (lower case, with a port when the address names one) and path is meant.
    /// The path prefix ends at a segment border: `/oauth` means `/oauth` and `/oauth/x`, not `/oauth2`.
    #[must_use]
    pub fn matches(&self, host: &str, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(self.path.as_str()) else { return false };
        host == self.host && (rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/'))
    }
}

impl TryFrom<String> for ClientPattern {
    type Error = ErrorCode;

    fn try_from(text: String) -> Result<Self, ErrorCode> {
        let text = text.trim();
        let text = text.strip_prefix("https://").unwrap_or(text);
        let (host, path) = text.find('/').map_or((text, "/"), |slash| text.split_at(slash));
        let host_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
        let path_allowed =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'*' | b'?' | b'#' | b'\\' | b'%');
        let dots = path.split('/').any(|segment| segment == "." || segment == "..");
        if host.is_empty() || host.len() > 253 || !host.bytes().all(host_allowed) || dots {
            return Err(ErrorCode::ClientPatternInvalid);
        }
        if path.len() > 512 || !path.bytes().all(path_allowed) {
            return Err(ErrorCode::ClientPatternInvalid);
        }
        Ok(Self { host: host.to_ascii_lowercase(), path: path.to_owned() })
    }
}

impl From<ClientPattern> for String {
    fn from(pattern: ClientPattern) -> Self {
        format!("{}{}", pattern.host, pattern.path)
    }
}

/// Whom an announcement is for (`mcp.rollout.audience`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Everyone who can sign in.
    Everyone,
    /// Members of these groups, nested ones included.
    Groups(Vec<EntityRef>),
}

/// All settings, each valid by itself and with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the settings page")]
pub struct Settings {
    /// `mcp.cimd.enabled`
    pub cimd_enabled: bool,
    /// `mcp.cimd.policy`
    pub cimd_policy: CimdPolicy,
    /// `mcp.cimd.allowed`
    pub cimd_allowed: Vec<ClientPattern>,
    /// `mcp.refresh.enabled`
    pub refresh_enabled: bool,
    /// `mcp.refresh.token_lifetime_days` and `mcp.refresh.session_lifetime_days`
    pub refresh_lifetimes: RefreshLifetimes,
    /// `mcp.sources.<source>.enabled`, only what someone has switched
    pub sources: BTreeMap<String, bool>,
    /// `mcp.rollout.announce`
    pub rollout_announce: bool,
    /// `mcp.rollout.audience`
    pub rollout_audience: Audience,
    /// `mcp.rollout.message`; empty for the words of Portal
    pub rollout_message: String,
    /// `mcp.rollout.prompts`: example prompts, one line each; none for those of Portal
    pub rollout_prompts: Vec<String>,
    /// `mcp.dcr.enabled`
    pub dcr_enabled: bool,
    /// `tokens.personal.enabled`
    pub personal_tokens_enabled: bool,
    /// `sign_in.local.enabled`
    pub sign_in_local_enabled: bool,
    /// `ui.product_name`
    pub product_name: ProductName,
    /// `ui.accent`
    pub accent: Accent,
    /// `org.<provider>.…`, only of providers for which someone has set something
    pub providers: BTreeMap<String, ProviderSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cimd_enabled: false,
            cimd_policy: CimdPolicy::WellKnown,
            cimd_allowed: Vec::new(),
            refresh_enabled: false,
            refresh_lifetimes: RefreshLifetimes::DEFAULT,
            sources: BTreeMap::new(),
            rollout_announce: false,
            rollout_audience: Audience::Everyone,
            rollout_message: String::new(),
            rollout_prompts: Vec::new(),
            dcr_enabled: false,
            personal_tokens_enabled: false,
            sign_in_local_enabled: true,
            product_name: ProductName::default(),
            accent: Accent::default(),
            providers: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Whether the plugin source of this id is on.
    #[must_use]
    pub fn source_enabled(&self, source: &str) -> bool {
        self.sources.get(source).copied().unwrap_or_else(|| SOURCES_ON_BY_DEFAULT.contains(&source))
    }

    /// What is set for a provider.
    #[must_use]
    pub fn provider(&self, id: &str) -> ProviderSettings {
        self.providers.get(id).cloned().unwrap_or_default()
    }

    /// Whether agents can introduce themselves: by a document, or by registering. Clients that an admin has registered
    /// sign in without it.
    #[must_use]
    pub const fn agents_can_introduce_themselves(&self) -> bool {
        self.cimd_enabled || self.dcr_enabled
    }
}

/// One change to one setting, its value already valid by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingChange {
    /// `mcp.cimd.enabled`
    CimdEnabled(bool),
    /// `mcp.cimd.policy`
    CimdPolicy(CimdPolicy),
    /// `mcp.cimd.allowed`
    CimdAllowed(Vec<ClientPattern>),
    /// `mcp.refresh.enabled`
    RefreshEnabled(bool),
    /// `mcp.refresh.token_lifetime_days` and `mcp.refresh.session_lifetime_days`, always together
    RefreshLifetimes(RefreshLifetimes),
    /// `mcp.sources.<source>.enabled`
    SourceEnabled {
        /// Id of the plugin source.
        source: String,
        /// Whether its tools are listed and callable.
        enabled: bool,
    },
    /// `mcp.rollout.announce`
    RolloutAnnounce(bool),
    /// `mcp.rollout.audience`
    RolloutAudience(Audience),
    /// `mcp.rollout.message`
    RolloutMessage(String),
    /// `mcp.rollout.prompts`
    RolloutPrompts(Vec<String>),
    /// `mcp.dcr.enabled`
    DcrEnabled(bool),
    /// `tokens.personal.enabled`
    PersonalTokensEnabled(bool),
    /// `sign_in.local.enabled`
    SignInLocalEnabled(bool),
    /// `ui.product_name`
    ProductName(ProductName),
    /// `ui.accent`
    Accent(Accent),
    /// `org.<provider>.…`, all of one provider together
    Provider {
        /// Id of a provider that the configuration names.
        id: String,
        /// What shall be set for it.
        settings: ProviderSettings,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<ClientPattern, ErrorCode> {
        ClientPattern::try_from(text.to_owned())
    }

    #[test]
    fn a_pattern_ends_at_a_segment_border() {
        let oauth = pattern("Agents.Example.com/oauth").unwrap();
        assert!(oauth.matches("agents.example.com", "/oauth"));
        assert!(oauth.matches("agents.example.com", "/oauth/client.json"));
        assert!(!oauth.matches("agents.example.com", "/oauth2/client.json"));
        assert!(!oauth.matches("agents.example.com.evil.test", "/oauth/x"));
        assert!(pattern("agents.example.com").unwrap().matches("agents.example.com", "/any"));
    }

    #[test]
    fn patterns_that_could_mean_more_than_they_say_are_refused() {
        for text in ["", "/path", "*.example.com", "h/../x", "h/a?b", "user@host/x", "h/%2e%2e/"] {
            assert_eq!(pattern(text), Err(ErrorCode::ClientPatternInvalid), "{text}");
        }
    }

    #[test]
    fn built_in_sources_are_on_and_others_off() {
        let settings = Settings::default();
        assert!(settings.source_enabled("auth") && !settings.source_enabled("scaffolder"));
    }
}

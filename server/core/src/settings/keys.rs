//! The table of settings: each key, its value as stored and as text. Storage, list, set and the audit log all read it.

use std::collections::BTreeMap;

use portal_model::{
    EntityRef, FieldError,
    branding::{Accent, ProductName},
    lifetimes::{RefreshLifetimes, SessionLifetimeDays, TokenLifetimeDays},
    provider_settings::ProviderSettings,
    settings::{Audience, CimdPolicy, ClientPattern, Settings},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::provider_keys::{self, ProviderEntry};

/// What stands before and after the name of a plugin source in its key.
const SOURCE_KEY: (&str, &str) = ("mcp.sources.", ".enabled");
/// The audience of everyone, in JSON and as text.
const EVERYONE: &str = "everyone";

/// Settings on their way to being checked: like [`Settings`], but each value still by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Draft {
    pub(super) cimd_enabled: bool,
    pub(super) cimd_policy: CimdPolicy,
    pub(super) cimd_allowed: Vec<ClientPattern>,
    pub(super) refresh_enabled: bool,
    pub(super) token_lifetime: TokenLifetimeDays,
    pub(super) session_lifetime: SessionLifetimeDays,
    pub(super) sources: BTreeMap<String, bool>,
    pub(super) rollout_announce: bool,
    pub(super) rollout_audience: Audience,
    pub(super) rollout_message: String,
    pub(super) rollout_prompts: Vec<String>,
    pub(super) dcr_enabled: bool,
    pub(super) personal_tokens_enabled: bool,
    pub(super) sign_in_local_enabled: bool,
    pub(super) product_name: ProductName,
    pub(super) accent: Accent,
    pub(super) providers: BTreeMap<String, ProviderSettings>,
}

impl From<&Settings> for Draft {
    fn from(settings: &Settings) -> Self {
        Self {
            cimd_enabled: settings.cimd_enabled,
            cimd_policy: settings.cimd_policy,
            cimd_allowed: settings.cimd_allowed.clone(),
            refresh_enabled: settings.refresh_enabled,
            token_lifetime: settings.refresh_lifetimes.token(),
            session_lifetime: settings.refresh_lifetimes.session(),
            sources: settings.sources.clone(),
            rollout_announce: settings.rollout_announce,
            rollout_audience: settings.rollout_audience.clone(),
            rollout_message: settings.rollout_message.clone(),
            rollout_prompts: settings.rollout_prompts.clone(),
            dcr_enabled: settings.dcr_enabled,
            personal_tokens_enabled: settings.personal_tokens_enabled,
            sign_in_local_enabled: settings.sign_in_local_enabled,
            product_name: settings.product_name.clone(),
            accent: settings.accent,
            providers: settings.providers.clone(),
        }
    }
}

impl Draft {
    /// Takes over a stored value; `None` when it cannot be read.
    fn load(&mut self, key: &str, text: &str) -> Option<()> {
        if let Some(source) = source_of(key) {
            self.sources.insert(source.to_owned(), serde_json::from_str(text).ok()?);
        } else if let Some((provider, entry)) = ProviderEntry::find(key) {
            // Kept also for a provider that the configuration does not name at present.
            let settings = self.providers.entry(provider.to_owned()).or_default();
            entry.load(settings, serde_json::from_str(text).ok()?)?;
        } else if let Some(entry) = Entry::find(key) {
            (entry.load)(self, serde_json::from_str(text).ok()?)?;
        }
        Some(())
    }

    /// The settings, the two lifetimes checked together.
    ///
    /// # Errors
    /// `session-shorter-than-token`, without a field.
    pub(super) fn settings(self) -> Result<Settings, FieldError> {
        Ok(Settings {
            cimd_enabled: self.cimd_enabled,
            cimd_policy: self.cimd_policy,
            cimd_allowed: self.cimd_allowed,
            refresh_enabled: self.refresh_enabled,
            refresh_lifetimes: RefreshLifetimes::new(self.token_lifetime, self.session_lifetime)?,
            sources: self.sources,
            rollout_announce: self.rollout_announce,
            rollout_audience: self.rollout_audience,
            rollout_message: self.rollout_message,
            rollout_prompts: self.rollout_prompts,
            dcr_enabled: self.dcr_enabled,
            personal_tokens_enabled: self.personal_tokens_enabled,
            sign_in_local_enabled: self.sign_in_local_enabled,
            product_name: self.product_name,
            accent: self.accent,
            providers: self.providers,
        })
    }
}

/// One setting of the table.
pub(super) struct Entry {
    /// The key, as in the store and on the command line.
    pub(super) key: &'static str,
    /// What a text must be, for the command line's message.
    pub(super) expected: &'static str,
    /// The value as stored.
    json: fn(&Draft) -> Value,
    /// Takes over a stored value; `None` when it is not one.
    load: fn(&mut Draft, Value) -> Option<()>,
    /// Takes over a text; `None` when it is not a value.
    parse: fn(&mut Draft, &str) -> Option<()>,
    /// The value as text.
    text: fn(&Draft) -> String,
}

/// A switch: true or false.
macro_rules! switch {
    ($key:literal, $field:ident) => {
        Entry {
            key: $key,
            expected: "true or false",
            json: |draft| Value::Bool(draft.$field),
            load: |draft, value| value.as_bool().map(|on| draft.$field = on),
            parse: |draft, text| switch_parse(text).map(|on| draft.$field = on),
            text: |draft| draft.$field.to_string(),
        }
    };
}

/// A number of days with limits of its own.
macro_rules! days {
    ($key:literal, $expected:literal, $field:ident) => {
        Entry {
            key: $key,
            expected: $expected,
            json: |draft| json(&draft.$field),
            load: |draft, value| read(value).map(|days| draft.$field = days),
            parse: |draft, text| text.parse().ok().map(|days| draft.$field = days),
            text: |draft| draft.$field.days().to_string(),
        }
    };
}

/// Every setting but the plugin sources, in the order in which they are listed.
pub(super) const ENTRIES: [Entry; 15] = [
    switch!("mcp.cimd.enabled", cimd_enabled),
    Entry {
        key: "mcp.cimd.policy",
        expected: "well-known or any",
        json: |draft| json(&draft.cimd_policy),
        load: |draft, value| read(value).map(|policy| draft.cimd_policy = policy),
        parse: |draft, text| read(Value::from(text)).map(|policy| draft.cimd_policy = policy),
        text: |draft| json(&draft.cimd_policy).as_str().unwrap_or_default().to_owned(),
    },
    Entry {
        key: "mcp.cimd.allowed",
        expected: "hosts with optional paths, such as agents.example.com/oauth/, separated by commas; empty for none",
        json: |draft| json(&draft.cimd_allowed),
        load: |draft, value| read(value).map(|patterns| draft.cimd_allowed = patterns),
        parse: |draft, text| {
            let patterns = items(text).map(|item| ClientPattern::try_from(item.to_owned()));
            patterns.collect::<Result<_, _>>().ok().map(|patterns| draft.cimd_allowed = patterns)
        },
        text: |draft| draft.cimd_allowed.iter().cloned().map(String::from).collect::<Vec<_>>().join(","),
    },
    switch!("mcp.refresh.enabled", refresh_enabled),
    days!("mcp.refresh.token_lifetime_days", "a whole number from 1 to 14", token_lifetime),
    days!("mcp.refresh.session_lifetime_days", "a whole number from 1 to 90", session_lifetime),
    switch!("mcp.rollout.announce", rollout_announce),
    Entry {
        key: "mcp.rollout.audience",
        expected: "everyone, or groups such as group:default/team-a, separated by commas",
        json: |draft| match &draft.rollout_audience {
            Audience::Everyone => Value::from(EVERYONE),
            Audience::Groups(groups) => json(groups),
        },
        load: |draft, value| {
            let audience =
                if value == EVERYONE { Some(Audience::Everyone) } else { read(value).map(Audience::Groups) };
            audience.map(|audience| draft.rollout_audience = audience)
        },
        parse: |draft, text| audience_parse(text).map(|audience| draft.rollout_audience = audience),
        text: |draft| match &draft.rollout_audience {
            Audience::Everyone => EVERYONE.to_owned(),
            Audience::Groups(groups) => groups.iter().map(EntityRef::to_string).collect::<Vec<_>>().join(","),
        },
    },
    Entry {
        key: "mcp.rollout.message",
        expected: "a text",
        json: |draft| Value::from(draft.rollout_message.as_str()),
        load: |draft, value| read(value).map(|message| draft.rollout_message = message),
        parse: |draft, text| {
            text.clone_into(&mut draft.rollout_message);
            Some(())
        },
        text: |draft| draft.rollout_message.clone(),
    },
    Entry {
        key: "mcp.rollout.prompts",
        expected: "up to five lines of at most 200 characters; empty for none",
        json: |draft| json(&draft.rollout_prompts),
        load: |draft, value| read(value).map(|prompts| draft.rollout_prompts = prompts),
        parse: |draft, text| {
            draft.rollout_prompts = text.lines().map(str::to_owned).collect();
            Some(())
        },
        text: |draft| draft.rollout_prompts.join("\n"),
    },
    switch!("mcp.dcr.enabled", dcr_enabled),
    switch!("tokens.personal.enabled", personal_tokens_enabled),
    switch!("sign_in.local.enabled", sign_in_local_enabled),
    Entry {
        key: "ui.product_name",
        expected: "at most 40 letters, digits, blanks and -._+!()",
        json: |draft| json(&draft.product_name),
        load: |draft, value| read(value).map(|name| draft.product_name = name),
        parse: |draft, text| read(Value::from(text)).map(|name| draft.product_name = name),
        text: |draft| draft.product_name.as_str().to_owned(),
    },
    Entry {
        key: "ui.accent",
        expected: "verdigris, fern, lagoon, azure, indigo, violet, plum or slate",
        json: |draft| json(&draft.accent),
        load: |draft, value| read(value).map(|accent| draft.accent = accent),
        parse: |draft, text| Accent::parse(text).map(|accent| draft.accent = accent),
        text: |draft| draft.accent.as_str().to_owned(),
    },
];

impl Entry {
    pub(super) fn find(key: &str) -> Option<&'static Self> {
        const { &ENTRIES }.iter().find(|entry| entry.key == key)
    }

    pub(super) fn text(&self, draft: &Draft) -> String {
        (self.text)(draft)
    }

    pub(super) fn parse(&self, draft: &mut Draft, text: &str) -> Option<()> {
        (self.parse)(draft, text.trim())
    }
}

/// The key of a plugin source's switch.
pub(super) fn source_key(source: &str) -> String {
    format!("{}{source}{}", SOURCE_KEY.0, SOURCE_KEY.1)
}

/// The plugin source whose switch this key is; `None` for other keys.
pub(super) fn source_of(key: &str) -> Option<&str> {
    let source = key.strip_prefix(SOURCE_KEY.0)?.strip_suffix(SOURCE_KEY.1)?;
    (!source.is_empty() && !source.contains('.')).then_some(source)
}

/// The settings of stored pairs; what is not stored has its default. Keys of other parts of Portal are passed over.
///
/// # Errors
/// The key whose value cannot be read.
pub(super) fn load(stored: &[(String, String)]) -> Result<Settings, String> {
    let mut draft = Draft::from(&Settings::default());
    for (key, text) in stored {
        draft.load(key, text).ok_or_else(|| format!("the stored value of {key} cannot be read"))?;
    }
    draft.settings().map_err(|error| format!("mcp.refresh.session_lifetime_days: {error}"))
}

/// What differs between two settings: (key, before, after), in the order of the list.
pub(super) fn differences(before: &Settings, after: &Settings) -> Vec<(String, Value, Value)> {
    let (old, new) = (Draft::from(before), Draft::from(after));
    let entries = ENTRIES.iter().map(|entry| (entry.key.to_owned(), (entry.json)(&old), (entry.json)(&new)));
    let sources = new.sources.keys().map(|source| {
        let enabled = |settings: &Settings| Value::Bool(settings.source_enabled(source));
        (source_key(source), enabled(before), enabled(after))
    });
    let changed = entries.chain(sources).filter(|(_, old, new)| old != new);
    changed.chain(provider_keys::differences(before, after)).collect()
}

/// `true`, `on`, `false` or `off`; `None` for any other text.
pub(super) fn switch_parse(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "on" => Some(true),
        "false" | "off" => Some(false),
        _ => None,
    }
}

fn audience_parse(text: &str) -> Option<Audience> {
    if text.eq_ignore_ascii_case(EVERYONE) {
        return Some(Audience::Everyone);
    }
    let groups: Option<Vec<EntityRef>> = items(text).map(|item| item.parse().ok()).collect();
    groups.filter(|groups| !groups.is_empty()).map(Audience::Groups)
}

pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

pub(super) fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

/// The values of the table are texts, numbers and lists of texts: they always become JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(pairs: &[(&str, &str)]) -> Settings {
        let mut draft = Draft::from(&Settings::default());
        for (key, text) in pairs {
            Entry::find(key).unwrap().parse(&mut draft, text).unwrap();
        }
        draft.settings().unwrap()
    }

    #[test]
    fn stored_values_read_back() {
        let mut settings = changed(&[
            ("mcp.cimd.enabled", "on"),
            ("mcp.cimd.policy", "any"),
            ("mcp.cimd.allowed", "agents.example.com/oauth/, other.example.com"),
            ("mcp.refresh.enabled", "true"),
            ("mcp.refresh.session_lifetime_days", "20"),
            ("mcp.refresh.token_lifetime_days", "14"),
            ("mcp.rollout.announce", "true"),
            ("mcp.rollout.audience", "group:default/team-a,group:acme/b"),
            ("mcp.rollout.message", "Hello, agents"),
            ("mcp.rollout.prompts", "Who owns billing?\nWhich APIs are ours?"),
            ("mcp.dcr.enabled", "on"),
            ("tokens.personal.enabled", "on"),
            ("sign_in.local.enabled", "off"),
            ("ui.product_name", "Acme Hub"),
            ("ui.accent", "plum"),
        ]);
        settings.sources.insert("catalog".to_owned(), false);
        let differences = differences(&Settings::default(), &settings);
        assert_eq!(differences.len(), ENTRIES.len() + 1);
        let stored: Vec<(String, String)> =
            differences.into_iter().map(|(key, _, after)| (key, after.to_string())).collect();
        assert_eq!(load(&stored), Ok(settings));
    }

    #[test]
    fn texts_are_what_set_takes() {
        let settings =
            changed(&[("mcp.rollout.audience", "group:default/team-a"), ("mcp.cimd.allowed", "a.example/x")]);
        let draft = Draft::from(&settings);
        for entry in &ENTRIES {
            let mut other = Draft::from(&Settings::default());
            assert_eq!(entry.parse(&mut other, &entry.text(&draft)), Some(()), "{}", entry.key);
            assert_eq!((entry.json)(&other), (entry.json)(&draft), "{}", entry.key);
        }
    }

    #[test]
    fn texts_that_are_no_values_are_refused() {
        for (key, text) in [
            ("mcp.cimd.enabled", "yes please"),
            ("mcp.cimd.policy", "Any-thing"),
            ("mcp.cimd.allowed", "*.example.com"),
            ("mcp.refresh.token_lifetime_days", "15"),
            ("mcp.refresh.session_lifetime_days", "-1"),
            ("mcp.rollout.audience", ""),
            ("mcp.rollout.audience", "team-a"),
            ("ui.product_name", "<script>"),
            ("ui.accent", "#f00"),
        ] {
            let mut draft = Draft::from(&Settings::default());
            assert_eq!(Entry::find(key).unwrap().parse(&mut draft, text), None, "{key} {text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_and_what_is_unknown_passed_over() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(load(&[pair("org.acme.wonders", "48")]), Ok(Settings::default()));
        let acme = load(&[pair("org.acme.freshness_hours", "24")]).unwrap();
        assert_eq!(acme.provider("acme").freshness_hours, 24);
        assert_eq!(acme.provider("other").freshness_hours, 48);
        let error = load(&[pair("mcp.cimd.enabled", "\"yes\"")]).unwrap_err();
        assert!(error.contains("mcp.cimd.enabled"), "{error}");
        assert!(load(&[pair("mcp.refresh.session_lifetime_days", "3")]).is_err());
    }

    #[test]
    fn keys_of_sources_name_one_source() {
        assert_eq!(source_of(&source_key("auth")), Some("auth"));
        for key in
            ["mcp.sources..enabled", "mcp.sources.enabled", "mcp.sources.a.b.enabled", "mcp.cimd.enabled"]
        {
            assert_eq!(source_of(key), None, "{key}");
        }
    }
}

//! The settings of providers: one table for all of them, with the provider in the key (`org.<provider>.<name>`).

use portal_model::{
    provider_settings::{
        ADMIN_GROUP_LENGTH_MAX, ADMIN_GROUPS_MAX, FRESHNESS_HOURS, ProviderSettings,
        REMOVAL_LIMIT_PERCENT_MAX,
    },
    settings::Settings,
};
use serde_json::Value;

use super::keys::{items, json, read};

/// What stands before the provider in a key.
const PREFIX: &str = "org.";

/// One setting of a provider.
pub(super) struct ProviderEntry {
    /// The last part of the key.
    name: &'static str,
    /// What a text must be, for the command line's message.
    pub(super) expected: &'static str,
    /// The value as stored.
    json: fn(&ProviderSettings) -> Value,
    /// Takes over a stored value; `None` when it is not one.
    load: fn(&mut ProviderSettings, Value) -> Option<()>,
    /// Takes over a text; `None` when it is not a value.
    parse: fn(&mut ProviderSettings, &str) -> Option<()>,
    /// The value as text.
    text: fn(&ProviderSettings) -> String,
}

/// Every setting of a provider, in the order in which they are listed.
const ENTRIES: [ProviderEntry; 4] = [
    ProviderEntry {
        name: "freshness_hours",
        expected: "a whole number of hours from 1 to 8760",
        json: |settings| Value::from(settings.freshness_hours),
        load: |settings, value| hours(read(value)?).map(|hours| settings.freshness_hours = hours),
        parse: |settings, text| hours(text.parse().ok()?).map(|hours| settings.freshness_hours = hours),
        text: |settings| settings.freshness_hours.to_string(),
    },
    ProviderEntry {
        name: "when_stale",
        expected: "warn or refuse",
        json: |settings| json(&settings.when_stale),
        load: |settings, value| read(value).map(|choice| settings.when_stale = choice),
        parse: |settings, text| read(Value::from(text)).map(|choice| settings.when_stale = choice),
        text: |settings| json(&settings.when_stale).as_str().unwrap_or_default().to_owned(),
    },
    ProviderEntry {
        name: "removal_limit_percent",
        expected: "a whole number from 0 to 100",
        json: |settings| Value::from(settings.removal_limit_percent),
        load: |settings, value| percent(read(value)?).map(|percent| settings.removal_limit_percent = percent),
        parse: |settings, text| {
            percent(text.parse().ok()?).map(|percent| settings.removal_limit_percent = percent)
        },
        text: |settings| settings.removal_limit_percent.to_string(),
    },
    ProviderEntry {
        name: "admin_groups",
        expected: "ids or names of at most 50 groups of the provider, separated by commas; empty for none",
        json: |settings| json(&settings.admin_groups),
        load: |settings, value| groups(read(value)?).map(|groups| settings.admin_groups = groups),
        parse: |settings, text| {
            let named = items(text).map(str::to_owned).collect();
            groups(named).map(|groups| settings.admin_groups = groups)
        },
        text: |settings| settings.admin_groups.join(","),
    },
];

fn hours(hours: u16) -> Option<u16> {
    (FRESHNESS_HOURS.0..=FRESHNESS_HOURS.1).contains(&hours).then_some(hours)
}

fn percent(percent: u8) -> Option<u8> {
    (percent <= REMOVAL_LIMIT_PERCENT_MAX).then_some(percent)
}

fn groups(mut groups: Vec<String>) -> Option<Vec<String>> {
    groups.sort_unstable();
    groups.dedup();
    let plain = |group: &String| {
        !group.is_empty()
            && group.chars().count() <= ADMIN_GROUP_LENGTH_MAX
            && !group.chars().any(|character| character.is_control() || character == ',')
    };
    (groups.len() <= ADMIN_GROUPS_MAX && groups.iter().all(plain)).then_some(groups)
}

impl ProviderEntry {
    /// The provider and the setting that a key names; `None` for other keys.
    pub(super) fn find(key: &str) -> Option<(&str, &'static Self)> {
        let (provider, name) = key.strip_prefix(PREFIX)?.split_once('.')?;
        let entry = const { &ENTRIES }.iter().find(|entry| entry.name == name)?;
        (!provider.is_empty()).then_some((provider, entry))
    }

    /// Takes over a stored value; `None` when it is not one.
    pub(super) fn load(&self, settings: &mut ProviderSettings, value: Value) -> Option<()> {
        (self.load)(settings, value)
    }

    /// Takes over a text; `None` when it is not a value.
    pub(super) fn parse(&self, settings: &mut ProviderSettings, text: &str) -> Option<()> {
        (self.parse)(settings, text.trim())
    }
}

/// Every key of a provider, with its value as text.
pub(super) fn list(provider: &str, settings: &ProviderSettings) -> Vec<(String, String)> {
    ENTRIES.iter().map(|entry| (key(provider, entry), (entry.text)(settings))).collect()
}

/// What differs between two settings: (key, before, after).
pub(super) fn differences(before: &Settings, after: &Settings) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    for provider in after.providers.keys() {
        let (old, new) = (before.provider(provider), after.provider(provider));
        let of = |entry: &ProviderEntry| (key(provider, entry), (entry.json)(&old), (entry.json)(&new));
        found.extend(ENTRIES.iter().map(of).filter(|(_, old, new)| old != new));
    }
    found
}

fn key(provider: &str, entry: &ProviderEntry) -> String {
    format!("{PREFIX}{provider}.{}", entry.name)
}

#[cfg(test)]
mod tests {
    use portal_model::provider_settings::WhenStale;

    use super::*;

    #[test]
    fn texts_are_what_set_takes() {
        let settings = ProviderSettings {
            freshness_hours: 24,
            when_stale: WhenStale::Refuse,
            removal_limit_percent: 0,
            admin_groups: vec!["a".to_owned(), "b c".to_owned()],
        };
        let mut read = ProviderSettings::default();
        let mut loaded = ProviderSettings::default();
        for (key, text) in list("acme-1", &settings) {
            let (provider, entry) = ProviderEntry::find(&key).unwrap();
            assert_eq!(provider, "acme-1");
            entry.parse(&mut read, &text).unwrap();
            entry.load(&mut loaded, (entry.json)(&settings)).unwrap();
        }
        assert_eq!((&read, &loaded), (&settings, &settings));
    }

    #[test]
    fn texts_that_are_no_values_are_refused() {
        for (key, text) in [
            ("org.acme.freshness_hours", "0"),
            ("org.acme.freshness_hours", "8761"),
            ("org.acme.when_stale", "ignore"),
            ("org.acme.removal_limit_percent", "101"),
            ("org.acme.admin_groups", "a\u{1b}"),
        ] {
            let (_, entry) = ProviderEntry::find(key).unwrap();
            assert_eq!(entry.parse(&mut ProviderSettings::default(), text), None, "{key} {text}");
        }
        for key in ["org.acme", "org..freshness_hours", "org.acme.x", "mcp.cimd.enabled"] {
            assert!(ProviderEntry::find(key).is_none(), "{key}");
        }
    }
}

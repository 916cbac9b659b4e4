//! `[[org.providers]]`: the directories that Portal reads.

mod forges;
mod kinds;
pub(super) mod raw;
mod scope;
mod sign_in;

use std::{collections::HashSet, path::Path};

use portal_core::org::{LinkRule, ProviderId, ProviderKind, ProviderOptions};
use portal_directory::AdapterOptions;

use self::{
    raw::{RawKind, RawLink, RawLinkBy, RawOrg, RawProvider},
    scope::Scope,
};
use super::{ConfigError, PublicUrl, source::Sources};

pub use self::sign_in::SignInConfig;

const SCHEDULE_MINUTES: std::ops::RangeInclusive<u32> = 5..=1440;
const SCHEDULE_MINUTES_DEFAULT: u32 = 60;
const DELTA_MINUTES: std::ops::RangeInclusive<u32> = 1..=1440;
const DELTA_MINUTES_DEFAULT: u32 = 5;
/// Most providers.
const PROVIDERS_MAX: usize = 50;

/// A provider, checked.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// What does not depend on its kind.
    pub options: ProviderOptions,
    /// What does.
    pub adapter: AdapterOptions,
    /// How people sign in with it; `None` when they do not.
    pub sign_in: Option<SignInConfig>,
}

/// Checks every provider, and all of them together.
pub(super) fn resolve(
    raw: RawOrg,
    folder: &Path,
    public_url: &PublicUrl,
    sources: &Sources,
) -> Result<Vec<ProviderConfig>, ConfigError> {
    if raw.providers.len() > PROVIDERS_MAX {
        return Err(sources.error("org.providers", format!("expected {PROVIDERS_MAX} at most")));
    }
    let mut seen = HashSet::new();
    let mut providers = Vec::new();
    for (index, raw) in raw.providers.into_iter().enumerate() {
        let scope = Scope { key: format!("org.providers[{index}]"), folder, sources, public_url };
        let provider = provider(raw, &scope)?;
        if !seen.insert(provider.options.id.clone()) {
            let message = format!("another provider is called {:?} too", provider.options.id.as_str());
            return Err(scope.error("id", message));
        }
        providers.push(provider);
    }
    for (index, provider) in providers.iter().enumerate() {
        if let Some(link) = &provider.options.link
            && let Some(message) = link_fault(link, provider, &providers)
        {
            return Err(sources.error(&format!("org.providers[{index}].link"), message));
        }
    }
    Ok(providers)
}

fn provider(mut raw: RawProvider, scope: &Scope<'_>) -> Result<ProviderConfig, ConfigError> {
    let id = ProviderId::parse(&raw.id).map_err(|error| scope.error("id", error.to_string()))?;
    let kind = kind(raw.kind);
    let link = raw.link.take().map(|link| link_rule(link, scope)).transpose()?;
    let title = match &raw.title {
        Some(title) => scope.words("title", title)?,
        None => default_title(kind).to_owned(),
    };
    let namespace = namespace(raw.namespace.as_deref(), scope)?;
    if raw.admin_groups.iter().any(|group| group.trim().is_empty()) {
        return Err(scope.error("admin_groups", "expected ids or names of groups"));
    }
    let schedule_minutes = raw.schedule_minutes.unwrap_or(SCHEDULE_MINUTES_DEFAULT);
    if !SCHEDULE_MINUTES.contains(&schedule_minutes) {
        return Err(out_of_range(scope, "schedule_minutes", &SCHEDULE_MINUTES, schedule_minutes));
    }
    let (delta, authoritative, admin_groups) =
        (raw.delta_minutes, raw.authoritative, std::mem::take(&mut raw.admin_groups));
    let sign_in = raw.sign_in.take();
    let adapter = kinds::adapter(raw, &id, &namespace, scope)?;
    adapter
        .verify()
        .map_err(|error| scope.error(&format!("{}.{}", kind.as_str(), error.key), error.reason))?;
    let sign_in = sign_in.map(|raw| sign_in::resolve(raw, &title, &adapter, scope)).transpose()?;
    let delta_minutes = delta_minutes(delta, &adapter, scope)?;
    let options = ProviderOptions {
        id,
        kind,
        title,
        schedule_minutes,
        delta_minutes,
        namespace,
        authoritative: authoritative.unwrap_or(true),
        link,
        admin_groups,
    };
    Ok(ProviderConfig { options, adapter, sign_in })
}

fn out_of_range(
    scope: &Scope<'_>,
    key: &str,
    range: &std::ops::RangeInclusive<u32>,
    found: u32,
) -> ConfigError {
    scope.error(key, format!("expected {} to {} minutes, found {found}", range.start(), range.end()))
}

fn delta_minutes(
    raw: Option<u32>,
    adapter: &AdapterOptions,
    scope: &Scope<'_>,
) -> Result<Option<u32>, ConfigError> {
    match raw {
        None => Ok(adapter.has_delta().then_some(DELTA_MINUTES_DEFAULT)),
        Some(0) => Ok(None),
        Some(_) if !adapter.has_delta() => Err(scope.error(
            "delta_minutes",
            "this provider cannot tell what changed since the last run; leave this out, or write 0",
        )),
        Some(minutes) if DELTA_MINUTES.contains(&minutes) => Ok(Some(minutes)),
        Some(minutes) => Err(out_of_range(scope, "delta_minutes", &DELTA_MINUTES, minutes)),
    }
}

fn namespace(raw: Option<&str>, scope: &Scope<'_>) -> Result<String, ConfigError> {
    let namespace = raw.unwrap_or("default");
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = !namespace.starts_with('-') && !namespace.ends_with('-');
    if !namespace.is_empty() && namespace.len() <= 63 && ends && namespace.bytes().all(inner) {
        return Ok(namespace.to_owned());
    }
    Err(scope.error(
        "namespace",
        "expected 1 to 63 lower-case letters, digits or '-', with a letter or digit at both ends",
    ))
}

fn link_rule(raw: RawLink, scope: &Scope<'_>) -> Result<LinkRule, ConfigError> {
    let to = ProviderId::parse(&raw.to).map_err(|error| scope.error("link.to", error.to_string()))?;
    match (raw.by, raw.key) {
        (RawLinkBy::VerifiedEmail, None) => Ok(LinkRule::VerifiedEmail { to }),
        (RawLinkBy::VerifiedEmail, Some(_)) => {
            Err(scope.error("link.key", "is for by = \"annotation\" only; leave it out"))
        }
        (RawLinkBy::Annotation, Some(key)) if !key.trim().is_empty() => Ok(LinkRule::Annotation { to, key }),
        (RawLinkBy::Annotation, _) => {
            Err(scope
                .error("link", "expected key with by = \"annotation\", such as graph.microsoft.com/user-id"))
        }
    }
}

/// What is wrong with a link among all providers.
fn link_fault(link: &LinkRule, provider: &ProviderConfig, all: &[ProviderConfig]) -> Option<String> {
    if *link.to() == provider.options.id {
        return Some("a provider cannot be linked to itself".to_owned());
    }
    match all.iter().find(|other| other.options.id == *link.to()) {
        None => Some(format!("there is no provider {:?}", link.to().as_str())),
        // One step only: which entity stands for a person must not depend on who is read first.
        Some(other) if other.options.link.is_some() => {
            Some(format!("the provider {:?} is linked itself; expected one that is not", link.to().as_str()))
        }
        Some(_) => None,
    }
}

const fn kind(raw: RawKind) -> ProviderKind {
    match raw {
        RawKind::Github => ProviderKind::Github,
        RawKind::Gitlab => ProviderKind::Gitlab,
        RawKind::Entra => ProviderKind::Entra,
        RawKind::Okta => ProviderKind::Okta,
        RawKind::File => ProviderKind::File,
        RawKind::Custom => ProviderKind::Custom,
    }
}

const fn default_title(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Github => "GitHub",
        ProviderKind::Gitlab => "GitLab",
        ProviderKind::Entra => "Microsoft Entra ID",
        ProviderKind::Okta => "Okta",
        ProviderKind::File => "Files",
        ProviderKind::Custom => "Directory",
    }
}

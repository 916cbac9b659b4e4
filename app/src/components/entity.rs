//! Entities, people and groups: names, icons and links.

use leptos::prelude::*;
use portal_core::{catalog::StoredEntity, oauth::records::LogoId, services::LOGO_PATH};
use portal_model::EntityRef;
use serde_json::Value;

use super::{Icon, icon};
use crate::text;

/// The icon of a kind, and of a component's type.
pub(crate) fn kind_icon(kind: &str, component_type: Option<&str>) -> AnyView {
    icon(match (kind, component_type) {
        ("component", Some("website")) => Icon::Browser,
        ("component", Some("library")) => Icon::Library,
        ("api", _) => Icon::Api,
        ("resource", _) => Icon::Resource,
        ("system" | "domain", _) => Icon::System,
        ("group", _) => Icon::People,
        ("user", _) => Icon::Person,
        ("location", _) => Icon::Document,
        ("airesource", _) => Icon::Plug,
        _ => Icon::Cube,
    })
}

/// A kind in words, as written in descriptors.
pub(crate) fn kind_word(kind: &str) -> String {
    match kind {
        "api" => "API".to_owned(),
        "airesource" => "AI resource".to_owned(),
        other => {
            let mut letters = other.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
    }
}

/// Several entities of a kind, in words.
pub(crate) fn kinds_word(kind: &str) -> String {
    match kind {
        "user" => "People".to_owned(),
        "api" => "APIs".to_owned(),
        other if other.ends_with('s') || other.is_empty() => kind_word(other),
        other => match other.strip_suffix('y') {
            Some(stem) => format!("{}ies", kind_word(stem)),
            None => format!("{}s", kind_word(other)),
        },
    }
}

/// What to call an entity: a person's or group's display name, else the title, else the name.
pub(crate) fn entity_label(entity: &StoredEntity) -> String {
    let text = |pointer: &str| entity.document.pointer(pointer).and_then(Value::as_str);
    let found = text("/spec/profile/displayName").or_else(|| text("/metadata/title"));
    let name = text("/metadata/name").unwrap_or_else(|| entity.entity_ref.name());
    found.filter(|label| !label.trim().is_empty()).unwrap_or(name).chars().take(200).collect()
}

/// A link to an entity's page, with remote text kept to itself.
pub(crate) fn entity_link(entity_ref: &EntityRef, label: Option<String>) -> AnyView {
    let label = label.unwrap_or_else(|| entity_ref.name().to_owned());
    view! { <a href=entity_ref.path() title=entity_ref.to_string()><bdi>{label}</bdi></a> }.into_any()
}

/// The plate of a person (round), a group (square) or an agent (outlined).
pub(crate) fn avatar(class: &'static str, name: &str) -> AnyView {
    view! { <span class=class aria-hidden="true">{text::initials(name)}</span> }.into_any()
}

/// The mark of a client: its picture, or its initials where it has none.
pub(crate) fn client_mark(name: &str, logo: Option<&LogoId>) -> AnyView {
    match logo {
        Some(logo) => {
            view! { <img class="av agent picture" src=logo_path(logo) alt="" width="28" height="28" loading="lazy" decoding="async"/> }
                .into_any()
        }
        None => avatar("av agent", name),
    }
}

/// Where Portal serves a picture of a client.
pub(crate) fn logo_path(logo: &LogoId) -> String {
    format!("{LOGO_PATH}/{}", logo.as_str())
}

/// A text that may break after each `@`, so that an e-mail address is not cut in the middle of a word.
pub(crate) fn address(text: &str) -> AnyView {
    let mut parts = text.split_inclusive('@').map(str::to_owned);
    let first = parts.next();
    let rest = parts.map(|part| view! { <wbr/>{part} }).collect_view();
    view! { <bdi class="address">{first}{rest}</bdi> }.into_any()
}

/// A link target from outside, when it may be one: an absolute http or https address, or mail.
pub(crate) fn safe_link(target: &str) -> Option<String> {
    let parsed = url::Url::parse(target.trim()).ok()?;
    matches!(parsed.scheme(), "http" | "https" | "mailto").then(|| parsed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        assert_eq!(safe_link("https://example.test/a b").as_deref(), Some("https://example.test/a%20b"));
        assert_eq!(safe_link("mailto:ada@example.test").as_deref(), Some("mailto:ada@example.test"));
        for target in [
            "javascript:alert(1)",
            " JavaScript:alert(1)",
            "data:text/html,x",
            "/relative",
            "//host",
            "vbscript:x",
        ] {
            assert_eq!(safe_link(target), None, "{target}");
        }
    }

    #[test]
    fn kinds_are_words() {
        assert_eq!(kind_word("component"), "Component");
        assert_eq!(kind_word("api"), "API");
        assert_eq!(kind_word(""), "");
        let many = ["api", "user", "resource", "policy", "", "airesource"].map(kinds_word);
        assert_eq!(many, ["APIs", "People", "Resources", "Policies", "", "AI resources"]);
    }
}

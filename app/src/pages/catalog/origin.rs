//! Where an entity comes from, and what its descriptor notes for tools.

use leptos::prelude::*;
use portal_core::catalog::StoredEntity;

use super::about::{annotation, outside_link};
use crate::components::{Icon, icon, safe_link};

/// Most annotations shown.
const ANNOTATIONS_MAX: usize = 50;
/// Longest value of one, in characters.
const VALUE_CHARS_MAX: usize = 500;
/// Annotations that the panel of the origin tells.
const TOLD: [&str; 6] = [
    "backstage.io/managed-by-location",
    "backstage.io/managed-by-origin-location",
    "backstage.io/source-location",
    "backstage.io/view-url",
    "backstage.io/edit-url",
    "backstage.io/orphan",
];

/// The files that it was read from, and where to look at them and change them.
pub(super) fn origin_panel(entity: &StoredEntity, admin: bool) -> Option<AnyView> {
    let text = |key: &str| {
        annotation(entity, key).map(|text| text.chars().take(VALUE_CHARS_MAX).collect::<String>())
    };
    let from = text("backstage.io/managed-by-location");
    let origin =
        text("backstage.io/managed-by-origin-location").filter(|origin| Some(origin) != from.as_ref());
    let link = |key: &str, words: &str| {
        let target = text(key)?;
        let target = safe_link(target.strip_prefix("url:").unwrap_or(&target))?;
        Some(outside_link("btn quiet small", target, words.to_owned()))
    };
    let (look, edit) = (link("backstage.io/view-url", "View"), link("backstage.io/edit-url", "Edit"));
    if from.is_none() && origin.is_none() && look.is_none() && edit.is_none() {
        return None;
    }
    let place = |place: String| {
        let shown = place.strip_prefix("file:").or_else(|| place.strip_prefix("url:")).unwrap_or(&place);
        view! { <code class="break">{shown.to_owned()}</code> }
    };
    let locations = admin.then(|| view! { <a href="/settings/org-data">"Locations"</a> });
    let view = view! {
        <section class="panel" aria-labelledby="origin">
            <header><h2 id="origin">"Origin"</h2><span class="cluster tight">{look}{edit}{locations}</span></header>
            <dl class="facts lined">
                {from.map(|from| view! { <dt>"Read from"</dt><dd>{place(from)}</dd> })}
                {origin.map(|origin| view! { <dt>"Found by"</dt><dd>{place(origin)}</dd> })}
            </dl>
        </section>
    };
    Some(view.into_any())
}

/// What the descriptor notes for tools, folded.
pub(super) fn annotations_panel(entity: &StoredEntity) -> Option<AnyView> {
    let annotations = entity.document.pointer("/metadata/annotations")?.as_object()?;
    let others = annotations.iter().filter(|(key, _)| !TOLD.contains(&key.as_str()));
    let rows: Vec<AnyView> = others
        .take(ANNOTATIONS_MAX)
        .filter_map(|(key, value)| {
            let value: String = value.as_str()?.chars().take(VALUE_CHARS_MAX).collect();
            let key: String = key.chars().take(VALUE_CHARS_MAX).collect();
            let shown = match safe_link(&value) {
                Some(target) => outside_link("out", target, value),
                None => view! { <bdi class="break">{value}</bdi> }.into_any(),
            };
            Some(view! { <li><code class="break faint">{key}</code>{shown}</li> }.into_any())
        })
        .collect();
    (!rows.is_empty()).then(|| {
        let count = rows.len();
        view! {
            <details class="panel help" id="annotations">
                <summary>{icon(Icon::Next)}<h2>"Annotations"</h2><span class="faint">{count}</span></summary>
                <ul class="annotations">{rows}</ul>
            </details>
        }
        .into_any()
    })
}

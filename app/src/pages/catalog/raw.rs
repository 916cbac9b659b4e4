//! The descriptor as Portal keeps it: YAML or JSON.

use leptos::prelude::*;
use portal_core::catalog::{StoredEntity, to_yaml};

use super::{definition::CODE_CHARS_MAX, entity::Tab};
use crate::{components::code_block, page::PageRequest, text};

/// The part of the page with the descriptor; `?format=json` for JSON.
pub(super) fn raw_view(page: &PageRequest, entity: &StoredEntity) -> AnyView {
    let json = page.request.query("format").as_deref() == Some("json");
    descriptor_panel(entity, json)
}

pub(super) fn descriptor_panel(entity: &StoredEntity, json: bool) -> AnyView {
    let whole = if json {
        serde_json::to_string_pretty(&*entity.document).unwrap_or_default()
    } else {
        to_yaml(&entity.document)
    };
    let cut = whole.chars().nth(CODE_CHARS_MAX).is_some();
    let shown: String = whole.chars().take(CODE_CHARS_MAX).collect();
    let path = Tab::Raw.path(&entity.entity_ref);
    let choice = |words: &'static str, current: bool, path: String| {
        view! { <a href=path aria-current=current.then_some("page")>{words}</a> }
    };
    let as_json = format!("{path}&format=json");
    let words = cut.then(|| {
        let limit = text::thousands_of(CODE_CHARS_MAX);
        view! { <p class="small muted">{format!("The first {limit} characters are shown.")}</p> }
    });
    view! {
        <section class="panel" aria-labelledby="descriptor">
            <header>
                <h2 id="descriptor">"Descriptor, as Portal keeps it"</h2>
                <nav class="seg" aria-label="Format">{choice("YAML", !json, path)}{choice("JSON", json, as_json)}</nav>
            </header>
            <div class="pad whole-code">{words}{code_block(if json { "JSON" } else { "YAML" }, shown)}</div>
        </section>
    }
    .into_any()
}

//! A table of entities.

use leptos::prelude::*;
use portal_core::catalog::StoredEntity;
use portal_model::{EntityRef, entity_ref::DEFAULT_NAMESPACE};
use serde_json::Value;

use crate::components::{Tone, badge, entity_label, entity_link, kind_icon, kind_word, status};

/// Longest description in a row, in characters.
const DESCRIPTION_LENGTH_MAX: usize = 140;

/// Text at a place of an entity's document, cut to a number of characters.
pub(super) fn text_at(entity: &StoredEntity, pointer: &str, length_max: usize) -> Option<String> {
    let text = entity.document.pointer(pointer)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(length_max).collect())
}

/// The first entity that a relation leads to.
pub(super) fn related<'entity>(entity: &'entity StoredEntity, kind: &str) -> Option<&'entity EntityRef> {
    entity.relations.iter().find(|relation| relation.kind == kind).map(|relation| &relation.target)
}

/// Whether the entity carries an error of its processing.
pub(super) fn has_error(entity: &StoredEntity) -> bool {
    entity.document.pointer("/status/items").and_then(Value::as_array).is_some_and(|items| !items.is_empty())
}

/// The tone of a lifecycle.
pub(super) fn lifecycle_tone(lifecycle: &str) -> Tone {
    match lifecycle.to_ascii_lowercase().as_str() {
        "production" => Tone::Good,
        "deprecated" => Tone::Warning,
        _ => Tone::Plain,
    }
}

/// The table; `kinds` adds the column that says what each row is.
pub(crate) fn entity_table(caption: &'static str, entities: &[StoredEntity], kinds: bool) -> AnyView {
    let rows = entities.iter().map(|entity| row(entity, kinds)).collect_view();
    view! {
        <table class="table">
            <caption class="sr">{caption}</caption>
            <thead><tr>
                <th scope="col">"Name"</th>
                {kinds.then(|| view! { <th scope="col" class="wide">"Kind"</th> })}
                <th scope="col" class="wide">"Type"</th>
                <th scope="col" class="wide">"Owner"</th>
                <th scope="col" class="wide">"Lifecycle"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// What the label leaves unsaid of the reference: another name, another namespace.
fn alias(entity: &StoredEntity, label: &str) -> Option<String> {
    let (namespace, name) = (entity.entity_ref.namespace(), entity.entity_ref.name());
    match (namespace == DEFAULT_NAMESPACE, label == name) {
        (false, _) => Some(format!("{namespace}/{name}")),
        (true, false) => Some(name.to_owned()),
        (true, true) => None,
    }
}

fn row(entity: &StoredEntity, kinds: bool) -> AnyView {
    let kind = entity.entity_ref.kind();
    let kind_of = text_at(entity, "/spec/type", 60);
    let lifecycle = text_at(entity, "/spec/lifecycle", 40);
    let owner = related(entity, "ownedBy").map(|owner| entity_link(owner, None));
    let description = text_at(entity, "/metadata/description", DESCRIPTION_LENGTH_MAX);
    let label = entity_label(entity);
    let alias = alias(entity, &label);
    view! {
        <tr>
            <td><span class="who">
                <span class="kind">{kind_icon(kind, kind_of.as_deref())}</span>
                <span>
                    <a class="name" href=entity.entity_ref.path()><bdi>{label}</bdi></a>
                    {alias.map(|alias| view! { <code class="faint alias wide">{alias}</code> })}
                    {has_error(entity).then(|| badge(Tone::Warning, "Error"))}
                    {description.map(|text| view! { <span class="sub clip"><bdi>{text}</bdi></span> })}
                    <span class="sub only-s">{kind_word(kind)}</span>
                </span>
            </span></td>
            {kinds.then(|| view! { <td class="wide">{kind_word(kind)}</td> })}
            <td class="wide"><bdi>{kind_of}</bdi></td>
            <td class="wide">{owner}</td>
            <td class="wide">{lifecycle.map(|word| status(lifecycle_tone(&word), view! { <bdi>{word}</bdi> }))}</td>
        </tr>
    }
    .into_any()
}

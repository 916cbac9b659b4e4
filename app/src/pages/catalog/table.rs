//! Tables of entities.

use leptos::prelude::*;
use portal_core::catalog::{CatalogSort, KindGroup, StoredEntity};
use portal_model::{EntityRef, entity_ref::DEFAULT_NAMESPACE};
use serde_json::Value;

use super::address::Address;
use crate::{
    components::{
        Stars, Tone, badge, entity_label, entity_link, kind_icon, kind_word, kinds_word, star_button, status,
    },
    text,
};

/// Longest description in a row, in characters.
const DESCRIPTION_LENGTH_MAX: usize = 140;

/// Text at a place of an entity's document, cut to a number of characters.
pub(crate) fn text_at(entity: &StoredEntity, pointer: &str, length_max: usize) -> Option<String> {
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

/// What a table of entities shows.
pub(crate) struct Columns<'page> {
    /// What each row is.
    pub(crate) kinds: bool,
    /// Who owns it.
    pub(crate) owner: bool,
    /// The star of each row.
    pub(crate) stars: &'page Stars,
    /// Where the headings lead that sort it; `None` for a table in one order.
    pub(crate) sort: Option<&'page Address>,
}

impl Columns<'_> {
    fn head(&self, class: &'static str, sort: CatalogSort, words: &'static str) -> AnyView {
        let Some(address) = self.sort else {
            return view! { <th scope="col" class=class>{words}</th> }.into_any();
        };
        let current = address.order.sort == sort;
        let direction = match (current, address.order.descending) {
            (false, _) => None,
            (true, false) => Some("ascending"),
            (true, true) => Some("descending"),
        };
        let sign = current.then(|| {
            let class = if address.order.descending { "sort up" } else { "sort" };
            view! { <span class=class aria-hidden="true"></span> }
        });
        let path = address.sorted(sort).path();
        view! { <th scope="col" class=class aria-sort=direction><a href=path>{words}{sign}</a></th> }
            .into_any()
    }

    fn heads(&self) -> AnyView {
        view! {
            <thead><tr>
                {self.head("", CatalogSort::Name, "Name")}
                {self.kinds.then(|| self.head("wide", CatalogSort::Kind, "Kind"))}
                {self.head("wide", CatalogSort::Type, "Type")}
                {self.owner.then(|| self.head("wide", CatalogSort::Owner, "Owner"))}
                {self.head("wide", CatalogSort::Lifecycle, "Lifecycle")}
                <th scope="col" class="end"><span class="sr">"Star"</span></th>
            </tr></thead>
        }
        .into_any()
    }

    fn count(&self) -> usize {
        4 + usize::from(self.kinds) + usize::from(self.owner)
    }
}

/// The table. What is around it is `live`, for the stars.
pub(crate) fn entity_table(
    caption: &'static str,
    entities: &[StoredEntity],
    columns: &Columns<'_>,
) -> AnyView {
    let rows = entities.iter().map(|entity| row(entity, columns)).collect_view();
    view! {
        <table class="table">
            <caption class="sr">{caption}</caption>
            {columns.heads()}
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Entities by kind, each kind under its own heading, which leads to all of them.
pub(crate) fn grouped_table(
    caption: &'static str,
    groups: &[KindGroup],
    columns: &Columns<'_>,
    all_of: impl Fn(&str) -> Option<String>,
) -> AnyView {
    let width = columns.count().to_string();
    let bodies = groups.iter().map(|group| {
        let rows = group.items.iter().map(|entity| row(entity, columns)).collect_view();
        let left_out = group.count > i64::try_from(group.items.len()).unwrap_or(i64::MAX);
        let words = kinds_word(&group.kind);
        let link = all_of(&group.kind).map(|path| {
            let words = if left_out { "All in the catalog" } else { "Open in catalog" };
            let whose = format!(": {}", kinds_word(&group.kind));
            view! { <a href=path>{words}<span class="sr">{whose}</span></a> }
        });
        view! {
            <tbody>
                <tr class="group"><th scope="rowgroup" colspan=width.clone()><span class="line">
                    <span>{words}" "<span class="count">{text::thousands(group.count)}</span></span>{link}
                </span></th></tr>
                {rows}
            </tbody>
        }
    });
    view! {
        <table class="table grouped">
            <caption class="sr">{caption}</caption>
            {columns.heads()}
            {bodies.collect_view()}
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

fn row(entity: &StoredEntity, columns: &Columns<'_>) -> AnyView {
    let kind = entity.entity_ref.kind();
    let kind_of = text_at(entity, "/spec/type", 60);
    let lifecycle = text_at(entity, "/spec/lifecycle", 40);
    let owner = || related(entity, "ownedBy").map(|owner| entity_link(owner, None));
    let description = text_at(entity, "/metadata/description", DESCRIPTION_LENGTH_MAX);
    let label = entity_label(entity);
    let alias = alias(entity, &label);
    let star = star_button(columns.stars, &entity.entity_ref, &label);
    let sub = kind_of.as_ref().map_or_else(|| kind_word(kind), |word| format!("{}, {word}", kind_word(kind)));
    view! {
        <tr id=entity.entity_ref.to_string()>
            <td><span class="who">
                <span class="kind">{kind_icon(kind, kind_of.as_deref())}</span>
                <span>
                    <a class="name" href=entity.entity_ref.path()><bdi>{label}</bdi></a>
                    {alias.map(|alias| view! { <code class="faint alias wide">{alias}</code> })}
                    {has_error(entity).then(|| badge(Tone::Warning, "Error"))}
                    {description.map(|text| view! { <span class="sub clip"><bdi>{text}</bdi></span> })}
                    <span class="sub only-s"><bdi>{sub}</bdi></span>
                </span>
            </span></td>
            {columns.kinds.then(|| view! { <td class="wide">{kind_word(kind)}</td> })}
            <td class="wide"><bdi>{kind_of}</bdi></td>
            {columns.owner.then(|| view! { <td class="wide">{owner()}</td> })}
            <td class="wide">{lifecycle.map(|word| status(lifecycle_tone(&word), view! { <bdi>{word}</bdi> }))}</td>
            <td class="end">{star}</td>
        </tr>
    }
    .into_any()
}

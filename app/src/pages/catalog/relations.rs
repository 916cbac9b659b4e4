//! Relations of an entity, in words and as a drawing.

use std::collections::BTreeMap;

use leptos::prelude::*;
use portal_core::catalog::{CatalogError, CatalogService, StoredEntity};
use portal_model::EntityRef;

use crate::{
    components::{Tone, badge, entity_label, entity_link, kind_icon},
    text,
};

/// Most related entities whose names are looked up.
const NEIGHBOURS_MAX: usize = 500;
/// Most related entities shown of one kind of relation.
const SHOWN_MAX: usize = 60;
/// Most boxes in a column of the drawing.
const BOXES_MAX: usize = 5;

/// Relations in words, in the order shown.
const WORDS: [(&str, &str); 17] = [
    ("dependsOn", "Depends on"),
    ("dependencyOf", "Used by"),
    ("providesApi", "Provides"),
    ("consumesApi", "Consumes"),
    ("apiProvidedBy", "Provided by"),
    ("apiConsumedBy", "Consumed by"),
    ("hasPart", "Contains"),
    ("partOf", "Part of"),
    ("hasMember", "Members"),
    ("memberOf", "Member of"),
    ("leaderOf", "Leads"),
    ("ledBy", "Led by"),
    ("parentOf", "Groups below"),
    ("childOf", "Group above"),
    ("ownerOf", "Owns"),
    ("ownedBy", "Owned by"),
    ("hasOwner", "Owner"),
];

/// Names of the entities that relations lead to.
pub(super) struct Neighbours(BTreeMap<EntityRef, String>);

impl Neighbours {
    /// These names.
    #[cfg(test)]
    pub(super) const fn new(names: BTreeMap<EntityRef, String>) -> Self {
        Self(names)
    }

    /// Looks them up.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn load(catalog: &CatalogService, entity: &StoredEntity) -> Result<Self, CatalogError> {
        let mut refs: Vec<EntityRef> =
            entity.relations.iter().map(|relation| relation.target.clone()).collect();
        refs.sort_unstable();
        refs.dedup();
        refs.truncate(NEIGHBOURS_MAX);
        let found = catalog.entity_list(&refs).await?;
        Ok(Self(found.iter().map(|entity| (entity.entity_ref.clone(), entity_label(entity))).collect()))
    }

    /// Whether the catalog has it.
    pub(super) fn knows(&self, entity_ref: &EntityRef) -> bool {
        self.0.contains_key(entity_ref)
    }

    /// What to call it.
    pub(super) fn label(&self, entity_ref: &EntityRef) -> String {
        self.0.get(entity_ref).cloned().unwrap_or_else(|| entity_ref.name().to_owned())
    }

    /// A link to it; plain text with a badge when the catalog does not have it.
    pub(super) fn link(&self, entity_ref: &EntityRef) -> AnyView {
        if self.knows(entity_ref) {
            return entity_link(entity_ref, Some(self.label(entity_ref)));
        }
        view! { <code class="break">{entity_ref.to_string()}</code>" "{badge(Tone::Warning, "Not in the catalog")} }.into_any()
    }
}

fn targets<'entity>(entity: &'entity StoredEntity, kind: &str) -> Vec<&'entity EntityRef> {
    entity
        .relations
        .iter()
        .filter(|relation| relation.kind == kind)
        .map(|relation| &relation.target)
        .collect()
}

/// Every relation, grouped in words; those without a word keep their own name.
pub(super) fn relations_panel(entity: &StoredEntity, neighbours: &Neighbours) -> Option<AnyView> {
    let mut groups: Vec<(String, Vec<&EntityRef>)> =
        WORDS.iter().map(|(kind, words)| ((*words).to_owned(), targets(entity, kind))).collect();
    let known = |kind: &str| WORDS.iter().any(|(word, _)| *word == kind);
    let mut others: BTreeMap<&str, Vec<&EntityRef>> = BTreeMap::new();
    for relation in entity.relations.iter().filter(|relation| !known(&relation.kind)) {
        others.entry(&relation.kind).or_default().push(&relation.target);
    }
    groups.extend(others.into_iter().map(|(kind, refs)| (kind.chars().take(60).collect(), refs)));
    groups.retain(|(_, refs)| !refs.is_empty());
    if groups.is_empty() {
        return None;
    }
    let count = text::count_of(entity.relations.len(), "relation", "relations");
    let rows = groups.iter().map(|(words, refs)| group(words, refs, neighbours)).collect_view();
    let view = view! {
        <section class="panel" aria-labelledby="relations">
            <header><h2 id="relations">"Relations"</h2><span class="small faint">{count}</span></header>
            <dl class="facts lined related">{rows}</dl>
        </section>
    };
    Some(view.into_any())
}

fn group(words: &str, refs: &[&EntityRef], neighbours: &Neighbours) -> AnyView {
    let items = refs.iter().take(SHOWN_MAX).map(|entity_ref| item(entity_ref, neighbours)).collect_view();
    let more = refs.len().saturating_sub(SHOWN_MAX);
    let counted = (refs.len() > 1).then(|| view! { " "<span class="count">{refs.len()}</span> });
    view! {
        <dt><bdi>{words.to_owned()}</bdi>{counted}</dt>
        <dd>
            <ul class="refs">{items}</ul>
            {(more > 0).then(|| view! { <p class="tiny faint">{format!("and {more} more")}</p> })}
        </dd>
    }
    .into_any()
}

fn item(entity_ref: &EntityRef, neighbours: &Neighbours) -> AnyView {
    view! { <li>{kind_icon(entity_ref.kind(), None)}<span>{neighbours.link(entity_ref)}</span></li> }
        .into_any()
}

/// Who uses it, it, and what it depends on, side by side. `None` for an entity without such relations.
pub(super) fn drawing(entity: &StoredEntity, neighbours: &Neighbours) -> Option<AnyView> {
    let users: Vec<&EntityRef> = [targets(entity, "dependencyOf"), targets(entity, "apiConsumedBy")].concat();
    let needs: Vec<&EntityRef> = [targets(entity, "dependsOn"), targets(entity, "consumesApi")].concat();
    if users.is_empty() && needs.is_empty() {
        return None;
    }
    let rows = boxes(&users).max(boxes(&needs)).max(1);
    let view = view! {
        <section class="panel" aria-labelledby="drawing">
            <header><h2 id="drawing">"What depends on what"</h2></header>
            <div class="rel">
                {column("Used by", "Nothing uses it", &users, neighbours)}
                {wires(boxes(&users), rows, true)}
                <div class="col">
                    <span class="cap wide" aria-hidden="true">"\u{a0}"</span>
                    <span class="node self">{kind_icon(entity.entity_ref.kind(), None)}<span><bdi>{entity_label(entity)}</bdi></span></span>
                </div>
                {wires(boxes(&needs), rows, false)}
                {column("Depends on", "Depends on nothing", &needs, neighbours)}
            </div>
        </section>
    };
    Some(view.into_any())
}

/// How many boxes a column draws; the last may stand for the rest.
fn boxes(refs: &[&EntityRef]) -> usize {
    refs.len().min(BOXES_MAX)
}

fn column(words: &'static str, none: &'static str, refs: &[&EntityRef], neighbours: &Neighbours) -> AnyView {
    if refs.is_empty() {
        return view! { <div class="col"><span class="cap">{none}</span></div> }.into_any();
    }
    let shown = if refs.len() > BOXES_MAX { BOXES_MAX - 1 } else { refs.len() };
    let nodes = refs.iter().take(shown).map(|entity_ref| node(entity_ref, neighbours)).collect_view();
    let more = refs.len() - shown;
    view! {
        <div class="col">
            <span class="cap">{format!("{words} {}", refs.len())}</span>
            {nodes}
            {(more > 0).then(|| view! { <a class="node more" href="#relations">{format!("and {more} more")}</a> })}
        </div>
    }
    .into_any()
}

fn node(entity_ref: &EntityRef, neighbours: &Neighbours) -> AnyView {
    let label = neighbours.label(entity_ref);
    if !neighbours.knows(entity_ref) {
        let why = format!("{entity_ref} is not in the catalog");
        let shown = view! { <span class="node more" title=why>{kind_icon(entity_ref.kind(), None)}<span><bdi>{label}</bdi></span></span> };
        return shown.into_any();
    }
    view! {
        <a class="node" href=entity_ref.path() title=entity_ref.to_string()>
            {kind_icon(entity_ref.kind(), None)}<span><bdi>{label}</bdi></span>
        </a>
    }
    .into_any()
}

/// Height of a box and the gap below it, and of the caption above, in the drawing's units.
const STEP: usize = 44;
const CAPTION: usize = 24;

/// Lines from each box of a column to the middle one. Columns are centred, so the drawing is as high as the highest.
fn wires(count: usize, rows: usize, towards: bool) -> AnyView {
    let height = CAPTION + rows * STEP - 8;
    let middle = CAPTION + (rows * STEP - 8) / 2;
    let offset = (rows - count.min(rows)) * STEP / 2;
    let paths = (0..count)
        .map(|index| {
            let from = CAPTION + offset + index * STEP + 18;
            let path = if towards {
                format!("M0 {from}H8C24 {from} 18 {middle} 40 {middle}")
            } else {
                format!("M0 {middle}C22 {middle} 16 {from} 32 {from}H40")
            };
            view! { <path vector-effect="non-scaling-stroke" d=path></path> }
        })
        .collect_view();
    let view_box = format!("0 0 40 {height}");
    view! { <svg class="wire" viewBox=view_box preserveAspectRatio="none" aria-hidden="true">{paths}</svg> }
        .into_any()
}

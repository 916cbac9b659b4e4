//! Relations of an entity, in words and as a drawing.

use std::collections::BTreeMap;

use leptos::prelude::*;
use portal_core::catalog::{CatalogError, CatalogService, StoredEntity};
use portal_model::EntityRef;

use super::entity::Tab;
use crate::{
    components::{Tone, badge, entity_label, entity_link, kind_icon},
    page::{PageError, PageRequest},
    text,
};

/// Most related entities whose names are looked up.
const NEIGHBOURS_MAX: usize = 500;
/// Related entities of one kind of relation on the overview.
const BRIEF: usize = 12;
/// Related entities of one kind of relation where relations are the subject.
const SHOWN_MAX: usize = 30;
/// Related entities of a page that shows one kind of relation.
const PAGE_ROWS: usize = 100;
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

    /// Looks up those that pages show: of each kind of relation the first.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn load(catalog: &CatalogService, entity: &StoredEntity) -> Result<Self, CatalogError> {
        let mut refs = Vec::new();
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        for relation in &entity.relations {
            let count = counted.entry(&relation.kind).or_default();
            *count += 1;
            if *count <= SHOWN_MAX {
                refs.push(relation.target.clone());
            }
        }
        Self::of(catalog, refs).await
    }

    async fn of(catalog: &CatalogService, mut refs: Vec<EntityRef>) -> Result<Self, CatalogError> {
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

/// The entities that relations of a kind lead to.
pub(super) fn targets<'entity>(entity: &'entity StoredEntity, kind: &str) -> Vec<&'entity EntityRef> {
    entity
        .relations
        .iter()
        .filter(|relation| relation.kind == kind)
        .map(|relation| &relation.target)
        .collect()
}

/// The words of a kind of relation; without a word its own name.
fn words_of(kind: &str) -> String {
    let known = WORDS.iter().find(|(word, _)| *word == kind);
    known.map_or_else(|| kind.chars().take(60).collect(), |(_, words)| (*words).to_owned())
}

/// The kinds of relation that an entity has, in the order shown.
fn kinds_of(entity: &StoredEntity) -> Vec<&str> {
    let place = |kind: &str| WORDS.iter().position(|(word, _)| *word == kind).unwrap_or(WORDS.len());
    let mut kinds: Vec<&str> = entity.relations.iter().map(|relation| relation.kind.as_str()).collect();
    kinds.sort_by_key(|kind| (place(kind), (*kind).to_owned()));
    kinds.dedup();
    kinds
}

/// The first relations of each kind, with the way to all of them.
pub(super) fn relations_panel(entity: &StoredEntity, neighbours: &Neighbours) -> Option<AnyView> {
    panel(entity, neighbours, BRIEF)
}

fn panel(entity: &StoredEntity, neighbours: &Neighbours, most: usize) -> Option<AnyView> {
    let kinds = kinds_of(entity);
    if kinds.is_empty() {
        return None;
    }
    let count = text::count_of(entity.relations.len(), "relation", "relations");
    let rows = kinds.iter().map(|kind| group(entity, kind, neighbours, most)).collect_view();
    let view = view! {
        <section class="panel" aria-labelledby="relations">
            <header><h2 id="relations">"Relations"</h2><span class="small faint">{count}</span></header>
            <dl class="facts lined related">{rows}</dl>
        </section>
    };
    Some(view.into_any())
}

fn group(entity: &StoredEntity, kind: &str, neighbours: &Neighbours, most: usize) -> AnyView {
    let refs = targets(entity, kind);
    let items = refs.iter().take(most).map(|entity_ref| item(entity_ref, neighbours)).collect_view();
    let counted =
        (refs.len() > 1).then(|| view! { " "<span class="count">{text::thousands_of(refs.len())}</span> });
    let all = (refs.len() > most).then(|| {
        let words = format!("All {}", text::thousands_of(refs.len()));
        let path = kind_path(&entity.entity_ref, kind, 1);
        view! { <p class="tiny"><a class="target" href=path>{words}<span class="sr">": "{words_of(kind)}</span></a></p> }
    });
    view! {
        <dt><bdi>{words_of(kind)}</bdi>{counted}</dt>
        <dd><ul class="refs">{items}</ul>{all}</dd>
    }
    .into_any()
}

/// The address of all relations of a kind.
fn kind_path(entity_ref: &EntityRef, kind: &str, page: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("of", kind);
    if page > 1 {
        query.append_pair("page", &page.to_string());
    }
    format!("{}&{}", Tab::Relations.path(entity_ref), query.finish())
}

/// The part of the page with the relations: the first of each kind, or with `?of=` one kind in pages.
///
/// # Errors
/// The store failed.
pub(super) async fn relations_view(page: &PageRequest, entity: &StoredEntity) -> Result<AnyView, PageError> {
    let catalog = &page.request.services().catalog;
    let of = page.request.query("of");
    let Some(kind) = kinds_of(entity).into_iter().find(|kind| Some(*kind) == of.as_deref()) else {
        let neighbours = Neighbours::load(catalog, entity).await?;
        return Ok(view! { {drawing(entity, &neighbours)}{panel(entity, &neighbours, SHOWN_MAX)} }.into_any());
    };
    let all = targets(entity, kind);
    let pages = all.len().div_ceil(PAGE_ROWS).max(1);
    let number =
        page.request.query("page").and_then(|page| page.parse().ok()).unwrap_or(1_usize).clamp(1, pages);
    let shown: Vec<&EntityRef> = all.iter().skip((number - 1) * PAGE_ROWS).take(PAGE_ROWS).copied().collect();
    let neighbours = Neighbours::of(catalog, shown.iter().map(|found| (*found).clone()).collect()).await?;
    let items = shown.iter().map(|entity_ref| item(entity_ref, &neighbours)).collect_view();
    let link = |page: usize, words: &'static str| {
        view! { <a class="btn small" href=kind_path(&entity.entity_ref, kind, page)>{words}</a> }
    };
    let view = view! {
        <section class="panel" aria-labelledby="relations">
            <header>
                <h2 id="relations"><bdi>{words_of(kind)}</bdi></h2>
                <a href=Tab::Relations.path(&entity.entity_ref)>"All relations"</a>
            </header>
            <ul class="refs pad columns">{items}</ul>
            <nav class="pager" aria-label="Pages">
                <span>{text::count_of(all.len(), "relation", "relations")}</span>
                <span class="cluster">
                    {(number > 1).then(|| link(number - 1, "Previous"))}
                    {(number < pages).then(|| link(number + 1, "Next"))}
                </span>
            </nav>
        </section>
    };
    Ok(view.into_any())
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
            <span class="cap">{format!("{words} {}", text::thousands_of(refs.len()))}</span>
            {nodes}
            {(more > 0).then(|| view! { <a class="node more" href="#relations">{format!("and {} more", text::thousands_of(more))}</a> })}
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

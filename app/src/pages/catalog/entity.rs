//! `/catalog/{namespace}/{kind}/{name}`

use leptos::prelude::*;
use portal_core::catalog::StoredEntity;
use portal_model::{EntityRef, ErrorCode};
use serde_json::Value;

use super::{
    about::{about_panel, links_panel, ownership_panel},
    definition::{definition_panel, summary_panel},
    members::{members_panel, members_view},
    origin::{annotations_panel, origin_panel},
    owned::{groups_panel, owned_panel},
    raw::raw_view,
    relations::{Neighbours, drawing, relations_panel, relations_view},
    table::{lifecycle_tone, text_at},
};
use crate::{
    components::{
        Frame, Section, Stars, Tone, avatar, badge, chip, entity_label, kind_icon, kind_word, kinds_word,
        note, star_outcome, star_switch, status,
    },
    page::{PageError, PageRequest, PageResult},
    text,
};

/// Most errors shown.
const ERRORS_MAX: usize = 20;

/// A part of an entity's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Definition,
    Members,
    Relations,
    Raw,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Overview, Self::Definition, Self::Members, Self::Relations, Self::Raw];

    const fn word(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Definition => "definition",
            Self::Members => "members",
            Self::Relations => "relations",
            Self::Raw => "raw",
        }
    }

    /// The part's address.
    pub(super) fn path(self, entity_ref: &EntityRef) -> String {
        match self {
            Self::Overview => entity_ref.path(),
            other => format!("{}?view={}", entity_ref.path(), other.word()),
        }
    }

    fn fits(self, entity: &StoredEntity) -> bool {
        match self {
            Self::Overview | Self::Raw => true,
            Self::Definition => entity.entity_ref.kind() == "api",
            Self::Members => entity.entity_ref.kind() == "group",
            Self::Relations => !entity.relations.is_empty(),
        }
    }

    fn label(self, entity: &StoredEntity) -> (&'static str, Option<usize>) {
        let counted = |kind: &str| entity.relations.iter().filter(|relation| relation.kind == kind).count();
        match self {
            Self::Overview => ("Overview", None),
            Self::Definition => ("Definition", None),
            Self::Members => ("Members", Some(counted("hasMember"))),
            Self::Relations => ("Relations", Some(entity.relations.len())),
            Self::Raw => ("Descriptor", None),
        }
    }
}

/// One entity.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let part = |name: &str| page.params.get_str(name).unwrap_or_default().to_owned();
    let Ok(entity_ref) = EntityRef::new(&part("kind"), &part("namespace"), &part("name")) else {
        return Err(ErrorCode::NotFound.into());
    };
    let services = page.request.services();
    let Some(entity) = services.catalog.entity(&entity_ref).await? else {
        return Err(ErrorCode::NotFound.into());
    };
    services.personal.view_record(&frame.signed_in, &entity_ref).await;
    let stars = Stars::load(&page).await?;
    let wanted = page.request.query("view").unwrap_or_default();
    let tab = Tab::ALL.into_iter().find(|tab| tab.word() == wanted && tab.fits(&entity));
    let tab = tab.unwrap_or(Tab::Overview);
    let body = match tab {
        Tab::Overview => overview(&page, &frame, &entity, &stars).await?,
        Tab::Definition => {
            let definition = services.catalog.api_definition(&entity).await?;
            view! { {summary_panel(&entity, definition.as_deref(), None)}{definition_panel(&entity)} }
                .into_any()
        }
        Tab::Members => members_view(&page, &entity).await?,
        Tab::Relations => relations_view(&page, &entity).await?,
        Tab::Raw => raw_view(&page, &entity),
    };
    let content = view! {
        {crumbs(&entity)}
        {star_outcome(&page)}
        {heading(&entity, Some(&stars))}
        {tabs(&entity, tab)}
        {errors(&entity)}
        <div class="stack-6">{body}</div>
    };
    // A reference is made of letters, digits and "-_.:/": nothing to escape.
    Ok(frame.page(entity_ref.to_string(), Section::Catalog, content.into_any()))
}

async fn overview(
    page: &PageRequest,
    frame: &Frame,
    entity: &StoredEntity,
    stars: &Stars,
) -> Result<AnyView, PageError> {
    let catalog = &page.request.services().catalog;
    let neighbours = Neighbours::load(catalog, entity).await?;
    let main = match entity.entity_ref.kind() {
        "group" => {
            let members = members_panel(page, entity).await?;
            let groups = groups_panel("Groups around it", entity, &neighbours, &["childOf", "parentOf"]);
            let owned = owned_panel(catalog, entity, stars).await?;
            view! { {owned}{members}{groups} }.into_any()
        }
        "user" => {
            let groups = groups_panel("Groups", entity, &neighbours, &["memberOf", "leaderOf"]);
            let owned = owned_panel(catalog, entity, stars).await?;
            view! { {groups}{owned} }.into_any()
        }
        "system" | "domain" => {
            let parts = owned_panel(catalog, entity, stars).await?;
            view! { {parts}{drawing(entity, &neighbours)}{relations_panel(entity, &neighbours)} }.into_any()
        }
        "api" => {
            let definition = catalog.api_definition(entity).await?;
            let more = Some(Tab::Definition.path(&entity.entity_ref));
            view! {
                {summary_panel(entity, definition.as_deref(), more)}
                {drawing(entity, &neighbours)}
                {relations_panel(entity, &neighbours)}
            }
            .into_any()
        }
        _ => view! { {drawing(entity, &neighbours)}{relations_panel(entity, &neighbours)} }.into_any(),
    };
    let view = view! {
        <div class="ent">
            <div>{main}</div>
            <div>
                {about_panel(entity, &neighbours)}
                {ownership_panel(entity, &neighbours)}
                {links_panel(entity)}
                {origin_panel(entity, frame.signed_in.user().admin)}
                {annotations_panel(entity)}
            </div>
        </div>
    };
    Ok(view.into_any())
}

fn crumbs(entity: &StoredEntity) -> AnyView {
    let kind = entity.entity_ref.kind().to_owned();
    let path = format!("/catalog?kind={kind}");
    view! {
        <nav aria-label="Breadcrumb">
            <ol class="crumbs">
                <li><a href="/catalog">"Catalog"</a></li>
                <li><a href=path>{kinds_word(&kind)}</a></li>
                <li aria-current="page">{entity.entity_ref.name().to_owned()}</li>
            </ol>
        </nav>
    }
    .into_any()
}

fn tabs(entity: &StoredEntity, current: Tab) -> AnyView {
    let fitting = Tab::ALL.into_iter().filter(|tab| tab.fits(entity));
    let links = fitting.map(|tab| {
        let (words, count) = tab.label(entity);
        let count = count.map(|count| view! { <span class="count">{text::thousands_of(count)}</span> });
        view! {
            <a href=tab.path(&entity.entity_ref) aria-current=(tab == current).then_some("page")>{words}" "{count}</a>
        }
    });
    view! { <nav class="tabs ent-tabs" aria-label="Parts of this entity">{links.collect_view()}</nav> }
        .into_any()
}

/// The plate of a person or group, or the icon of its kind.
fn plate(entity: &StoredEntity, kind_of: Option<&str>) -> AnyView {
    match entity.entity_ref.kind() {
        "user" => avatar("av person xl", &entity_label(entity)),
        "group" => avatar("av group xl", &entity_label(entity)),
        kind => view! { <span class="kind lg">{kind_icon(kind, kind_of)}</span> }.into_any(),
    }
}

/// What it is. Without stars for pages that show no star.
pub(super) fn heading(entity: &StoredEntity, stars: Option<&Stars>) -> AnyView {
    let kind_of = text_at(entity, "/spec/type", 60);
    let lifecycle = text_at(entity, "/spec/lifecycle", 40);
    let description = text_at(entity, "/metadata/description", 2_000);
    view! {
        <div class="head ent-head">
            <div class="who top">
                {plate(entity, kind_of.as_deref())}
                <div>
                    <div class="cluster">
                        <h1 class="break"><bdi>{entity_label(entity)}</bdi></h1>
                        {badge(Tone::Plain, kind_word(entity.entity_ref.kind()))}
                        {kind_of.map(|word| badge(Tone::Plain, word))}
                        {lifecycle.map(|word| status(lifecycle_tone(&word), view! { <bdi>{word}</bdi> }))}
                    </div>
                    {description.map(|text| view! { <p class="lead break"><bdi>{text}</bdi></p> })}
                </div>
            </div>
            <div class="cluster acts">
                {chip("", entity.entity_ref.to_string(), "the entity reference")}
                {stars.map(|stars| star_switch(stars, &entity.entity_ref))}
            </div>
        </div>
    }
    .into_any()
}

/// What went wrong with the entity when it was read, as its status says, and whether nothing names it any more.
pub(super) fn errors(entity: &StoredEntity) -> AnyView {
    let items = entity.document.pointer("/status/items").and_then(Value::as_array);
    let message = |item: &Value| {
        let text = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
        let nested = || item.pointer("/error/message").and_then(Value::as_str).map(str::to_owned);
        text("message").or_else(nested)
    };
    let lines: Vec<String> = items.into_iter().flatten().take(ERRORS_MAX).filter_map(message).collect();
    let faults = (!lines.is_empty()).then(|| {
        let list =
            lines.into_iter().map(|line| view! { <li class="break"><bdi>{line}</bdi></li> }).collect_view();
        let words = view! {
            <p><b>"Not everything of this entity could be read."</b></p>
            <ul class="plain">{list}</ul>
        };
        view! { <div class="mb-6">{note(Tone::Warning, words)}</div> }
    });
    let orphan = entity.document.pointer("/metadata/annotations/backstage.io~1orphan");
    let orphan = (orphan.and_then(Value::as_str) == Some("true")).then(|| {
        let words = view! {
            <p><b>"Nothing names this entity any more."</b>" The file that led to it is gone or has changed."</p>
        };
        view! { <div class="mb-6">{note(Tone::Warning, words)}</div> }
    });
    view! { {faults}{orphan} }.into_any()
}

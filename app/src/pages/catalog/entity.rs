//! `/catalog/{namespace}/{kind}/{name}`

use leptos::prelude::*;
use portal_core::catalog::StoredEntity;
use portal_model::{EntityRef, ErrorCode};
use serde_json::Value;

use super::{
    about::{about_panel, links_panel, ownership_panel},
    relations::{Neighbours, drawing, relations_panel},
    table::{lifecycle_tone, text_at},
};
use crate::{
    components::{
        Frame, Icon, Section, Tone, badge, chip, code_block, entity_label, icon, kind_icon, kind_word, note,
        status,
    },
    page::{PageRequest, PageResult},
};

/// Longest API definition and descriptor shown, in characters.
const CODE_LENGTH_MAX: usize = 200_000;
/// Most errors shown.
const ERRORS_MAX: usize = 20;

/// One entity.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let part = |name: &str| page.params.get_str(name).unwrap_or_default().to_owned();
    let Ok(entity_ref) = EntityRef::new(&part("kind"), &part("namespace"), &part("name")) else {
        return Err(ErrorCode::NotFound.into());
    };
    let catalog = &page.request.services().catalog;
    let Some(entity) = catalog.entity(&entity_ref).await? else { return Err(ErrorCode::NotFound.into()) };
    let neighbours = Neighbours::load(catalog, &entity).await?;
    let content = view! {
        {crumbs(&entity)}
        {heading(&entity)}
        {errors(&entity)}
        <div class="ent">
            <div>
                {drawing(&entity, &neighbours)}
                {relations_panel(&entity, &neighbours)}
                {definition_panel(&entity)}
                {descriptor_panel(&entity)}
            </div>
            <div>
                {about_panel(&entity, &neighbours)}
                {ownership_panel(&entity, &neighbours)}
                {links_panel(&entity)}
            </div>
        </div>
    };
    // A reference is made of letters, digits and "-_.:/": nothing to escape.
    Ok(frame.page(entity_ref.to_string(), Section::Catalog, content.into_any()))
}

fn crumbs(entity: &StoredEntity) -> AnyView {
    let kind = entity.entity_ref.kind().to_owned();
    let path = format!("/catalog?kind={kind}");
    view! {
        <nav aria-label="Breadcrumb">
            <ol class="crumbs">
                <li><a href="/catalog">"Catalog"</a></li>
                <li><a href=path>{kind_word(&kind)}</a></li>
                <li aria-current="page">{entity.entity_ref.name().to_owned()}</li>
            </ol>
        </nav>
    }
    .into_any()
}

pub(super) fn heading(entity: &StoredEntity) -> AnyView {
    let kind_of = text_at(entity, "/spec/type", 60);
    let lifecycle = text_at(entity, "/spec/lifecycle", 40);
    let description = text_at(entity, "/metadata/description", 2_000);
    view! {
        <div class="head ent-head">
            <div class="who top">
                <span class="kind lg">{kind_icon(entity.entity_ref.kind(), kind_of.as_deref())}</span>
                <div>
                    <div class="cluster">
                        <h1 class="break"><bdi>{entity_label(entity)}</bdi></h1>
                        {kind_of.map(|word| badge(Tone::Plain, word))}
                        {lifecycle.map(|word| status(lifecycle_tone(&word), view! { <bdi>{word}</bdi> }))}
                    </div>
                    {description.map(|text| view! { <p class="lead break"><bdi>{text}</bdi></p> })}
                </div>
            </div>
            {chip("", entity.entity_ref.to_string(), "the entity reference")}
        </div>
    }
    .into_any()
}

/// What went wrong with the entity when it was read, as its status says.
pub(super) fn errors(entity: &StoredEntity) -> Option<AnyView> {
    let items = entity.document.pointer("/status/items")?.as_array()?;
    let message = |item: &Value| {
        let text = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
        let nested = || item.pointer("/error/message").and_then(Value::as_str).map(str::to_owned);
        text("message").or_else(nested)
    };
    let lines: Vec<String> = items.iter().take(ERRORS_MAX).filter_map(message).collect();
    (!lines.is_empty()).then(|| {
        let list =
            lines.into_iter().map(|line| view! { <li class="break"><bdi>{line}</bdi></li> }).collect_view();
        let words = view! {
            <p><b>"Not everything of this entity could be read."</b></p>
            <ul class="plain">{list}</ul>
        };
        view! { <div class="mb-6">{note(Tone::Warning, words)}</div> }.into_any()
    })
}

pub(super) fn definition_panel(entity: &StoredEntity) -> Option<AnyView> {
    let definition = text_at(entity, "/spec/definition", CODE_LENGTH_MAX)?;
    let kind_of = text_at(entity, "/spec/type", 40).unwrap_or_else(|| "API".to_owned());
    let view = view! {
        <section class="panel" aria-labelledby="definition">
            <header><h2 id="definition">"Definition"</h2></header>
            <div class="pad scroll-code">{code_block(kind_of, definition)}</div>
        </section>
    };
    Some(view.into_any())
}

pub(super) fn descriptor_panel(entity: &StoredEntity) -> AnyView {
    let text = serde_json::to_string_pretty(&*entity.document).unwrap_or_default();
    let text: String = text.chars().take(CODE_LENGTH_MAX).collect();
    view! {
        <details class="panel help" id="descriptor">
            <summary>{icon(Icon::Next)}<h2>"Descriptor"</h2></summary>
            <div class="pad scroll-code">{code_block("JSON, as Portal keeps it", text)}</div>
        </details>
    }
    .into_any()
}

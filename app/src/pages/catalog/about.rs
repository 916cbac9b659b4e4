//! The facts beside an entity.

use leptos::prelude::*;
use portal_core::catalog::{CatalogFacet, StoredEntity};
use serde_json::Value;

use super::{
    address::Address,
    relations::Neighbours,
    table::{lifecycle_tone, related, text_at},
};
use crate::components::{Icon, address, avatar, empty, entity_link, icon, kind_word, safe_link, status};

/// Most tags and links shown.
const SHOWN_MAX: usize = 50;

/// Kind, system, lifecycle, tags, source.
pub(super) fn about_panel(entity: &StoredEntity, neighbours: &Neighbours) -> AnyView {
    let lifecycle = text_at(entity, "/spec/lifecycle", 40);
    let email = text_at(entity, "/spec/profile/email", 200);
    let part_of = entity.relations.iter().filter(|relation| relation.kind == "partOf").map(|relation| {
        let term = kind_word(relation.target.kind());
        view! { <dt>{term}</dt><dd>{neighbours.link(&relation.target)}</dd> }
    });
    view! {
        <section class="panel" aria-labelledby="about">
            <header><h2 id="about">"About"</h2>{source_link(entity)}</header>
            <dl class="facts lined">
                <dt>"Kind"</dt><dd>{kind_word(entity.entity_ref.kind())}</dd>
                {part_of.collect_view()}
                {lifecycle.map(|word| view! {
                    <dt>"Lifecycle"</dt><dd>{status(lifecycle_tone(&word), view! { <bdi>{word}</bdi> })}</dd>
                })}
                {email.map(|email| view! { <dt>"E-mail"</dt><dd>{email_link(&email)}</dd> })}
                {tags(entity)}
                <dt>"Namespace"</dt><dd><code>{entity.entity_ref.namespace().to_owned()}</code></dd>
            </dl>
        </section>
    }
    .into_any()
}

/// An address that mail can be sent to; text when it is none.
fn email_link(email: &str) -> AnyView {
    match safe_link(&format!("mailto:{email}")).filter(|_| email.contains('@')) {
        Some(target) => view! { <a href=target>{address(email)}</a> }.into_any(),
        None => address(email),
    }
}

fn tags(entity: &StoredEntity) -> Option<AnyView> {
    let tags = entity.document.pointer("/metadata/tags")?.as_array()?;
    let tags: Vec<String> =
        tags.iter().filter_map(Value::as_str).take(SHOWN_MAX).map(str::to_owned).collect();
    (!tags.is_empty()).then(|| {
        let tags = tags.into_iter().map(|tag| {
            let path = Address::of(CatalogFacet::Tag, &tag.to_lowercase()).path();
            view! { <a class="tag" href=path><bdi>{tag}</bdi></a> }
        });
        let tags = tags.collect_view();
        view! { <dt>"Tags"</dt><dd><span class="cluster tight">{tags}</span></dd> }.into_any()
    })
}

/// The text of an annotation.
pub(super) fn annotation<'entity>(entity: &'entity StoredEntity, key: &str) -> Option<&'entity str> {
    entity.document.pointer("/metadata/annotations")?.get(key)?.as_str()
}

fn source_link(entity: &StoredEntity) -> Option<AnyView> {
    let location = annotation(entity, "backstage.io/source-location")
        .or_else(|| annotation(entity, "backstage.io/view-url"))?;
    let target = safe_link(location.strip_prefix("url:").unwrap_or(location))?;
    Some(outside_link("btn quiet small", target, "Source".to_owned()))
}

/// A link out of Portal; the target has passed the scheme check.
pub(super) fn outside_link(class: &'static str, target: String, words: String) -> AnyView {
    view! { <a class=class href=target rel="noopener noreferrer nofollow"><bdi>{words}</bdi>{icon(Icon::Link)}</a> }
        .into_any()
}

/// Who owns it.
pub(super) fn ownership_panel(entity: &StoredEntity, neighbours: &Neighbours) -> Option<AnyView> {
    if matches!(entity.entity_ref.kind(), "user" | "group" | "location") {
        return None;
    }
    let body = match related(entity, "ownedBy") {
        None => empty("No owner", "Its descriptor names no owner.", None),
        Some(owner) => {
            let class = if owner.kind() == "user" { "av person" } else { "av group" };
            let label = neighbours.label(owner);
            view! {
                <ul class="list"><li>
                    {avatar(class, &label)}
                    <span>{entity_link(owner, Some(label))}<span class="sub">{format!("Owner, {}", owner.kind())}</span></span>
                    {(!neighbours.knows(owner)).then(|| view! { <span class="badge warn">"Not in the catalog"</span> })}
                </li></ul>
            }
            .into_any()
        }
    };
    let view = view! {
        <section class="panel" aria-labelledby="ownership"><header><h2 id="ownership">"Ownership"</h2></header>{body}</section>
    };
    Some(view.into_any())
}

/// Links that the descriptor gives. Those that are no web addresses are shown as text.
pub(super) fn links_panel(entity: &StoredEntity) -> Option<AnyView> {
    let links = entity.document.pointer("/metadata/links")?.as_array()?;
    let items: Vec<AnyView> = links.iter().take(SHOWN_MAX).filter_map(link_item).collect();
    (!items.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="links">
                <header><h2 id="links">"Links"</h2></header><ul class="list links">{items}</ul>
            </section>
        }
        .into_any()
    })
}

fn link_item(link: &Value) -> Option<AnyView> {
    let text = |key: &str| {
        link.get(key).and_then(Value::as_str).map(|text| text.chars().take(300).collect::<String>())
    };
    let url = text("url")?;
    let title = text("title").filter(|title| !title.trim().is_empty()).unwrap_or_else(|| url.clone());
    let content = match safe_link(&url) {
        Some(target) => outside_link("out", target, title),
        None => view! { <bdi>{title}</bdi><code class="sub break">{url}</code> }.into_any(),
    };
    Some(view! { <li>{icon(Icon::Document)}<span>{content}</span></li> }.into_any())
}

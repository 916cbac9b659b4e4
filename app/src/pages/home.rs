//! `/`

use leptos::prelude::*;
use portal_core::{
    catalog::{CatalogFacet, KindGroup},
    personal::{HomeGroup, PersonalEntity},
    time::UnixMillis,
};

use super::catalog::{
    address::Address,
    table::{Columns, grouped_table},
};
use crate::{
    components::{
        Frame, Section, Stars, Tone, announcement, avatar, badge, empty, entity_label, entity_link,
        kind_icon, kind_word, live, star_outcome, when_ago,
    },
    page::{PageRequest, PageResult},
    text,
};

/// The home page: what I own, my groups, what I starred and looked at, and the announcement.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let user = frame.signed_in.user();
    let home = page.request.services().personal.home(&frame.signed_in).await?;
    let stars = Stars::load(&page).await?;
    let now = page.request.now();
    let announcement = announcement(&page, &frame).await;
    let first_name = user.display_name.split_whitespace().next().unwrap_or_default().to_owned();
    let content = view! {
        <div class="head">
            <div><h1>"Hello, "<bdi>{first_name}</bdi></h1><p class="lead">"What you own, and whom you work with."</p></div>
        </div>
        {star_outcome(&page)}
        {announcement}
        <div class="home">
            {owned_panel(&home.owned, &stars)}
            <div class="stack-6">
                {groups_panel(&home.groups)}
                {starred_panel(&home.starred)}
                {viewed_panel(&home.viewed, now)}
            </div>
        </div>
    };
    Ok(frame.page("Home", Section::Home, content.into_any()))
}

fn owned_panel(owned: &[KindGroup], stars: &Stars) -> AnyView {
    let total: i64 = owned.iter().map(|group| group.count).sum();
    let all_of = |kind: &str| Some(Address::mine().only(CatalogFacet::Kind, Some(kind)).path());
    let body = if owned.is_empty() {
        empty(
            "You own nothing yet",
            "An entity is yours when its descriptor names you or one of your groups as owner.",
            Some(view! { <a class="btn" href="/catalog">"Open the catalog"</a> }.into_any()),
        )
    } else {
        let columns = Columns { kinds: false, owner: true, stars, sort: None };
        let table =
            live(false, "", grouped_table("Entities that you or your groups own", owned, &columns, all_of));
        let counted = text::count(total, "entity", "entities");
        view! {
            {table}
            <div class="pager"><span>{counted}</span><a href=Address::mine().path()>"Open in catalog"</a></div>
        }
        .into_any()
    };
    view! { <section class="panel" aria-labelledby="owned"><header><h2 id="owned">"My entities"</h2></header>{body}</section> }
        .into_any()
}

fn groups_panel(groups: &[HomeGroup]) -> AnyView {
    let body = if groups.is_empty() {
        empty(
            "You are in no group",
            "Groups come from your organization’s directory or the catalog’s files.",
            None,
        )
    } else {
        let items = groups.iter().map(group_item).collect_view();
        view! { <ul class="list">{items}</ul> }.into_any()
    };
    let all = (!groups.is_empty())
        .then(|| view! { <a href=Address::of(CatalogFacet::Kind, "group").path()>"All groups"</a> });
    view! {
        <section class="panel" aria-labelledby="groups"><header><h2 id="groups">"My groups"</h2>{all}</header>{body}</section>
    }
    .into_any()
}

fn group_item(group: &HomeGroup) -> AnyView {
    let entity = &group.entity;
    let label = entity_label(entity);
    let counted = |kind: &str| entity.relations.iter().filter(|relation| relation.kind == kind).count();
    let members = text::count_of(counted("hasMember"), "member", "members");
    let owns = text::count_of(counted("ownerOf"), "entity", "entities");
    view! {
        <li>
            {avatar("av group", &label)}
            <span>{entity_link(&entity.entity_ref, Some(label))}<span class="sub">{format!("{members}, owns {owns}")}</span></span>
            {(!group.direct).then(|| badge(Tone::Plain, "Above"))}
        </li>
    }
    .into_any()
}

fn starred_panel(starred: &[PersonalEntity]) -> AnyView {
    let (body, all) = if starred.is_empty() {
        let words = "The star beside an entity keeps it here.";
        (view! { <p class="pad small muted">{words}</p> }.into_any(), None)
    } else {
        let items = starred.iter().map(|entry| entity_item(entry, None)).collect_view();
        let all = view! { <a href=Address::starred().path()>"All starred"</a> };
        (view! { <ul class="list">{items}</ul> }.into_any(), Some(all))
    };
    view! {
        <section class="panel" aria-labelledby="starred"><header><h2 id="starred">"Starred"</h2>{all}</header>{body}</section>
    }
    .into_any()
}

fn viewed_panel(viewed: &[PersonalEntity], now: UnixMillis) -> AnyView {
    let body = if viewed.is_empty() {
        let words = "Entities whose pages you open are listed here. Only you see them.";
        view! { <p class="pad small muted">{words}</p> }.into_any()
    } else {
        let items = viewed.iter().map(|entry| entity_item(entry, Some(now))).collect_view();
        view! { <ul class="list">{items}</ul> }.into_any()
    };
    view! {
        <section class="panel" aria-labelledby="viewed"><header><h2 id="viewed">"Recently viewed"</h2></header>{body}</section>
    }
    .into_any()
}

/// An entity in a line, with how long ago it was looked at.
fn entity_item(entry: &PersonalEntity, now: Option<UnixMillis>) -> AnyView {
    let entity = &entry.entity;
    let kind = entity.entity_ref.kind();
    let kind_of = super::catalog::table::text_at(entity, "/spec/type", 60);
    let sub = kind_of.as_ref().map_or_else(|| kind_word(kind), |word| format!("{}, {word}", kind_word(kind)));
    view! {
        <li>
            <span class="kind">{kind_icon(kind, kind_of.as_deref())}</span>
            <span>{entity_link(&entity.entity_ref, Some(entity_label(entity)))}<span class="sub"><bdi>{sub}</bdi></span></span>
            {now.map(|now| view! { <span class="tiny faint">{when_ago(now, entry.at)}</span> })}
        </li>
    }
    .into_any()
}

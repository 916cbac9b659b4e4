//! `/`

use std::sync::Arc;

use leptos::prelude::*;
use portal_core::catalog::{EntityPage, EntityQuery, OrderField, Predicate, StoredEntity};
use portal_model::EntityRef;

use super::catalog::table::entity_table;
use crate::{
    components::{Frame, Section, announcement, avatar, empty, entity_label, entity_link},
    page::{PageError, PageRequest, PageResult},
    text,
    web_request::WebRequest,
};

/// Components shown on the home page.
const COMPONENTS_MAX: u32 = 12;

/// The home page: my groups, my components, and the announcement.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let user = frame.signed_in.user();
    let refs = page.request.services().catalog.ownership_refs(&user.entity_ref).await?;
    let owned = owned_components(&page.request, &refs).await?;
    let groups = groups(&page.request, &refs).await?;
    let announcement = announcement(&page, &frame).await;
    let first_name = user.display_name.split_whitespace().next().unwrap_or_default().to_owned();
    let content = view! {
        <div class="head">
            <div><h1>"Hello, "<bdi>{first_name}</bdi></h1><p class="lead">"What you own, and whom you work with."</p></div>
        </div>
        {announcement}
        <div class="home">
            {components_panel(&owned)}
            {groups_panel(&groups)}
        </div>
    };
    Ok(frame.page("Home", Section::Home, content.into_any()))
}

async fn owned_components(request: &WebRequest, refs: &Arc<[EntityRef]>) -> Result<EntityPage, PageError> {
    let owners = refs.iter().map(EntityRef::to_string).collect();
    let query = EntityQuery {
        predicate: Some(Predicate::All(vec![
            Predicate::In("kind".to_owned(), vec!["component".to_owned()]),
            Predicate::In("relations.ownedby".to_owned(), owners),
        ])),
        full_text: None,
        order: Some(OrderField { key: "metadata.name".to_owned(), descending: false }),
        after: None,
        offset: 0,
        limit: COMPONENTS_MAX,
    };
    Ok(request.services().catalog.query(&query).await?)
}

async fn groups(request: &WebRequest, refs: &Arc<[EntityRef]>) -> Result<Vec<StoredEntity>, PageError> {
    let groups: Vec<EntityRef> =
        refs.iter().filter(|found| found.kind() == "group").take(20).cloned().collect();
    let mut found = request.services().catalog.entity_list(&groups).await?;
    // Nearest group first, as the catalog tells it.
    found.sort_by_key(|entity| groups.iter().position(|group| *group == entity.entity_ref));
    Ok(found)
}

fn components_panel(owned: &EntityPage) -> AnyView {
    let body = if owned.items.is_empty() {
        empty(
            "You own no components yet",
            "A component is yours when its descriptor names you or one of your groups as owner.",
            Some(view! { <a class="btn" href="/catalog">"Open the catalog"</a> }.into_any()),
        )
    } else {
        let shown = text::count_of(owned.items.len(), "component", "components");
        let all = text::count(owned.total, "component", "components");
        let counted = if shown == all { all } else { format!("{} of {all}", owned.items.len()) };
        view! {
            {entity_table("Components that you or your groups own", &owned.items, false)}
            <div class="pager"><span>{counted}</span><a href="/catalog?kind=component&owner=me">"Open in catalog"</a></div>
        }
        .into_any()
    };
    view! { <section class="panel" aria-labelledby="owned"><header><h2 id="owned">"My components"</h2></header>{body}</section> }
        .into_any()
}

fn groups_panel(groups: &[StoredEntity]) -> AnyView {
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
    view! { <section class="panel" aria-labelledby="groups"><header><h2 id="groups">"My groups"</h2></header>{body}</section> }
        .into_any()
}

fn group_item(group: &StoredEntity) -> AnyView {
    let label = entity_label(group);
    let counted = |kind: &str| group.relations.iter().filter(|relation| relation.kind == kind).count();
    let members = text::count_of(counted("hasMember"), "member", "members");
    let owns = thousands_of(counted("ownerOf"));
    view! {
        <li>
            {avatar("av group", &label)}
            <span>{entity_link(&group.entity_ref, Some(label))}<span class="sub">{format!("{members}, owns {owns}")}</span></span>
        </li>
    }
    .into_any()
}

fn thousands_of(number: usize) -> String {
    text::thousands(i64::try_from(number).unwrap_or(i64::MAX))
}

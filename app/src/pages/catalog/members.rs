//! The people of a group, its own and those of the groups below it.

use leptos::prelude::*;
use portal_core::catalog::{EntityPage, MEMBERS_SHOWN, StoredEntity};
use portal_model::EntityRef;

use super::{entity::Tab, relations::targets, table::text_at};
use crate::{
    components::{address, avatar, empty, entity_label, entity_link},
    page::{PageError, PageRequest},
    text,
};

/// Members shown on the group's overview.
const MEMBERS_BRIEF: usize = 12;
/// Groups named beside a member.
const GROUPS_NAMED_MAX: usize = 3;

/// The first members, on the group's overview.
pub(super) async fn members_panel(page: &PageRequest, group: &StoredEntity) -> Result<AnyView, PageError> {
    let own = std::slice::from_ref(&group.entity_ref);
    let found = page.request.services().catalog.members(own, 1).await?;
    let path = Tab::Members.path(&group.entity_ref);
    let body = if found.items.is_empty() {
        empty("No members of its own", "Nobody in the catalog is a member of this group itself.", None)
    } else {
        let items = found.items.iter().take(MEMBERS_BRIEF).map(tile).collect_view();
        view! { <ul class="list tiles">{items}</ul> }.into_any()
    };
    let words = text::count(found.total, "member", "members");
    let below = !targets(group, "parentOf").is_empty();
    let all = below.then(|| {
        let path = format!("{path}&below=1");
        view! { <a href=path>"With groups below"</a> }
    });
    let view = view! {
        <section class="panel" aria-labelledby="members">
            <header><h2 id="members">"Members"</h2><span class="cluster">{all}<a href=path>"All members"</a></span></header>
            {body}
            <div class="pager"><span>{words}</span></div>
        </section>
    };
    Ok(view.into_any())
}

fn tile(member: &StoredEntity) -> AnyView {
    let label = entity_label(member);
    let email = text_at(member, "/spec/profile/email", 200);
    view! {
        <li>
            {avatar("av person", &label)}
            <span>{entity_link(&member.entity_ref, Some(label))}{email.map(|email| view! { <span class="sub">{address(&email)}</span> })}</span>
        </li>
    }
    .into_any()
}

/// All members, in pages.
pub(super) async fn members_view(page: &PageRequest, group: &StoredEntity) -> Result<AnyView, PageError> {
    let catalog = &page.request.services().catalog;
    let below = page.request.query("below").is_some();
    let number = page.request.query("page").and_then(|page| page.parse().ok()).unwrap_or(1_u32).max(1);
    let own = [group.entity_ref.clone()];
    let all = catalog.groups_below(&group.entity_ref).await?;
    let groups: &[EntityRef] = if below { &all } else { &own };
    let found = catalog.members(groups, number).await?;
    let path = Tab::Members.path(&group.entity_ref);
    let with_below = format!("{path}&below=1");
    let choice = |words: String, current: bool, path: String| {
        view! { <a href=path aria-current=current.then_some("page")>{words}</a> }
    };
    let more = all.len() - 1;
    let scope = (more > 0).then(|| {
        let words = format!("With {} below", text::count_of(more, "group", "groups"));
        view! {
            <nav class="seg" aria-label="Whose members">
                {choice("Its own".to_owned(), !below, path.clone())}{choice(words, below, with_below.clone())}
            </nav>
        }
    });
    let base = if below { with_below.clone() } else { path.clone() };
    let view = view! {
        <section class="panel" aria-labelledby="members">
            <header><h2 id="members">"Members"</h2>{scope}</header>
            {table(&found, groups, below)}
            {pager(&found, number, &base)}
        </section>
    };
    Ok(view.into_any())
}

fn table(found: &EntityPage, groups: &[EntityRef], below: bool) -> AnyView {
    if found.items.is_empty() {
        return empty("Nobody here", "No person in the catalog is a member here.", None);
    }
    let row = |member: &StoredEntity| {
        let label = entity_label(member);
        let email = text_at(member, "/spec/profile/email", 200);
        let through = targets(member, "memberOf").into_iter().filter(|group| groups.contains(group));
        let mut through: Vec<String> = through.map(|group| group.name().to_owned()).collect();
        let more = through.len().saturating_sub(GROUPS_NAMED_MAX);
        through.truncate(GROUPS_NAMED_MAX);
        let mut through = through.join(", ");
        if more > 0 {
            through = format!("{through} and {more} more");
        }
        view! {
            <tr>
                <td><span class="who">{avatar("av person", &label)}<span>{entity_link(&member.entity_ref, Some(label))}</span></span></td>
                <td class="wide">{email.map(|email| address(&email))}</td>
                {below.then(|| view! { <td class="wide">{through}</td> })}
            </tr>
        }
    };
    let rows = found.items.iter().map(row).collect_view();
    view! {
        <table class="table">
            <caption class="sr">"Members"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col" class="wide">"E-mail"</th>
                {below.then(|| view! { <th scope="col" class="wide">"Member of"</th> })}
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn pager(found: &EntityPage, number: u32, base: &str) -> AnyView {
    let pages = u32::try_from(found.total).unwrap_or(u32::MAX).div_ceil(MEMBERS_SHOWN);
    let link = |page: u32, words: &'static str| {
        let path = format!("{base}&page={page}");
        view! { <a class="btn small" href=path>{words}</a> }
    };
    view! {
        <nav class="pager" aria-label="Pages">
            <span>{text::count(found.total, "person", "people")}</span>
            <span class="cluster">
                {(number > 1).then(|| link(number - 1, "Previous"))}
                {(number < pages).then(|| link(number + 1, "Next"))}
            </span>
        </nav>
    }
    .into_any()
}

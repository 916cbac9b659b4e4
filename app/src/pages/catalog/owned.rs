//! What a person or group owns, what a system or domain consists of, and the groups around a person or group.

use leptos::prelude::*;
use portal_core::catalog::{CatalogFacet, CatalogService, KindGroup, StoredEntity};
use portal_model::EntityRef;

use super::{
    address::Address,
    relations::{Neighbours, targets},
    table::{Columns, grouped_table},
};
use crate::{
    components::{Stars, avatar, empty, live},
    page::PageError,
    text,
};

/// Rows of each kind.
const ROWS: u32 = 8;
/// Most groups shown.
const GROUPS_MAX: usize = 30;

/// What it owns, or consists of, by kind.
pub(super) async fn owned_panel(
    catalog: &CatalogService,
    entity: &StoredEntity,
    stars: &Stars,
) -> Result<AnyView, PageError> {
    let own = &entity.entity_ref;
    Ok(match own.kind() {
        "system" | "domain" => {
            let parts = catalog.part_groups(own, ROWS).await?;
            let all = Address::of(CatalogFacet::System, &own.to_string());
            panel("Parts", &parts, &all, stars)
        }
        "user" => {
            let owners = catalog.ownership_refs(own).await?;
            let owned = catalog.owned_groups(&owners, ROWS).await?;
            panel("Owns, also through groups", &owned, &owned_by(&owners), stars)
        }
        _ => {
            let owned = catalog.owned_groups(std::slice::from_ref(own), ROWS).await?;
            panel("Owns", &owned, &owned_by(std::slice::from_ref(own)), stars)
        }
    })
}

/// The catalog's table of what these own; of many the first, as an address takes only so many.
fn owned_by(owners: &[EntityRef]) -> Address {
    let owners = owners.iter().take(portal_core::catalog::CHOSEN_MAX);
    owners.fold(Address::default(), |address, owner| address.toggled(CatalogFacet::Owner, &owner.to_string()))
}

fn panel(title: &'static str, groups: &[KindGroup], all: &Address, stars: &Stars) -> AnyView {
    let total: i64 = groups.iter().map(|group| group.count).sum();
    let body = if groups.is_empty() {
        let sentence = if title == "Parts" {
            "No entity says that it is part of this."
        } else {
            "No entity names this as its owner."
        };
        empty("Nothing yet", sentence, None)
    } else {
        let columns = Columns { kinds: false, owner: title != "Owns", stars, sort: None };
        let all_of = |kind: &str| Some(all.only(CatalogFacet::Kind, Some(kind)).path());
        view! {
            {live(false, "", grouped_table(title, groups, &columns, all_of))}
            <div class="pager"><span>{text::count(total, "entity", "entities")}</span><a href=all.path()>"Open in catalog"</a></div>
        }
        .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="owned"><header><h2 id="owned">{title}</h2></header>{body}</section>
    }
    .into_any()
}

/// Groups that these relations lead to.
pub(super) fn groups_panel(
    title: &'static str,
    entity: &StoredEntity,
    neighbours: &Neighbours,
    kinds: &[&'static str],
) -> Option<AnyView> {
    let item = |kind: &'static str, group: &EntityRef| {
        let label = neighbours.label(group);
        let sub = match kind {
            "childOf" => "Above it",
            "parentOf" => "Below it",
            "leaderOf" => "Leads it",
            _ => "Member",
        };
        view! {
            <li>{avatar("av group", &label)}<span>{neighbours.link(group)}<span class="sub">{sub}</span></span></li>
        }
        .into_any()
    };
    let found = kinds.iter().flat_map(|kind| targets(entity, kind).into_iter().map(|group| (*kind, group)));
    let items: Vec<AnyView> = found.take(GROUPS_MAX).map(|(kind, group)| item(kind, group)).collect();
    (!items.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="around">
                <header><h2 id="around">{title}</h2></header><ul class="list tiles">{items}</ul>
            </section>
        }
        .into_any()
    })
}

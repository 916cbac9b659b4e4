//! What the table can be narrowed by, and what it is narrowed by.

use std::collections::BTreeSet;

use leptos::prelude::*;
use portal_core::catalog::{CatalogCounts, CatalogFacet, FACET_VALUES_MAX, Facet};
use portal_model::{EntityRef, entity_ref::DEFAULT_NAMESPACE};

use super::address::Address;
use crate::{
    components::{Icon, icon, kind_word, kinds_word},
    text,
};

/// Values of a facet that are in sight without opening the rest.
const SHOWN: usize = 8;
/// Most kinds among the tabs.
const KINDS_MAX: usize = 20;
/// The facets beside the table. The kind stands above it.
const BESIDE: [(CatalogFacet, &str); 6] = [
    (CatalogFacet::Type, "Type"),
    (CatalogFacet::Lifecycle, "Lifecycle"),
    (CatalogFacet::Owner, "Owner"),
    (CatalogFacet::System, "System"),
    (CatalogFacet::Tag, "Tag"),
    (CatalogFacet::Namespace, "Namespace"),
];

/// A value in words.
fn word(facet: CatalogFacet, value: &str) -> String {
    match facet {
        CatalogFacet::Kind => kind_word(value),
        CatalogFacet::Owner | CatalogFacet::System => match value.parse::<EntityRef>() {
            Ok(found) if found.namespace() == DEFAULT_NAMESPACE => found.name().to_owned(),
            Ok(found) => format!("{}/{}", found.namespace(), found.name()),
            Err(_) => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// The kinds with their counts, above the table.
pub(super) fn kind_tabs(address: &Address, counts: &CatalogCounts) -> AnyView {
    let none = Vec::new();
    let kinds = counts.facets.get(&CatalogFacet::Kind).unwrap_or(&none);
    let total: i64 = kinds.iter().map(|kind| kind.count).sum();
    let chosen = address.chosen.get(&CatalogFacet::Kind);
    let tab = |kind: Option<&str>, words: String, count: i64| {
        let current =
            kind.map_or(chosen.is_none(), |kind| chosen.is_some_and(|chosen| chosen.contains(kind)));
        view! {
            <a href=address.only(CatalogFacet::Kind, kind).path() aria-current=current.then_some("page")>
                {words}" "<span class="count">{text::thousands(count)}</span>
            </a>
        }
    };
    let tabs = kinds
        .iter()
        .take(KINDS_MAX)
        .map(|kind| tab(Some(&kind.value), kind_word(&kind.value), kind.count))
        .collect_view();
    view! { <nav class="tabs" aria-label="Kinds">{tab(None, "All".to_owned(), total)}{tabs}</nav> }.into_any()
}

/// The facets: beside the table where there is room, folded above it where there is not.
pub(super) fn facets_beside(address: &Address, counts: &CatalogCounts) -> AnyView {
    let all = || {
        let lists = BESIDE.iter().filter_map(|(facet, title)| facet_list(address, counts, *facet, title));
        view! { {toggles(address)}{lists.collect_view()} }.into_any()
    };
    let chosen = chosen_count(address);
    let open = view! { <span>"Filters"{(chosen > 0).then(|| view! { " "<span class="count">{chosen}</span> })}</span> };
    view! {
        <details class="facets-m" id="filters"><summary>{open}{icon(Icon::Down)}</summary><div class="facets">{all()}</div></details>
        <aside class="facets" aria-label="Filters">{all()}</aside>
    }
    .into_any()
}

fn chosen_count(address: &Address) -> usize {
    let beside = address.chosen.iter().filter(|(facet, _)| **facet != CatalogFacet::Kind);
    beside.map(|(_, values)| values.len()).sum::<usize>()
        + usize::from(address.mine)
        + usize::from(address.starred)
}

fn toggles(address: &Address) -> AnyView {
    let mine = Address { mine: !address.mine, ..address.at(1) };
    let starred = Address { starred: !address.starred, ..address.at(1) };
    view! {
        <section class="facet">
            <h2>"Yours"</h2>
            <ul>
                {option(&mine, address.mine, "Mine and my groups’".to_owned(), None)}
                {option(&starred, address.starred, "Starred".to_owned(), None)}
            </ul>
        </section>
    }
    .into_any()
}

fn option(to: &Address, on: bool, words: String, count: Option<i64>) -> AnyView {
    view! {
        <li><a href=to.path() aria-current=on.then_some("true")>
            <span class="box" aria-hidden="true"></span>
            <bdi class="label">{words}</bdi>
            {count.map(|count| view! { <span class="count">{text::thousands(count)}</span> })}
        </a></li>
    }
    .into_any()
}

/// One facet; `None` when it tells nothing: no values, or one that everything has.
fn facet_list(
    address: &Address,
    counts: &CatalogCounts,
    facet: CatalogFacet,
    title: &'static str,
) -> Option<AnyView> {
    let chosen: BTreeSet<String> = address.chosen.get(&facet).cloned().unwrap_or_default();
    let found: Vec<&Facet> = counts.facets.get(&facet).into_iter().flatten().collect();
    let systems = |value: &str| facet != CatalogFacet::System || value.starts_with("system:");
    let told = |value: &&&Facet| systems(&value.value) || chosen.contains(&value.value);
    let values: Vec<&Facet> = found.iter().filter(told).copied().collect();
    let single = facet == CatalogFacet::Namespace && values.len() < 2;
    if chosen.is_empty() && (values.is_empty() || single) {
        return None;
    }
    let item = |value: &str, count: Option<i64>| {
        option(&address.toggled(facet, value), chosen.contains(value), word(facet, value), count)
    };
    let absent = chosen.iter().filter(|value| values.iter().all(|found| found.value != **value));
    let absent = absent.map(|value| item(value, Some(0))).collect_view();
    let (first, rest) = values.split_at(values.len().min(SHOWN));
    let shown = first.iter().map(|value| item(&value.value, Some(value.count))).collect_view();
    let more = (!rest.is_empty()).then(|| {
        let open = rest.iter().any(|value| chosen.contains(&value.value));
        let items = rest.iter().map(|value| item(&value.value, Some(value.count))).collect_view();
        let full = found.len() >= usize::try_from(FACET_VALUES_MAX).unwrap_or(usize::MAX);
        view! {
            <details open=open>
                <summary>{format!("{} more", rest.len())}</summary>
                <ul>{items}</ul>
                {full.then(|| view! { <p class="tiny faint">{format!("The {FACET_VALUES_MAX} most frequent")}</p> })}
            </details>
        }
    });
    Some(view! { <section class="facet"><h2>{title}</h2><ul>{absent}{shown}</ul>{more}</section> }.into_any())
}

/// What is chosen, each with its way out.
pub(super) fn chosen_chips(address: &Address) -> Option<AnyView> {
    if !address.narrows() {
        return None;
    }
    let chip = |title: &'static str, words: String, without: &Address| {
        view! {
            <li><a class="pill" href=without.path()>
                <span class="sr">"Remove "</span><span class="faint">{title}</span>" "<bdi>{words}</bdi>{icon(Icon::Remove)}
            </a></li>
        }
        .into_any()
    };
    let mut chips = Vec::new();
    if !address.text.is_empty() {
        let without = Address { text: String::new(), ..address.at(1) };
        chips.push(chip("Text", format!("“{}”", address.text), &without));
    }
    if address.mine {
        chips.push(chip(
            "Owner",
            "Mine and my groups’".to_owned(),
            &Address { mine: false, ..address.at(1) },
        ));
    }
    if address.starred {
        chips.push(chip("Yours", "Starred".to_owned(), &Address { starred: false, ..address.at(1) }));
    }
    for (facet, values) in &address.chosen {
        let title = BESIDE.iter().find(|(known, _)| known == facet).map_or("Kind", |(_, title)| title);
        for value in values {
            let words = if *facet == CatalogFacet::Kind { kinds_word(value) } else { word(*facet, value) };
            chips.push(chip(title, words, &address.toggled(*facet, value)));
        }
    }
    let view = view! {
        <div class="chosen">
            <ul aria-label="Chosen filters">{chips}</ul>
            <a class="clear" href=address.cleared().path()>"Clear filters"</a>
        </div>
    };
    Some(view.into_any())
}

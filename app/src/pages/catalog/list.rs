//! `/catalog`

use std::sync::Arc;

use leptos::prelude::*;
use portal_core::catalog::{CatalogFacet, CatalogTable, ROWS};
use portal_model::EntityRef;

use super::{
    address::Address,
    facets::{chosen_chips, facets_beside, kind_tabs},
    table::{Columns, entity_table},
};
use crate::{
    components::{Frame, Icon, Section, Stars, empty, hidden, icon, live, star_outcome},
    page::{PageRequest, PageResult},
    text,
};

/// The table of all entities.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let address = Address::read(&page.request);
    let services = page.request.services();
    let starred: Arc<[EntityRef]> = services.personal.star_refs(&frame.signed_in).await?.into();
    let mine: Arc<[EntityRef]> = if address.mine {
        services.catalog.ownership_refs(&frame.signed_in.user().entity_ref).await?
    } else {
        Arc::new([])
    };
    let filter = address.filter(mine, Arc::clone(&starred));
    let found = services.catalog.browse(&filter, address.order, address.page).await?;
    let stars = Stars::new(starred.iter().cloned(), address.path());
    let content = view! {
        <div class="head">
            <div><h1>"Catalog"</h1><p class="lead">"Everything your organization runs, and who owns it."</p></div>
        </div>
        {star_outcome(&page)}
        {search_form(&address)}
        <div class="browse">
            {facets_beside(&address, &found.counts)}
            <section class="panel" aria-label="Entities">
                {kind_tabs(&address, &found.counts)}
                {chosen_chips(&address)}
                {results(&address, &found, &stars)}
            </section>
        </div>
    };
    Ok(frame.page("Catalog", Section::Catalog, content.into_any()))
}

/// The text; what else is chosen stays, and the first page comes.
fn search_form(address: &Address) -> AnyView {
    let kept = address.at(1).parameters().into_iter().map(|(name, value)| hidden(name, value)).collect_view();
    view! {
        <form class="filters" action="/catalog" method="get" role="search" aria-label="Filter the catalog">
            {kept}
            <div class="find">
                <label class="sr" for="q">"Name, title, description or tag"</label>
                {icon(Icon::Search)}
                <input class="input" id="q" name="q" type="search" value=address.text.clone() placeholder="Name, title, description or tag"/>
            </div>
            <button class="btn" type="submit">"Search"</button>
        </form>
    }
    .into_any()
}

fn results(address: &Address, found: &CatalogTable, stars: &Stars) -> AnyView {
    if found.items.is_empty() {
        return nothing(address);
    }
    let one_kind = address.chosen.get(&CatalogFacet::Kind).is_some_and(|kinds| kinds.len() == 1);
    let columns = Columns { kinds: !one_kind, owner: true, stars, sort: Some(address) };
    view! {
        {live(false, "", entity_table("Entities", &found.items, &columns))}
        {pager(address, found)}
    }
    .into_any()
}

fn nothing(address: &Address) -> AnyView {
    let clear = || view! { <a class="btn" href=address.cleared().path()>"Clear filters"</a> }.into_any();
    if !address.narrows() {
        return empty(
            "The catalog is empty",
            "Entities come from the locations that Portal is configured to read.",
            None,
        );
    }
    let only_starred = Address { order: address.order, page: address.page, ..Address::starred() };
    if *address == only_starred {
        return empty(
            "You have starred nothing yet",
            "The star beside an entity keeps it here and on your home page.",
            Some(clear()),
        );
    }
    empty("Nothing fits", "No entity has this text and these values together.", Some(clear()))
}

fn pager(address: &Address, found: &CatalogTable) -> AnyView {
    let total = found.counts.total;
    let first = (i64::from(found.page) - 1) * i64::from(ROWS) + 1;
    let last = first - 1 + i64::try_from(found.items.len()).unwrap_or(0);
    let words = if found.pages == 1 {
        text::count(total, "entity", "entities")
    } else {
        let [first, last, total] = [first, last, total].map(text::thousands);
        format!("{first} to {last} of {total} entities")
    };
    let link = |page: u32, rel: &'static str, words: &'static str| {
        view! { <a class="btn small" rel=rel href=address.at(page).path()>{words}</a> }
    };
    let previous = (found.page > 1).then(|| link(found.page - 1, "prev", "Previous"));
    let next = (found.page < found.pages).then(|| link(found.page + 1, "next", "Next"));
    view! {
        <nav class="pager" aria-label="Pages"><span>{words}</span><span class="cluster">{previous}{next}</span></nav>
    }
    .into_any()
}

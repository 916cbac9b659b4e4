//! `/catalog`

use leptos::prelude::*;
use portal_core::catalog::{CursorPosition, EntityPage, EntityQuery, Facet, FullText, OrderField, Predicate};
use portal_model::EntityRef;

use super::table::entity_table;
use crate::{
    components::{Frame, Icon, Section, empty, hidden, icon, kind_word},
    page::{PageError, PageRequest, PageResult},
    text,
};

/// Rows of a page.
const ROWS: u32 = 50;
/// Most kinds in the filter.
const KINDS_MAX: u32 = 20;
/// Longest text to search for, in characters.
const SEARCH_LENGTH_MAX: usize = 100;
/// Where a search looks.
const SEARCH_KEYS: [&str; 5] =
    ["metadata.name", "metadata.title", "metadata.description", "metadata.tags", "spec.profile.displayname"];

/// What the address asks for.
struct Filter {
    search: String,
    kind: Option<String>,
    /// `me`, or a reference.
    owner: Option<String>,
    after: Option<CursorPosition>,
}

impl Filter {
    fn read(page: &PageRequest) -> Self {
        let request = &page.request;
        let search = request.query("q").unwrap_or_default().trim().chars().take(SEARCH_LENGTH_MAX).collect();
        let kind = request.query("kind").filter(|kind| !kind.is_empty()).map(|kind| kind.to_lowercase());
        let owner = request.query("owner").filter(|owner| !owner.is_empty());
        let after = request.query("after").and_then(|text| text.parse::<EntityRef>().ok());
        let after = after.map(|entity_ref| CursorPosition { value: request.query("at"), entity_ref });
        Self { search, kind, owner, after }
    }

    /// The address of the list with another kind or another start.
    fn path(&self, kind: Option<&str>, after: Option<&CursorPosition>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        if let Some(kind) = kind {
            query.append_pair("kind", kind);
        }
        if let Some(owner) = &self.owner {
            query.append_pair("owner", owner);
        }
        if let Some(after) = after {
            query.append_pair("after", &after.entity_ref.to_string());
            if let Some(value) = &after.value {
                query.append_pair("at", value);
            }
        }
        let query = query.finish();
        if query.is_empty() { "/catalog".to_owned() } else { format!("/catalog?{query}") }
    }

    fn query(&self, kind: Option<&str>, owners: Option<Vec<String>>) -> EntityQuery {
        let kind = kind.map(|kind| Predicate::In("kind".to_owned(), vec![kind.to_owned()]));
        let owner = owners.map(|owners| Predicate::In("relations.ownedby".to_owned(), owners));
        let conditions: Vec<Predicate> = kind.into_iter().chain(owner).collect();
        EntityQuery {
            predicate: (!conditions.is_empty()).then_some(Predicate::All(conditions)),
            full_text: (!self.search.is_empty()).then(|| FullText {
                term: self.search.to_lowercase(),
                keys: SEARCH_KEYS.map(str::to_owned).to_vec(),
            }),
            order: Some(OrderField { key: "metadata.name".to_owned(), descending: false }),
            after: self.after.clone(),
            offset: 0,
            limit: ROWS,
        }
    }
}

/// The list of all entities, by kind and text.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let filter = Filter::read(&page);
    let owners = owners(&page, &frame, filter.owner.as_deref()).await?;
    let catalog = &page.request.services().catalog;
    let found = catalog.query(&filter.query(filter.kind.as_deref(), owners.clone())).await?;
    let kinds =
        catalog.facet(&EntityQuery { after: None, ..filter.query(None, owners) }, "kind", KINDS_MAX).await?;
    let content = view! {
        <div class="head">
            <div><h1>"Catalog"</h1><p class="lead">"Everything your organization runs, and who owns it."</p></div>
        </div>
        {search_form(&filter)}
        <section class="panel" aria-label="Entities">
            {kind_tabs(&filter, &kinds)}
            {results(&filter, &found)}
        </section>
    };
    Ok(frame.page("Catalog", Section::Catalog, content.into_any()))
}

async fn owners(
    page: &PageRequest,
    frame: &Frame,
    owner: Option<&str>,
) -> Result<Option<Vec<String>>, PageError> {
    match owner {
        None => Ok(None),
        Some("me") => {
            let me = &frame.signed_in.user().entity_ref;
            let refs = page.request.services().catalog.ownership_refs(me).await?;
            Ok(Some(refs.iter().map(EntityRef::to_string).collect()))
        }
        // An owner that is no reference owns nothing.
        Some(text) => {
            Ok(Some(text.parse::<EntityRef>().map(|owner| owner.to_string()).into_iter().collect()))
        }
    }
}

fn search_form(filter: &Filter) -> AnyView {
    let mine = filter.owner.as_deref() == Some("me");
    view! {
        <form class="filters" action="/catalog" method="get" role="search" aria-label="Filter the catalog">
            {filter.kind.clone().map(|kind| hidden("kind", kind))}
            <div class="find">
                <label class="sr" for="q">"Name, title, description or tag"</label>
                {icon(Icon::Search)}
                <input class="input" id="q" name="q" type="search" value=filter.search.clone() placeholder="Name, title, description or tag"/>
            </div>
            <label class="choice">
                <input class="check" type="checkbox" name="owner" value="me" checked=mine/>
                <span>"Only mine and my groups’"</span>
            </label>
            <button class="btn" type="submit">"Search"</button>
        </form>
    }
    .into_any()
}

fn kind_tabs(filter: &Filter, kinds: &[Facet]) -> AnyView {
    let total: i64 = kinds.iter().map(|kind| kind.count).sum();
    let tab = |kind: Option<&str>, word: String, count: i64| {
        let current = kind == filter.kind.as_deref();
        view! {
            <a href=filter.path(kind, None) aria-current=current.then_some("page")>
                {word}" "<span class="count">{text::thousands(count)}</span>
            </a>
        }
    };
    let tabs =
        kinds.iter().map(|kind| tab(Some(&kind.value), kind_word(&kind.value), kind.count)).collect_view();
    view! { <nav class="tabs" aria-label="Kinds">{tab(None, "All".to_owned(), total)}{tabs}</nav> }.into_any()
}

fn results(filter: &Filter, found: &EntityPage) -> AnyView {
    if found.items.is_empty() {
        let all = view! { <a class="btn" href="/catalog">"Show everything"</a> };
        return empty("Nothing fits", "No entity has this text, kind and owner.", Some(all.into_any()));
    }
    let kind = filter.kind.as_deref();
    let first = filter.after.is_some().then(|| {
        view! { <a class="btn small" href=filter.path(kind, None)>"First page"</a> }
    });
    let next = found.next.as_ref().map(|next| {
        view! { <a class="btn small" rel="next" href=filter.path(kind, Some(next))>"Next page"</a> }
    });
    view! {
        {entity_table("Entities", &found.items, kind.is_none())}
        <div class="pager">
            <span>{text::count(found.total, "entity", "entities")}</span>
            <span class="cluster">{first}{next}</span>
        </div>
    }
    .into_any()
}

//! What the lists of the settings have in common: the search, the pages, the place where one is.

use leptos::prelude::*;

use crate::{
    components::{Icon, icon},
    page::PageRequest,
};

/// Rows of a page.
const ROWS: u32 = 50;
/// Rows to read: one more than a page has, to see whether there are more.
pub(super) const ROWS_READ: u32 = ROWS + 1;
/// Longest search, in characters; the rest is cut.
const SEARCH_CHARS_MAX: usize = 200;

/// A list as it was asked for.
pub(super) struct Listing {
    /// Where it is.
    path: &'static str,
    /// What to look for; empty for all.
    pub(super) search: String,
    /// The row after which it begins.
    pub(super) after: Option<String>,
}

impl Listing {
    /// The list at this path, as the page's address asks for it.
    pub(super) fn of(page: &PageRequest, path: &'static str) -> Self {
        let search = page.request.query("q").unwrap_or_default();
        let search = search.trim().chars().take(SEARCH_CHARS_MAX).collect();
        Self { path, search, after: page.request.query("after") }
    }

    /// Keeps the rows of this page; the address of the next one, where there is one. `more` are pairs that it keeps too.
    pub(super) fn cut<T>(
        &self,
        rows: &mut Vec<T>,
        more: &[(&str, &str)],
        id_of: impl Fn(&T) -> &str,
    ) -> Option<String> {
        let length = usize::try_from(ROWS).unwrap_or(usize::MAX);
        if rows.len() <= length {
            return None;
        }
        rows.truncate(length);
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        query.extend_pairs(more).append_pair("after", id_of(rows.last()?));
        Some(format!("{}?{}", self.path, query.finish()))
    }

    /// The search, with controls of its own between field and button.
    pub(super) fn search_form(
        &self,
        label: &'static str,
        field: &'static str,
        more: Option<AnyView>,
    ) -> AnyView {
        view! {
            <form class="filters" action=self.path method="get" role="search" aria-label=label>
                <div class="find">
                    <label class="sr" for="q">{field}</label>
                    {icon(Icon::Search)}
                    <input class="input" id="q" name="q" type="search" value=self.search.clone() placeholder=field/>
                </div>
                {more}
                <button class="btn" type="submit">"Search"</button>
            </form>
        }
        .into_any()
    }
}

/// Where one is in the settings.
pub(super) fn crumbs(here: &'static str) -> AnyView {
    view! {
        <nav aria-label="Breadcrumb"><ol class="crumbs"><li>"App settings"</li><li aria-current="page">{here}</li></ol></nav>
    }
    .into_any()
}

/// What stands below a list: how many there are, and the way to more.
pub(super) fn pager(count: impl IntoView + 'static, next: Option<String>) -> AnyView {
    view! {
        <div class="pager">
            <span>{count.into_any()}</span>
            {next.map(|next| view! { <a class="btn small" rel="next" href=next>"Next page"</a> })}
        </div>
    }
    .into_any()
}

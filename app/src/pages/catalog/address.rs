//! The address of the catalog's table: what is chosen, as a link.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use portal_core::{
    catalog::{CHOSEN_MAX, CatalogFacet, CatalogFilter, CatalogOrder, CatalogSort},
    ingestion::search_text,
};
use portal_model::EntityRef;

use crate::web_request::WebRequest;

/// Longest text to search for, in characters.
const SEARCH_CHARS_MAX: usize = 100;
/// Longest value of a facet, in characters; longer ones are never stored.
const VALUE_CHARS_MAX: usize = 256;
/// The owner that stands for whoever looks.
const ME: &str = "me";

/// What the address asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Address {
    /// As it was typed, cut.
    pub(super) text: String,
    pub(super) chosen: BTreeMap<CatalogFacet, BTreeSet<String>>,
    /// Only what the person or their groups own.
    pub(super) mine: bool,
    /// Only what the person has starred.
    pub(super) starred: bool,
    pub(super) order: CatalogOrder,
    /// From 1.
    pub(super) page: u32,
}

/// The parameter of a facet.
const fn parameter(facet: CatalogFacet) -> &'static str {
    match facet {
        CatalogFacet::Kind => "kind",
        CatalogFacet::Type => "type",
        CatalogFacet::Lifecycle => "lifecycle",
        CatalogFacet::Owner => "owner",
        CatalogFacet::System => "system",
        CatalogFacet::Tag => "tag",
        CatalogFacet::Namespace => "namespace",
    }
}

/// The words for an order.
const SORTS: [(CatalogSort, &str); 5] = [
    (CatalogSort::Name, "name"),
    (CatalogSort::Kind, "kind"),
    (CatalogSort::Type, "type"),
    (CatalogSort::Owner, "owner"),
    (CatalogSort::Lifecycle, "lifecycle"),
];

impl Address {
    /// Reads a request's address. What makes no sense is left out.
    pub(super) fn read(request: &WebRequest) -> Self {
        let text: String =
            request.query("q").unwrap_or_default().trim().chars().take(SEARCH_CHARS_MAX).collect();
        let mut chosen = BTreeMap::new();
        let mut mine = false;
        for facet in CatalogFacet::ALL {
            let mut values = request.query_all(parameter(facet), CHOSEN_MAX);
            if facet == CatalogFacet::Owner {
                mine = values.iter().any(|value| value == ME);
                values.retain(|value| value != ME);
            }
            let values: BTreeSet<String> = values.iter().map(|value| stored_form(facet, value)).collect();
            if !values.is_empty() {
                chosen.insert(facet, values);
            }
        }
        let sort = request.query("sort").unwrap_or_default();
        let (descending, word) = sort.strip_prefix('-').map_or((false, sort.as_str()), |word| (true, word));
        let sort = SORTS.iter().find(|(_, known)| *known == word).map(|(sort, _)| *sort);
        let order = sort.map(|sort| CatalogOrder { sort, descending }).unwrap_or_default();
        let page = request.query("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        Self { text, chosen, mine, starred: request.query("starred").is_some(), order, page }
    }

    /// Everything that one facet has of this value.
    pub(crate) fn of(facet: CatalogFacet, value: &str) -> Self {
        Self::default().toggled(facet, value)
    }

    /// What is owned by the person and their groups.
    pub(crate) fn mine() -> Self {
        Self { mine: true, ..Self::default() }
    }

    /// What the person has starred.
    pub(crate) fn starred() -> Self {
        Self { starred: true, ..Self::default() }
    }

    /// With a value chosen that was not, or the other way round; from the first page.
    pub(crate) fn toggled(&self, facet: CatalogFacet, value: &str) -> Self {
        let mut other = self.at(1);
        let values = other.chosen.entry(facet).or_default();
        if !values.remove(value) {
            values.insert(value.to_owned());
        }
        if values.is_empty() {
            other.chosen.remove(&facet);
        }
        other
    }

    /// With only this value of a facet, or none.
    pub(crate) fn only(&self, facet: CatalogFacet, value: Option<&str>) -> Self {
        let mut other = self.at(1);
        other.chosen.remove(&facet);
        other.chosen.extend(value.map(|value| (facet, BTreeSet::from([value.to_owned()]))));
        other
    }

    /// Another page of the same.
    pub(super) fn at(&self, page: u32) -> Self {
        Self { page, ..self.clone() }
    }

    /// Sorted by this, the other way round when it already is.
    pub(super) fn sorted(&self, sort: CatalogSort) -> Self {
        let descending = self.order.sort == sort && !self.order.descending;
        Self { order: CatalogOrder { sort, descending }, ..self.at(1) }
    }

    /// Without anything that narrows it; the order stays.
    pub(super) fn cleared(&self) -> Self {
        Self { order: self.order, ..Self::default() }
    }

    /// Whether anything narrows it.
    pub(super) fn narrows(&self) -> bool {
        !self.text.is_empty() || self.mine || self.starred || !self.chosen.is_empty()
    }

    /// The filter, with whom "me" stands for and what is starred.
    pub(super) fn filter(&self, mine: Arc<[EntityRef]>, starred: Arc<[EntityRef]>) -> CatalogFilter {
        CatalogFilter {
            text: search_text(&self.text),
            chosen: self.chosen.clone(),
            owners: self.mine.then_some(mine),
            refs: self.starred.then_some(starred),
        }
    }

    /// Its parameters, but for the text.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        for (facet, values) in &self.chosen {
            pairs.extend(values.iter().map(|value| (parameter(*facet), value.clone())));
        }
        if self.mine {
            pairs.push((parameter(CatalogFacet::Owner), ME.to_owned()));
        }
        if self.starred {
            pairs.push(("starred", "1".to_owned()));
        }
        if self.order != CatalogOrder::default() {
            let word =
                SORTS.iter().find(|(sort, _)| *sort == self.order.sort).map_or("name", |(_, word)| word);
            pairs.push(("sort", format!("{}{word}", if self.order.descending { "-" } else { "" })));
        }
        if self.page > 1 {
            pairs.push(("page", self.page.to_string()));
        }
        pairs
    }

    /// The path with its query.
    pub(crate) fn path(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.text.is_empty() {
            query.append_pair("q", &self.text);
        }
        for (name, value) in self.parameters() {
            query.append_pair(name, &value);
        }
        let query = query.finish();
        if query.is_empty() { "/catalog".to_owned() } else { format!("/catalog?{query}") }
    }
}

/// A value as the catalog keeps it: references whole, all in lower case.
fn stored_form(facet: CatalogFacet, value: &str) -> String {
    let text = || search_text(&value.chars().take(VALUE_CHARS_MAX).collect::<String>());
    match facet {
        CatalogFacet::Owner | CatalogFacet::System => {
            value.parse::<EntityRef>().map_or_else(|_| text(), |entity_ref| entity_ref.to_string())
        }
        _ => text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_change_one_thing_and_start_at_the_first_page() {
        let here = Address { text: "a b".to_owned(), page: 3, ..Address::default() };
        let apis = here.only(CatalogFacet::Kind, Some("api"));
        assert_eq!(apis.path(), "/catalog?q=a+b&kind=api");
        let tagged = apis.toggled(CatalogFacet::Tag, "x&y").toggled(CatalogFacet::Tag, "z");
        assert_eq!(tagged.path(), "/catalog?q=a+b&kind=api&tag=x%26y&tag=z");
        assert_eq!(tagged.toggled(CatalogFacet::Tag, "x&y").toggled(CatalogFacet::Tag, "z"), apis);
        assert_eq!(here.at(4).path(), "/catalog?q=a+b&page=4");
        assert_eq!(Address::mine().path(), "/catalog?owner=me");
    }

    #[test]
    fn a_second_click_turns_the_order_round() {
        let by_owner = Address::default().sorted(CatalogSort::Owner);
        assert_eq!(by_owner.path(), "/catalog?sort=owner");
        assert_eq!(by_owner.sorted(CatalogSort::Owner).path(), "/catalog?sort=-owner");
        assert_eq!(by_owner.sorted(CatalogSort::Owner).sorted(CatalogSort::Owner), by_owner);
        assert_eq!(by_owner.sorted(CatalogSort::Name).path(), "/catalog");
        assert_eq!(Address::default().sorted(CatalogSort::Name).path(), "/catalog?sort=-name");
    }
}

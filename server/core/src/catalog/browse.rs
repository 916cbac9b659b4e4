//! The catalog's table: what is chosen, what could be chosen beside it, and one page of what fits.
//!
//! At 100,000 entities each count and each sorted page costs a good part of a second the first time. Both are
//! remembered by what was asked for, within a bound, until the catalog changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use portal_model::EntityRef;

use super::{
    CatalogError, CatalogService, EntityQuery, Facet, FullText, OrderField, Predicate, StoredEntity,
    TEXT_SEARCH_KEYS,
};

/// Rows of a page.
pub const ROWS: u32 = 50;
/// Most values told of each facet.
pub const FACET_VALUES_MAX: u32 = 50;
/// Most values chosen of one facet; others are ignored.
pub const CHOSEN_MAX: usize = 20;
/// How many counts are made at the same time; others wait, and often find the answer remembered.
pub(super) const COUNTING_AT_ONCE: usize = 2;
/// Most facet values remembered.
pub(super) const COUNTED_VALUES_MAX: u64 = 200_000;
/// Most memory for pages, in bytes.
pub(super) const PAGE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What the table can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CatalogFacet {
    /// Kind of entity, in lower case.
    Kind,
    /// `spec.type`.
    Type,
    /// `spec.lifecycle`.
    Lifecycle,
    /// Owner, as reference.
    Owner,
    /// What it is part of, as reference: mostly a system.
    System,
    /// A tag.
    Tag,
    /// Namespace.
    Namespace,
}

impl CatalogFacet {
    /// Every facet, in the order shown.
    pub const ALL: [Self; 7] =
        [Self::Kind, Self::Type, Self::Lifecycle, Self::Owner, Self::System, Self::Tag, Self::Namespace];

    const fn key(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Type => "spec.type",
            Self::Lifecycle => "spec.lifecycle",
            Self::Owner => "relations.ownedby",
            Self::System => "relations.partof",
            Self::Tag => "metadata.tags",
            Self::Namespace => "metadata.namespace",
        }
    }
}

/// Which entities are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CatalogFilter {
    /// A text that they contain, in lower case; empty for any.
    pub text: String,
    /// Chosen values, in lower case: of one facet any fits, every facet must.
    pub chosen: BTreeMap<CatalogFacet, BTreeSet<String>>,
    /// Owned by one of these; `None` for anybody.
    pub owners: Option<Arc<[EntityRef]>>,
    /// One of these; `None` for any.
    pub refs: Option<Arc<[EntityRef]>>,
}

impl CatalogFilter {
    /// The query for these entities, without what was chosen of one facet.
    fn query(&self, without: Option<CatalogFacet>) -> EntityQuery {
        let chosen =
            self.chosen.iter().filter(|(facet, values)| Some(**facet) != without && !values.is_empty());
        let mut conditions: Vec<Predicate> = chosen
            .map(|(facet, values)| Predicate::In(facet.key().to_owned(), values.iter().cloned().collect()))
            .collect();
        if let Some(owners) = &self.owners {
            let owners = owners.iter().map(ToString::to_string).collect();
            conditions.push(Predicate::In(CatalogFacet::Owner.key().to_owned(), owners));
        }
        if let Some(refs) = &self.refs {
            conditions.push(Predicate::IsOneOf(refs.to_vec()));
        }
        let full_text = (!self.text.is_empty()).then(|| FullText {
            term: self.text.clone(),
            keys: TEXT_SEARCH_KEYS.map(str::to_owned).to_vec(),
        });
        EntityQuery {
            predicate: (!conditions.is_empty()).then_some(Predicate::All(conditions)),
            full_text,
            ..EntityQuery::all(ROWS)
        }
    }

    /// What it takes in memory, in bytes, roughly.
    fn weight_bytes(&self) -> usize {
        const REF_BYTES: usize = 64;
        let chosen: usize = self.chosen.values().flatten().map(String::len).sum();
        let refs = self.owners.as_deref().map_or(0, <[_]>::len) + self.refs.as_deref().map_or(0, <[_]>::len);
        self.text.len() + chosen + refs * REF_BYTES
    }
}

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CatalogSort {
    /// Name.
    #[default]
    Name,
    /// Kind.
    Kind,
    /// `spec.type`.
    Type,
    /// Owner.
    Owner,
    /// `spec.lifecycle`.
    Lifecycle,
}

/// The order of the rows. Entities without the value come last; reference is the last key always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CatalogOrder {
    /// By what.
    pub sort: CatalogSort,
    /// Largest first.
    pub descending: bool,
}

impl CatalogOrder {
    fn field(self) -> OrderField {
        let key = match self.sort {
            CatalogSort::Name => "metadata.name",
            CatalogSort::Kind => "kind",
            CatalogSort::Type => "spec.type",
            CatalogSort::Owner => "relations.ownedby",
            CatalogSort::Lifecycle => "spec.lifecycle",
        };
        OrderField { key: key.to_owned(), descending: self.descending }
    }
}

/// How many entities fit, and what they have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogCounts {
    /// How many fit.
    pub total: i64,
    /// Of each facet the most frequent values, counted as if nothing of this facet was chosen; at most
    /// [`FACET_VALUES_MAX`].
    pub facets: BTreeMap<CatalogFacet, Vec<Facet>>,
}

/// One page of the table.
#[derive(Debug, Clone)]
pub struct CatalogTable {
    /// The rows.
    pub items: Arc<[StoredEntity]>,
    /// Which page this is, from 1: the last one, when a later one was asked for.
    pub page: u32,
    /// How many pages there are, 1 at least.
    pub pages: u32,
    /// How many fit, and what could be chosen.
    pub counts: Arc<CatalogCounts>,
}

/// A page that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageKey {
    filter: CatalogFilter,
    order: CatalogOrder,
    page: u32,
}

pub(super) fn counts_weight(filter: &CatalogFilter, counts: &Arc<CatalogCounts>) -> usize {
    const VALUE_BYTES: usize = 32;
    1 + counts.facets.values().map(Vec::len).sum::<usize>() + filter.weight_bytes() / VALUE_BYTES
}

pub(super) fn page_weight(key: &PageKey, items: &Arc<[StoredEntity]>) -> usize {
    key.filter.weight_bytes() + items.iter().map(super::service::weight_bytes).sum::<usize>()
}

impl CatalogService {
    /// One page of the table, with the totals and facets of all of it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn browse(
        &self,
        filter: &CatalogFilter,
        order: CatalogOrder,
        page: u32,
    ) -> Result<CatalogTable, CatalogError> {
        let counter = self.counter().await?;
        let counts = self.counts(filter, counter).await?;
        let total = u32::try_from(counts.total).unwrap_or(u32::MAX);
        let pages = total.div_ceil(ROWS).max(1);
        let page = page.clamp(1, pages);
        let key = PageKey { filter: filter.clone(), order, page };
        if let Some(items) = self.pages.get(&key, counter) {
            return Ok(CatalogTable { items, page, pages, counts });
        }
        let query = EntityQuery {
            order: Some(order.field()),
            offset: (page - 1).saturating_mul(ROWS),
            ..filter.query(None)
        };
        let items: Arc<[StoredEntity]> =
            self.dependencies.store.read().await?.entity_page(&query).await?.into();
        self.pages.put(key, counter, Arc::clone(&items));
        Ok(CatalogTable { items, page, pages, counts })
    }

    async fn counts(&self, filter: &CatalogFilter, counter: i64) -> Result<Arc<CatalogCounts>, CatalogError> {
        if let Some(known) = self.counted.get(filter, counter) {
            return Ok(known);
        }
        // Never closed: an error cannot be. Should it be one, counting goes on without a turn.
        let _turn = self.counting.acquire().await.ok();
        if let Some(known) = self.counted.get(filter, counter) {
            return Ok(known);
        }
        let counts = Arc::new(self.count(filter).await?);
        self.counted.put(filter.clone(), counter, Arc::clone(&counts));
        Ok(counts)
    }

    /// One query for every facet of which nothing is chosen, and one for each other.
    async fn count(&self, filter: &CatalogFilter) -> Result<CatalogCounts, CatalogError> {
        let chosen = |facet: &CatalogFacet| filter.chosen.get(facet).is_some_and(|values| !values.is_empty());
        let (narrowed, free): (Vec<_>, Vec<_>) = CatalogFacet::ALL.into_iter().partition(chosen);
        let mut store = self.dependencies.store.read().await?;
        let keys: Vec<&str> = free.iter().map(|facet| facet.key()).collect();
        let found = store.entity_facets(&filter.query(None), &keys, FACET_VALUES_MAX).await?;
        let mut counts =
            CatalogCounts { total: found.total, facets: free.into_iter().zip(found.facets).collect() };
        for facet in narrowed {
            let query = filter.query(Some(facet));
            let values = store.entity_facets(&query, &[facet.key()], FACET_VALUES_MAX).await?;
            counts.facets.insert(facet, values.facets.into_iter().next().unwrap_or_default());
        }
        Ok(counts)
    }
}

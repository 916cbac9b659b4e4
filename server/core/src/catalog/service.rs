//! What pages, actions and the command line ask of the catalog.

use std::sync::Arc;

use portal_model::EntityRef;
use thiserror::Error;
use tokio::sync::Semaphore;

use super::{
    ApiDefinition, CatalogCounts, CatalogFilter, EntityPage, EntityQuery, Facet, FullText, OrderField,
    Predicate, StoredEntity, browse, cache::GenerationCache, definition, model, near, ownership,
};
use crate::ports::StoreError;

/// Most memory for entities, in bytes of their JSON.
pub const ENTITY_CACHE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most references remembered of people's groups.
pub const OWNERSHIP_CACHE_REFS_MAX: u64 = 500_000;
/// Keys in which a text search looks.
pub const TEXT_SEARCH_KEYS: [&str; 6] = [
    "metadata.name",
    "metadata.title",
    "metadata.description",
    "metadata.tags",
    "spec.profile.displayname",
    "spec.profile.email",
];
/// Bytes that an entity takes beside its JSON, roughly.
const ENTITY_OVERHEAD_BYTES: usize = 256;

/// Why the catalog did not answer.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads of the catalog, through caches bounded in size and keyed by the catalog's change counter.
pub struct CatalogService {
    pub(super) dependencies: crate::services::Dependencies,
    entities: GenerationCache<EntityRef, Option<Arc<StoredEntity>>>,
    ownership: GenerationCache<EntityRef, Arc<[EntityRef]>>,
    descriptions: GenerationCache<(), Arc<str>>,
    definitions: GenerationCache<EntityRef, Arc<ApiDefinition>>,
    pub(super) below: GenerationCache<EntityRef, Arc<[EntityRef]>>,
    pub(super) counted: GenerationCache<CatalogFilter, Arc<CatalogCounts>>,
    pub(super) pages: GenerationCache<browse::PageKey, Arc<[StoredEntity]>>,
    pub(super) counting: Semaphore,
}

impl CatalogService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self {
            dependencies,
            entities: GenerationCache::new(
                ENTITY_CACHE_BYTES_MAX,
                |_, entity: &Option<Arc<StoredEntity>>| {
                    ENTITY_OVERHEAD_BYTES + entity.as_deref().map_or(0, weight_bytes)
                },
            ),
            ownership: GenerationCache::new(OWNERSHIP_CACHE_REFS_MAX, |_, refs: &Arc<[EntityRef]>| {
                refs.len() + 1
            }),
            descriptions: GenerationCache::new(1, |(), _: &Arc<str>| 1),
            definitions: GenerationCache::new(
                definition::OPERATIONS_REMEMBERED_MAX,
                |_, definition: &Arc<ApiDefinition>| definition::weight(definition),
            ),
            below: GenerationCache::new(OWNERSHIP_CACHE_REFS_MAX, |_, refs: &Arc<[EntityRef]>| {
                refs.len() + 1
            }),
            counted: GenerationCache::new(browse::COUNTED_VALUES_MAX, browse::counts_weight),
            pages: GenerationCache::new(browse::PAGE_BYTES_MAX, browse::page_weight),
            counting: Semaphore::new(browse::COUNTING_AT_ONCE),
        }
    }

    /// One entity; `None` when it is not in the catalog.
    ///
    /// # Errors
    /// The store failed.
    pub async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<StoredEntity>>, CatalogError> {
        let counter = self.counter().await?;
        if let Some(known) = self.entities.get(entity_ref, counter) {
            return Ok(known);
        }
        let found = self.dependencies.store.read().await?.entity_by_ref(entity_ref).await?.map(Arc::new);
        self.entities.put(entity_ref.clone(), counter, found.clone());
        Ok(found)
    }

    /// Those of these entities that are in the catalog, by reference; of the first 1,000 asked for.
    ///
    /// # Errors
    /// The store failed.
    pub async fn entity_list(&self, refs: &[EntityRef]) -> Result<Vec<StoredEntity>, CatalogError> {
        let refs = refs.get(..1_000).unwrap_or(refs);
        Ok(self.dependencies.store.read().await?.entity_list_by_refs(refs).await?)
    }

    /// Entities of this name, of any kind and namespace that is not given, ordered by reference, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn entities_named(
        &self,
        kind: Option<&str>,
        namespace: Option<&str>,
        name: &str,
        limit: u32,
    ) -> Result<Vec<Arc<StoredEntity>>, CatalogError> {
        let lower = |text: &str| text.to_lowercase();
        if let (Some(kind), Some(namespace)) = (kind, namespace)
            && let Ok(entity_ref) = EntityRef::new(kind, namespace, name)
        {
            return Ok(self.entity(&entity_ref).await?.into_iter().collect());
        }
        let (kind, namespace) = (kind.map(lower), namespace.map(lower));
        let mut store = self.dependencies.store.read().await?;
        let found =
            store.entity_list_by_name(kind.as_deref(), namespace.as_deref(), &lower(name), limit).await?;
        Ok(found.into_iter().map(Arc::new).collect())
    }

    /// References of entities whose names are near to this one, nearest first, at most five.
    ///
    /// # Errors
    /// The store failed.
    pub async fn near_names(&self, kind: Option<&str>, name: &str) -> Result<Vec<EntityRef>, CatalogError> {
        let mut candidates = Vec::new();
        for query in near::queries(kind, name) {
            let page = self.query(&query).await?;
            candidates.extend(page.items.into_iter().map(|entity| entity.entity_ref));
        }
        Ok(near::nearest(name, candidates))
    }

    /// One page of entities.
    ///
    /// # Errors
    /// The store failed.
    pub async fn query(&self, query: &EntityQuery) -> Result<EntityPage, CatalogError> {
        Ok(self.dependencies.store.read().await?.entity_query(query).await?)
    }

    /// Entities that contain a text in name, title, description, tags, or a person's name or e-mail; all when it is
    /// empty. By name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn search(
        &self,
        text: &str,
        kind: Option<&str>,
        offset: u32,
        limit: u32,
    ) -> Result<EntityPage, CatalogError> {
        let term = crate::ingestion::search_text(text.trim());
        let keys = || TEXT_SEARCH_KEYS.map(str::to_owned).to_vec();
        self.query(&EntityQuery {
            predicate: kind.map(|kind| is("kind", kind)),
            full_text: (!term.is_empty()).then(|| FullText { term, keys: keys() }),
            order: Some(by_name()),
            after: None,
            offset,
            limit,
        })
        .await
    }

    /// Entities that one of these owns, by name; for a person give [`Self::ownership_refs`].
    ///
    /// # Errors
    /// The store failed.
    pub async fn owned(
        &self,
        owners: &[EntityRef],
        kind: Option<&str>,
        limit: u32,
    ) -> Result<EntityPage, CatalogError> {
        let owners = owners.iter().map(ToString::to_string).collect();
        let mut conditions = vec![Predicate::In("relations.ownedby".to_owned(), owners)];
        conditions.extend(kind.map(|kind| is("kind", kind)));
        let query = EntityQuery {
            predicate: Some(Predicate::All(conditions)),
            full_text: None,
            order: Some(by_name()),
            after: None,
            offset: 0,
            limit,
        };
        self.query(&query).await
    }

    /// Values of a key among the entities that fit the query.
    ///
    /// # Errors
    /// The store failed.
    pub async fn facet(
        &self,
        query: &EntityQuery,
        key: &str,
        limit: u32,
    ) -> Result<Vec<Facet>, CatalogError> {
        Ok(self.dependencies.store.read().await?.entity_facet(query, key, limit).await?)
    }

    /// The kinds there are, in lower case, and how many entities of each; most frequent first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn kind_counts(&self) -> Result<Vec<Facet>, CatalogError> {
        self.facet(&EntityQuery::all(1), "kind", model::KINDS_MAX).await
    }

    /// The groups a user belongs to, by `memberOf` and then upwards by `childOf`, nearest first; and with the user's own
    /// ref in front, the refs under which the user owns things. At most [`OWNERSHIP_REFS_MAX`](super::OWNERSHIP_REFS_MAX).
    ///
    /// # Errors
    /// The store failed.
    pub async fn ownership_refs(&self, user: &EntityRef) -> Result<Arc<[EntityRef]>, CatalogError> {
        let counter = self.counter().await?;
        if let Some(known) = self.ownership.get(user, counter) {
            return Ok(known);
        }
        let mut store = self.dependencies.store.read().await?;
        let refs: Arc<[EntityRef]> = ownership::refs(&mut *store, user).await?.into();
        self.ownership.put(user.clone(), counter, Arc::clone(&refs));
        Ok(refs)
    }

    /// The kinds there are, how many of each, and which keys they have, in Markdown, for agents.
    ///
    /// # Errors
    /// The store failed.
    pub async fn model_description(&self) -> Result<Arc<str>, CatalogError> {
        let counter = self.counter().await?;
        if let Some(known) = self.descriptions.get(&(), counter) {
            return Ok(known);
        }
        let mut store = self.dependencies.store.read().await?;
        let text: Arc<str> = model::describe(&mut *store).await?.into();
        self.descriptions.put((), counter, Arc::clone(&text));
        Ok(text)
    }

    /// What the API definition of an entity says, as far as it can be read; `None` when it has none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn api_definition(
        &self,
        entity: &StoredEntity,
    ) -> Result<Option<Arc<ApiDefinition>>, CatalogError> {
        let spec = |key: &str| entity.document.get("spec")?.get(key)?.as_str();
        let Some(text) = spec("definition") else { return Ok(None) };
        let counter = self.counter().await?;
        if let Some(known) = self.definitions.get(&entity.entity_ref, counter) {
            return Ok(Some(known));
        }
        let read = Arc::new(definition::read(spec("type").unwrap_or_default(), text));
        self.definitions.put(entity.entity_ref.clone(), counter, Arc::clone(&read));
        Ok(Some(read))
    }

    pub(super) async fn counter(&self) -> Result<i64, StoreError> {
        Ok(self.dependencies.changes.current().await?.catalog)
    }
}

pub(super) fn is(key: &str, value: &str) -> Predicate {
    Predicate::In(key.to_owned(), vec![value.to_lowercase()])
}

pub(super) fn by_name() -> OrderField {
    OrderField { key: "metadata.name".to_owned(), descending: false }
}

pub(super) fn weight_bytes(entity: &StoredEntity) -> usize {
    const RELATION_BYTES: usize = 160;
    value_bytes(&entity.document) + entity.relations.len() * RELATION_BYTES
}

/// What a JSON value takes in memory, roughly.
fn value_bytes(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    const NODE_BYTES: usize = 40;
    NODE_BYTES
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(value_bytes).sum(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| key.len() + NODE_BYTES + value_bytes(value)).sum()
            }
        }
}

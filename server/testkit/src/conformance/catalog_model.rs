//! Random catalogs and queries, compared with a model in memory.

use std::{collections::BTreeSet, sync::Arc};

use portal_core::{
    catalog::{EntityQuery, FullText, OrderField, Predicate, StagedEntity},
    ports::Store,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    strategy::{BoxedStrategy, ValueTree as _},
    test_runner::TestRunner,
};

use super::fixtures::{entity, publish, read, related};

const KEYS: [&str; 3] = ["k1", "k2", "k3"];
const VALUES: [&str; 6] = ["", "a", "ab", "a_b", "ä", "b%"];
const GROUPS: [&str; 2] = ["group:default/x", "group:default/y"];
const CATALOGS: usize = 4;
const QUERIES: usize = 60;

fn pick(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn entities() -> impl Strategy<Value = Vec<StagedEntity>> {
    let search = vec((pick(&KEYS), pick(&VALUES)), 0..5);
    let owners = prop::sample::subsequence(&GROUPS[..], 0..=2);
    vec((0..2_u8, search, owners), 0..14).prop_map(|parts| {
        let entities = parts.into_iter().enumerate().map(|(number, (kind, search, owners))| {
            let kind = if kind == 0 { "component" } else { "component-x" };
            let mut entity = entity(&format!("{kind}:default/e{number}"), &[]);
            entity.search.extend(search);
            related(entity, "ownedBy", "ownerOf", &owners)
        });
        entities.collect()
    })
}

fn predicate() -> BoxedStrategy<Predicate> {
    let search_key = || prop_oneof![4 => pick(&KEYS), 1 => Just("relations.ownedby".to_owned())];
    let value = || prop_oneof![4 => pick(&VALUES), 1 => pick(&GROUPS)];
    let leaf = prop_oneof![
        search_key().prop_map(Predicate::Exists),
        (search_key(), vec(value(), 0..3)).prop_map(|(key, values)| Predicate::In(key, values)),
        (search_key(), value()).prop_map(|(key, prefix)| Predicate::HasPrefix(key, prefix)),
        vec((any::<bool>(), 0..14_usize), 0..4).prop_map(|picked| {
            let kind = |odd: bool| if odd { "component-x" } else { "component" };
            let refs = picked.into_iter().map(|(odd, number)| format!("{}:default/e{number}", kind(odd)));
            Predicate::IsOneOf(refs.map(|text| text.parse().unwrap()).collect())
        }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Predicate::All),
            vec(inner.clone(), 0..3).prop_map(Predicate::Any),
            inner.prop_map(|part| Predicate::Not(Box::new(part))),
        ]
    })
    .boxed()
}

fn query() -> impl Strategy<Value = EntityQuery> {
    let full_text = (prop::sample::select(vec!["a", "b", "%", "_"]), vec(pick(&KEYS), 1..3))
        .prop_map(|(term, keys)| FullText { term: term.to_owned(), keys });
    let order = (prop_oneof![4 => pick(&KEYS), 1 => Just("relations.ownedby".to_owned())], any::<bool>())
        .prop_map(|(key, descending)| OrderField { key, descending });
    (option::of(predicate()), option::weighted(0.3, full_text), option::of(order), 0..4_u32, 1..6_u32)
        .prop_map(|(predicate, full_text, order, offset, limit)| EntityQuery {
            predicate,
            full_text,
            order,
            after: None,
            offset,
            limit,
        })
}

/// Every value that an entity has of a key.
fn values(entity: &StagedEntity, key: &str) -> BTreeSet<String> {
    match key {
        "relations.ownedby" => entity
            .relations
            .iter()
            .filter(|(source, kind, _)| *source == entity.entity_ref && kind == "ownedBy")
            .map(|(_, _, target)| target.to_string())
            .collect(),
        _ => entity.search.iter().filter(|(known, _)| known == key).map(|(_, value)| value.clone()).collect(),
    }
}

fn fits(entity: &StagedEntity, predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(parts) => parts.iter().all(|part| fits(entity, part)),
        Predicate::Any(parts) => parts.iter().any(|part| fits(entity, part)),
        Predicate::Not(part) => !fits(entity, part),
        Predicate::Exists(key) => !values(entity, key).is_empty(),
        Predicate::In(key, wanted) => values(entity, key).iter().any(|value| wanted.contains(value)),
        Predicate::HasPrefix(key, prefix) => {
            values(entity, key).iter().any(|value| value.starts_with(prefix))
        }
        Predicate::IsOneOf(refs) => refs.contains(&entity.entity_ref),
    }
}

fn sort_value(entity: &StagedEntity, order: &OrderField) -> Option<String> {
    let values = values(entity, &order.key);
    if order.descending { values.into_iter().next_back() } else { values.into_iter().next() }
}

/// References of everything that fits the query, in its order, without its page.
fn expected(catalog: &[StagedEntity], query: &EntityQuery) -> Vec<String> {
    let mut found: Vec<&StagedEntity> = catalog
        .iter()
        .filter(|entity| query.predicate.as_ref().is_none_or(|predicate| fits(entity, predicate)))
        .filter(|entity| {
            query.full_text.as_ref().is_none_or(|text| {
                text.keys.iter().any(|key| values(entity, key).iter().any(|value| value.contains(&text.term)))
            })
        })
        .collect();
    found.sort_by_key(|entity| entity.entity_ref.to_string());
    if let Some(order) = &query.order {
        found.sort_by(|left, right| match (sort_value(left, order), sort_value(right, order)) {
            (Some(left), Some(right)) if order.descending => right.cmp(&left),
            (Some(left), Some(right)) => left.cmp(&right),
            (left, right) => left.is_none().cmp(&right.is_none()),
        });
    }
    found.into_iter().map(|entity| entity.entity_ref.to_string()).collect()
}

/// Random catalogs, each with random queries; the same ones every time.
fn draw(queries: usize) -> Vec<(Vec<StagedEntity>, Vec<EntityQuery>)> {
    let mut runner = TestRunner::deterministic();
    let drawn = (entities(), vec(query(), queries));
    (0..CATALOGS).map(|_| drawn.new_tree(&mut runner).unwrap().current()).collect()
}

pub async fn random_queries_agree_with_a_model(store: Arc<dyn Store>) {
    for (number, (catalog, queries)) in draw(QUERIES).into_iter().enumerate() {
        publish(&store, "a", &number.to_string(), &catalog).await;
        let mut reader = read(&store).await;
        for query in queries {
            let page = reader.entity_query(&query).await.unwrap();
            let found: Vec<String> = page.items.iter().map(|item| item.entity_ref.to_string()).collect();
            let all = expected(&catalog, &query);
            let (offset, limit) = (query.offset as usize, query.limit as usize);
            let wanted: Vec<String> = all.iter().skip(offset).take(limit).cloned().collect();
            assert_eq!(found, wanted, "{query:?}\n{catalog:?}");
            assert_eq!(page.total, i64::try_from(all.len()).unwrap(), "{query:?}\n{catalog:?}");
            assert_eq!(page.next.is_some(), all.len() > offset + limit, "{query:?}\n{catalog:?}");
        }
    }
}

pub async fn random_cursors_visit_everything_once(store: Arc<dyn Store>) {
    for (number, (catalog, queries)) in draw(QUERIES / 2).into_iter().enumerate() {
        publish(&store, "a", &number.to_string(), &catalog).await;
        let mut reader = read(&store).await;
        for query in queries {
            let mut query = EntityQuery { offset: 0, ..query };
            let all = expected(&catalog, &query);
            let mut found = Vec::new();
            loop {
                let page = reader.entity_query(&query).await.unwrap();
                found.extend(page.items.iter().map(|item| item.entity_ref.to_string()));
                assert!(found.len() <= all.len(), "{query:?}\n{catalog:?}");
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            assert_eq!(found, all, "{query:?}\n{catalog:?}");
        }
    }
}

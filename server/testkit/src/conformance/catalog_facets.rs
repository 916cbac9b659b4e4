//! What entities have in common: values of several keys at once, and kinds.

use std::sync::Arc;

use portal_core::{
    catalog::{EntityQuery, Facet, FullText, OrderField, Predicate},
    ports::Store,
};

use super::fixtures::{entity, entity_ref, publish, read, related};

const EVERYTHING: EntityQuery =
    EntityQuery { predicate: None, full_text: None, order: None, after: None, offset: 0, limit: 100 };
const KEYS: [&str; 3] = ["relations.ownedby", "spec.type", "metadata.tags"];

fn with(key: &str, value: &str) -> EntityQuery {
    let predicate = Predicate::In(key.to_owned(), vec![value.to_owned()]);
    EntityQuery { predicate: Some(predicate), ..EVERYTHING }
}

fn facets(expected: &[(&str, i64)]) -> Vec<Facet> {
    expected.iter().map(|(value, count)| Facet { value: (*value).to_owned(), count: *count }).collect()
}

/// Three components and an API.
async fn add_entities(store: &Arc<dyn Store>) {
    let red = |text: &str, search: &[(&str, &str)]| {
        related(entity(text, search), "ownedBy", "ownerOf", &["group:default/red"])
    };
    let entities = [
        red("component:default/a", &[("spec.type", "service"), ("metadata.tags", "x")]),
        red(
            "component:default/b",
            &[("spec.type", "service"), ("metadata.tags", "x"), ("metadata.tags", "y")],
        ),
        related(
            entity("component:default/c", &[("spec.type", "library")]),
            "ownedBy",
            "ownerOf",
            &["group:default/blue", "group:default/red"],
        ),
        entity("api:default/a", &[("spec.type", "openapi"), ("metadata.tags", "y")]),
    ];
    publish(store, "a", "1", &entities).await;
    // Not published, or behind another's: not counted.
    publish(store, "b", "2", &[red("component:default/a", &[("spec.type", "other")])]).await;
}

pub async fn several_keys_are_counted_at_once(store: Arc<dyn Store>) {
    add_entities(&store).await;
    let mut reader = read(&store).await;
    let all = reader.entity_facets(&EVERYTHING, &KEYS, 10).await.unwrap();
    assert_eq!(all.total, 4);
    assert_eq!(all.facets[0], facets(&[("group:default/red", 3), ("group:default/blue", 1)]));
    assert_eq!(all.facets[1], facets(&[("service", 2), ("library", 1), ("openapi", 1)]));
    assert_eq!(all.facets[2], facets(&[("x", 2), ("y", 2)]));
    let services = with("spec.type", "service");
    let some = reader.entity_facets(&services, &KEYS, 10).await.unwrap();
    assert_eq!((some.total, some.facets[0].clone()), (2, facets(&[("group:default/red", 2)])));
    for (key, values) in KEYS.iter().zip(&some.facets) {
        assert_eq!(&reader.entity_facet(&services, key, 10).await.unwrap(), values, "{key}");
    }
    let text = FullText { term: "lib".to_owned(), keys: vec!["spec.type".to_owned()] };
    let found = EntityQuery { full_text: Some(text), ..EVERYTHING };
    let found = reader.entity_facets(&found, &["kind"], 10).await.unwrap();
    assert_eq!((found.total, found.facets), (1, vec![facets(&[("component", 1)])]));
    let nothing = with("spec.type", "none");
    let nothing = reader.entity_facets(&nothing, &KEYS, 10).await.unwrap();
    assert_eq!((nothing.total, nothing.facets), (0, vec![Vec::new(); 3]));
    assert_eq!(reader.entity_facets(&EVERYTHING, &[], 10).await.unwrap().total, 4);
}

pub async fn facets_keep_to_their_limit(store: Arc<dyn Store>) {
    add_entities(&store).await;
    let counts = read(&store).await.entity_facets(&EVERYTHING, &KEYS, 1).await.unwrap();
    assert_eq!(counts.total, 4);
    let firsts: Vec<_> =
        counts.facets.iter().map(|values| (values.len(), values[0].value.as_str())).collect();
    assert_eq!(firsts, [(1, "group:default/red"), (1, "service"), (1, "x")]);
}

pub async fn a_page_comes_without_a_total(store: Arc<dyn Store>) {
    add_entities(&store).await;
    let mut reader = read(&store).await;
    for key in ["metadata.name", "kind", "spec.type", "relations.ownedby", "metadata.none"] {
        for descending in [false, true] {
            let order = Some(OrderField { key: key.to_owned(), descending });
            let mut visited = Vec::new();
            let whole = EntityQuery { order: order.clone(), ..EVERYTHING };
            for offset in 0..5 {
                let query = EntityQuery { offset, limit: 1, ..whole.clone() };
                visited.extend(reader.entity_page(&query).await.unwrap());
            }
            assert_eq!(visited, reader.entity_query(&whole).await.unwrap().items, "{key} {descending}");
        }
    }
    let by_name = EntityQuery {
        order: Some(OrderField { key: "metadata.name".to_owned(), descending: true }),
        ..EVERYTHING
    };
    let refs: Vec<_> = reader.entity_page(&by_name).await.unwrap();
    let refs: Vec<_> = refs.iter().map(|entity| entity.entity_ref.to_string()).collect();
    assert_eq!(refs, ["component:default/c", "component:default/b", "api:default/a", "component:default/a"]);
}

pub async fn entities_are_told_by_kind(store: Arc<dyn Store>) {
    add_entities(&store).await;
    let mut reader = read(&store).await;
    let told = |groups: Vec<portal_core::catalog::KindGroup>| -> Vec<(String, i64, Vec<String>)> {
        let names = |group: &portal_core::catalog::KindGroup| {
            group.items.iter().map(|item| item.entity_ref.name().to_owned()).collect()
        };
        groups.iter().map(|group| (group.kind.clone(), group.count, names(group))).collect()
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = reader.entity_groups(&EVERYTHING, 2).await.unwrap();
    assert_eq!(all[0].items[0].relations.len(), 1, "they come with their relations");
    assert_eq!(
        told(all),
        [("component".to_owned(), 3, names(&["a", "b"])), ("api".to_owned(), 1, names(&["a"]))]
    );
    let blue = with("relations.ownedby", "group:default/blue");
    let blue = reader.entity_groups(&blue, 2).await.unwrap();
    assert_eq!(told(blue), [("component".to_owned(), 1, names(&["c"]))]);
    let nothing = with("spec.type", "none");
    assert_eq!(reader.entity_groups(&nothing, 2).await.unwrap(), []);
}

pub async fn entities_are_chosen_by_reference(store: Arc<dyn Store>) {
    add_entities(&store).await;
    let mut reader = read(&store).await;
    let chosen = |texts: &[&str]| {
        let refs = texts.iter().map(|text| entity_ref(text)).collect();
        EntityQuery { predicate: Some(Predicate::IsOneOf(refs)), ..EVERYTHING }
    };
    let query = chosen(&["component:default/c", "api:default/a", "api:default/absent"]);
    let page = reader.entity_query(&query).await.unwrap();
    let refs: Vec<_> = page.items.iter().map(|item| item.entity_ref.to_string()).collect();
    assert_eq!((refs, page.total), (vec!["api:default/a".to_owned(), "component:default/c".to_owned()], 2));
    assert_eq!(reader.entity_query(&chosen(&[])).await.unwrap().total, 0);
    assert_eq!(reader.entity_facets(&query, &["kind"], 10).await.unwrap().total, 2);
}

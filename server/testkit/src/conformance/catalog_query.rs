//! Queries: predicates, full text, order, pages and facets.

use std::sync::Arc;

use portal_core::{
    catalog::{EntityPage, EntityQuery, Facet, FullText, OrderField, Predicate},
    ports::Store,
};

use super::fixtures::{entity, publish, read, related};

const EVERYTHING: EntityQuery =
    EntityQuery { predicate: None, full_text: None, order: None, after: None, offset: 0, limit: 100 };

fn with(predicate: Predicate) -> EntityQuery {
    EntityQuery { predicate: Some(predicate), ..EVERYTHING }
}

fn is(key: &str, value: &str) -> Predicate {
    Predicate::In(key.to_owned(), vec![value.to_owned()])
}

fn exists(key: &str) -> Predicate {
    Predicate::Exists(key.to_owned())
}

fn prefix(key: &str, prefix: &str) -> Predicate {
    Predicate::HasPrefix(key.to_owned(), prefix.to_owned())
}

fn not(predicate: Predicate) -> Predicate {
    Predicate::Not(Box::new(predicate))
}

fn names(page: &EntityPage) -> Vec<&str> {
    page.items.iter().map(|item| item.entity_ref.name()).collect()
}

/// Five components: `a` and `b` of type service, `c` of type library, `d` without a type, and `e` with several tags.
async fn add_components(store: &Arc<dyn Store>) {
    let entities = [
        related(
            entity("component:default/a", &[("spec.type", "service"), ("metadata.title", "100% pay_ment")]),
            "ownedBy",
            "ownerOf",
            &["group:default/red"],
        ),
        related(
            entity("component:default/b", &[("spec.type", "service"), ("metadata.title", "100 payxment")]),
            "ownedBy",
            "ownerOf",
            &["group:default/blue", "group:default/red"],
        ),
        entity("component:default/c", &[("spec.type", "library"), ("metadata.title", r"back\slash")]),
        entity("component:default/d", &[("metadata.description", "pay_ment in the text")]),
        entity(
            "component:default/e",
            &[("spec.type", "website"), ("metadata.tags", "x"), ("metadata.tags", "y")],
        ),
    ];
    publish(store, "a", "1", &entities).await;
}

async fn expect(store: &Arc<dyn Store>, predicate: Predicate, expected: &[&str]) {
    let text = format!("{predicate:?}");
    let page = read(store).await.entity_query(&with(predicate)).await.unwrap();
    assert_eq!(names(&page), expected, "{text}");
    assert_eq!(page.total, i64::try_from(expected.len()).unwrap(), "{text}");
    assert_eq!(page.next, None, "{text}");
}

pub async fn every_predicate_selects(store: Arc<dyn Store>) {
    add_components(&store).await;
    expect(&store, is("spec.type", "service"), &["a", "b"]).await;
    expect(&store, is("spec.type", "SERVICE"), &[]).await;
    expect(
        &store,
        Predicate::In("spec.type".to_owned(), vec!["library".to_owned(), "website".to_owned()]),
        &["c", "e"],
    )
    .await;
    expect(&store, exists("spec.type"), &["a", "b", "c", "e"]).await;
    expect(&store, exists("spec.none"), &[]).await;
    expect(&store, prefix("spec.type", "s"), &["a", "b"]).await;
    expect(&store, prefix("spec.type", "service"), &["a", "b"]).await;
    expect(&store, prefix("spec.type", "services"), &[]).await;
    expect(&store, prefix("spec.type", ""), &["a", "b", "c", "e"]).await;
    expect(&store, prefix("metadata.title", "100%"), &["a"]).await;
    // An entity with two tags fits once.
    expect(&store, Predicate::In("metadata.tags".to_owned(), vec!["x".to_owned(), "y".to_owned()]), &["e"])
        .await;
    expect(&store, is("spec.type", "' OR '1'='1"), &[]).await;
}

pub async fn relations_are_predicates(store: Arc<dyn Store>) {
    add_components(&store).await;
    expect(&store, is("relations.ownedby", "group:default/red"), &["a", "b"]).await;
    expect(&store, is("relations.ownedby", "group:default/blue"), &["b"]).await;
    expect(&store, exists("relations.ownedby"), &["a", "b"]).await;
    expect(&store, not(exists("relations.ownedby")), &["c", "d", "e"]).await;
    expect(&store, prefix("relations.ownedby", "group:default/b"), &["b"]).await;
    expect(&store, exists("relations.memberof"), &[]).await;
}

pub async fn negations_and_groups_combine(store: Arc<dyn Store>) {
    add_components(&store).await;
    let service = || is("spec.type", "service");
    let red = || is("relations.ownedby", "group:default/red");
    let blue = || is("relations.ownedby", "group:default/blue");
    expect(&store, not(service()), &["c", "d", "e"]).await;
    expect(&store, Predicate::All(vec![service(), not(blue())]), &["a"]).await;
    expect(
        &store,
        Predicate::Any(vec![blue(), is("spec.type", "library"), exists("metadata.tags")]),
        &["b", "c", "e"],
    )
    .await;
    expect(&store, not(Predicate::Any(vec![blue(), exists("metadata.tags")])), &["a", "c", "d"]).await;
    expect(&store, not(not(Predicate::All(vec![service(), red()]))), &["a", "b"]).await;
    let nested = Predicate::Any(vec![
        Predicate::All(vec![service(), not(blue())]),
        Predicate::All(vec![exists("metadata.title"), not(prefix("metadata.title", "100"))]),
    ]);
    expect(&store, nested, &["a", "c"]).await;
}

pub async fn empty_groups_mean_what_logic_says(store: Arc<dyn Store>) {
    add_components(&store).await;
    expect(&store, Predicate::All(Vec::new()), &["a", "b", "c", "d", "e"]).await;
    expect(&store, Predicate::Any(Vec::new()), &[]).await;
    expect(&store, Predicate::In("spec.type".to_owned(), Vec::new()), &[]).await;
    expect(&store, not(Predicate::In("spec.type".to_owned(), Vec::new())), &["a", "b", "c", "d", "e"]).await;
}

pub async fn full_text_finds_parts_literally(store: Arc<dyn Store>) {
    add_components(&store).await;
    let mut reader = read(&store).await;
    let all = ["metadata.title", "metadata.description"];
    let cases: [(&str, &[&str], &[&str]); 7] = [
        ("pay", &all, &["a", "b", "d"]),
        ("pay_ment", &all, &["a", "d"]),
        ("100%", &all, &["a"]),
        (r"k\s", &all, &["c"]),
        ("pay_ment", &["metadata.description"], &["d"]),
        ("%", &["metadata.description"], &[]),
        ("pay", &["spec.type"], &[]),
    ];
    for (term, keys, expected) in cases {
        let full_text = Some(FullText {
            term: term.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        });
        let page =
            reader.entity_query(&EntityQuery { full_text: full_text.clone(), ..EVERYTHING }).await.unwrap();
        assert_eq!(names(&page), expected, "{term}");
        let predicate = Some(not(is("metadata.name", "a")));
        let page = reader.entity_query(&EntityQuery { full_text, predicate, ..EVERYTHING }).await.unwrap();
        let expected: Vec<&str> = expected.iter().copied().filter(|name| *name != "a").collect();
        assert_eq!(names(&page), expected, "{term}");
    }
}

pub async fn pages_follow_each_other(store: Arc<dyn Store>) {
    add_components(&store).await;
    let mut reader = read(&store).await;
    let first = reader.entity_query(&EntityQuery { limit: 2, ..EVERYTHING }).await.unwrap();
    assert_eq!((names(&first), first.total), (vec!["a", "b"], 5));
    let second =
        reader.entity_query(&EntityQuery { limit: 3, after: first.next, ..EVERYTHING }).await.unwrap();
    assert_eq!((names(&second), second.total, second.next.as_ref()), (vec!["c", "d", "e"], 5, None));
    let nothing = reader.entity_query(&EntityQuery { limit: 0, ..EVERYTHING }).await.unwrap();
    assert_eq!((names(&nothing), nothing.total), (Vec::new(), 5));
}

pub async fn an_order_puts_missing_values_last(store: Arc<dyn Store>) {
    let entities = [
        entity("component:default/a", &[("rank", "2")]),
        entity("component:default/b", &[]),
        entity("component:default/c", &[("rank", "1"), ("rank", "3")]),
        entity("component:default/d", &[("rank", "2")]),
        entity("component:default/e", &[("rank", "")]),
        entity("component:default/f", &[]),
        entity("component:default/g", &[("rank", "10"), ("rank", "Z")]),
    ];
    publish(&store, "a", "1", &entities).await;
    let mut reader = read(&store).await;
    // Of several values the one that comes first in the order counts; equal ones are told apart by the reference.
    for (descending, expected) in
        [(false, ["e", "c", "g", "a", "d", "b", "f"]), (true, ["g", "c", "a", "d", "e", "b", "f"])]
    {
        let order = Some(OrderField { key: "rank".to_owned(), descending });
        for limit in [1, 2, 3, 7, 100] {
            let mut query = EntityQuery { order: order.clone(), limit, ..EVERYTHING };
            let mut seen = Vec::new();
            loop {
                let page = reader.entity_query(&query).await.unwrap();
                assert_eq!(page.total, 7);
                seen.extend(names(&page).into_iter().map(str::to_owned));
                let Some(next) = page.next else { break };
                query.after = Some(next);
            }
            assert_eq!(seen, expected, "descending {descending}, limit {limit}");
        }
    }
}

pub async fn an_order_by_relation_works(store: Arc<dyn Store>) {
    add_components(&store).await;
    let order = Some(OrderField { key: "relations.ownedby".to_owned(), descending: false });
    let page = read(&store).await.entity_query(&EntityQuery { order, ..EVERYTHING }).await.unwrap();
    assert_eq!(names(&page), ["b", "a", "c", "d", "e"]);
}

pub async fn an_offset_skips(store: Arc<dyn Store>) {
    add_components(&store).await;
    let mut reader = read(&store).await;
    let page = reader.entity_query(&EntityQuery { offset: 1, limit: 2, ..EVERYTHING }).await.unwrap();
    assert_eq!((names(&page), page.total), (vec!["b", "c"], 5));
    let page = reader
        .entity_query(&EntityQuery { offset: 1, limit: 2, after: page.next, ..EVERYTHING })
        .await
        .unwrap();
    assert_eq!((names(&page), page.total), (vec!["e"], 5));
    let page = reader.entity_query(&EntityQuery { offset: 9, ..EVERYTHING }).await.unwrap();
    assert_eq!((names(&page), page.total, page.next.as_ref()), (Vec::new(), 5, None));
}

/// However many values of an entity fit, and however the condition is nested.
pub async fn an_offset_skips_entities_not_values(store: Arc<dyn Store>) {
    let several = [("k", "1"), ("k", "2"), ("k", "3"), ("l", "4")];
    let entities = ["a", "b", "c"].map(|name| entity(&format!("component:default/{name}"), &several));
    publish(&store, "a", "1", &entities).await;
    let mut reader = read(&store).await;
    let leaf = || exists("k");
    let predicates = [
        leaf(),
        Predicate::Any(vec![leaf()]),
        Predicate::Any(vec![leaf(), leaf()]),
        Predicate::Any(vec![leaf(), Predicate::Any(Vec::new())]),
        Predicate::All(vec![Predicate::Any(vec![Predicate::Any(vec![leaf(), is("k", "none")])])]),
        not(not(leaf())),
        not(not(Predicate::Any(vec![leaf(), is("k", "none")]))),
        Predicate::In("k".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
    ];
    for predicate in predicates {
        let page = reader.entity_query(&EntityQuery { offset: 1, ..with(predicate.clone()) }).await.unwrap();
        assert_eq!((names(&page), page.total), (vec!["b", "c"], 3), "{predicate:?}");
    }
    for keys in [vec!["k".to_owned()], vec!["k".to_owned(), "l".to_owned()]] {
        let full_text = Some(FullText { term: String::new(), keys });
        let page = reader.entity_query(&EntityQuery { offset: 1, full_text, ..EVERYTHING }).await.unwrap();
        assert_eq!((names(&page), page.total), (vec!["b", "c"], 3));
    }
}

pub async fn a_total_counts_all_pages(store: Arc<dyn Store>) {
    add_components(&store).await;
    let query = EntityQuery { limit: 1, ..with(exists("spec.type")) };
    let page = read(&store).await.entity_query(&query).await.unwrap();
    assert_eq!((names(&page), page.total), (vec!["a"], 4));
}

pub async fn facets_count_entities(store: Arc<dyn Store>) {
    add_components(&store).await;
    let mut reader = read(&store).await;
    let facet = |value: &str, count| Facet { value: value.to_owned(), count };
    let types = reader.entity_facet(&EVERYTHING, "spec.type", 10).await.unwrap();
    assert_eq!(types, [facet("service", 2), facet("library", 1), facet("website", 1)]);
    assert_eq!(reader.entity_facet(&EVERYTHING, "spec.type", 2).await.unwrap(), types[..2]);
    let owned = with(exists("relations.ownedby"));
    assert_eq!(reader.entity_facet(&owned, "spec.type", 10).await.unwrap(), [facet("service", 2)]);
    let full_text = Some(FullText { term: "back".to_owned(), keys: vec!["metadata.title".to_owned()] });
    let found = EntityQuery { full_text, ..EVERYTHING };
    assert_eq!(reader.entity_facet(&found, "spec.type", 10).await.unwrap(), [facet("library", 1)]);
    assert_eq!(reader.entity_facet(&EVERYTHING, "spec.none", 10).await.unwrap(), []);
    // Order and page of the query are of no concern.
    let order = Some(OrderField { key: "metadata.name".to_owned(), descending: true });
    let page = EntityQuery { order, limit: 1, offset: 3, ..EVERYTHING };
    assert_eq!(reader.entity_facet(&page, "spec.type", 10).await.unwrap(), types);
}

pub async fn facets_count_relations(store: Arc<dyn Store>) {
    add_components(&store).await;
    // The group states what the component has stated already.
    let red = related(entity("group:default/red", &[]), "ownerOf", "ownedBy", &["component:default/a"]);
    publish(&store, "b", "2", &[red]).await;
    let facets = read(&store).await.entity_facet(&EVERYTHING, "relations.ownedby", 10).await.unwrap();
    let counts: Vec<(&str, i64)> = facets.iter().map(|facet| (facet.value.as_str(), facet.count)).collect();
    assert_eq!(counts, [("group:default/red", 2), ("group:default/blue", 1)]);
}

pub async fn oversized_queries_are_refused(store: Arc<dyn Store>) {
    add_components(&store).await;
    let mut reader = read(&store).await;
    let mut deep = exists("kind");
    for _ in 0..1_000 {
        deep = not(deep);
    }
    let wide = Predicate::Any(vec![exists("kind"); 10_000]);
    let values = Predicate::In("kind".to_owned(), vec!["component".to_owned(); 50_000]);
    for predicate in [deep, wide, values] {
        assert!(reader.entity_query(&with(predicate)).await.is_err());
    }
    // What is not beyond the bounds is answered.
    let many = Predicate::Any(vec![is("spec.type", "library"); 400]);
    assert_eq!(names(&reader.entity_query(&with(many)).await.unwrap()), ["c"]);
    let values = Predicate::In("kind".to_owned(), vec!["component".to_owned(); 10_000]);
    assert_eq!(reader.entity_query(&with(values)).await.unwrap().total, 5);
}

pub async fn prefixes_end_at_any_character(store: Arc<dyn Store>) {
    let entities = [
        entity("component:default/a", &[("k", "\u{d7ff}x")]),
        entity("component:default/b", &[("k", "\u{e000}")]),
        entity("component:default/c", &[("k", "\u{10ffff}\u{10ffff}")]),
        entity("component:default/d", &[("k", "z")]),
    ];
    publish(&store, "a", "1", &entities).await;
    expect(&store, prefix("k", "\u{d7ff}"), &["a"]).await;
    expect(&store, prefix("k", "\u{10ffff}"), &["c"]).await;
    expect(&store, prefix("k", "\u{e000}"), &["b"]).await;
}

//! A catalog of 100,000 entities stays usable. Run with `cargo test -p portal-store --test large_catalog -- --ignored
//! --nocapture`; it takes a minute and prints how long things took.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "helpers of tests")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use portal_core::{
    catalog::{EntityQuery, FullText, OrderField, Predicate, StagedEntity},
    ids::{LocationId, RunId},
    ingestion::{Location, LocationOrigin, RunOutcome, Target},
    ports::{ReadTransaction, Store},
    time::UnixMillis,
};
use portal_model::EntityRef;
use portal_testkit::conformance::{Engine, TestDatabase};

const ENTITIES: u32 = 100_000;
const BATCH: u32 = 1_000;
/// How long any of the queries may take in a debug build on a small and busy machine: a plan that compares everything
/// with everything takes longer.
const QUERY_MAX: Duration = Duration::from_secs(4);
/// The same for seven facets at once, which the catalog's page asks for once until the catalog changes.
const FACETS_MAX: Duration = Duration::from_secs(20);

fn entity(number: u32) -> StagedEntity {
    let kind = ["component", "component", "component", "api", "resource"][number as usize % 5];
    let entity_ref: EntityRef = format!("{kind}:default/name-{number:06}").parse().unwrap();
    let owner: EntityRef = format!("group:default/team-{}", number % 300).parse().unwrap();
    let pair = |key: &str, value: String| (key.to_owned(), value);
    StagedEntity {
        document:
            serde_json::json!({"metadata": {"name": entity_ref.name(), "description": "x".repeat(800)}})
                .to_string(),
        search: vec![
            pair("kind", kind.to_owned()),
            pair("metadata.name", entity_ref.name().to_owned()),
            pair("metadata.title", format!("the service number {number}")),
            pair("metadata.description", "x".repeat(200)),
            pair("metadata.tags", format!("tag-{}", number % 17)),
            pair("metadata.tags", format!("tag-{}", number % 23)),
            pair("spec.owner", format!("team-{}", number % 300)),
            pair("spec.lifecycle", ["production", "experimental"][number as usize % 2].to_owned()),
            pair("spec.type", ["service", "library", "website"][number as usize % 3].to_owned()),
        ],
        relations: vec![
            (entity_ref.clone(), "ownedBy".to_owned(), owner.clone()),
            (owner, "ownerOf".to_owned(), entity_ref.clone()),
        ],
        entity_ref,
    }
}

fn location(name: &str, created_ms: i64) -> Location {
    Location {
        id: LocationId(name.to_owned()),
        target: Target::File(name.to_owned()),
        allow: None,
        origin: LocationOrigin::Configuration,
        created_at: UnixMillis(created_ms),
        published_run: None,
        last_outcome: None,
        last_failure: None,
    }
}

async fn publish(store: &Arc<dyn Store>, name: &str, run: &str, numbers: std::ops::Range<u32>) {
    let (location_id, run) = (LocationId(name.to_owned()), RunId(run.to_owned()));
    for start in numbers.clone().step_by(BATCH as usize) {
        let batch: Vec<StagedEntity> = (start..numbers.end.min(start + BATCH)).map(entity).collect();
        let mut tx = store.write().await.unwrap();
        tx.run_stage(&location_id, &run, &batch).await.unwrap();
        tx.commit().await.unwrap();
    }
    let started = Instant::now();
    let mut tx = store.write().await.unwrap();
    let outcome = RunOutcome { at: UnixMillis(0), entities: 1, with_errors: 0, rejected: 0, duration_ms: 0 };
    assert!(tx.run_publish(&location_id, &run, &outcome).await.unwrap());
    tx.commit().await.unwrap();
    println!("  publishing {name} took {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(1), "publishing is one short transaction");
}

fn queries() -> Vec<(&'static str, EntityQuery)> {
    let is = |key: &str, value: &str| Predicate::In(key.to_owned(), vec![value.to_owned()]);
    let all =
        EntityQuery { predicate: None, full_text: None, order: None, after: None, offset: 0, limit: 20 };
    let by_name = Some(OrderField { key: "metadata.name".to_owned(), descending: false });
    let full_text = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Some(FullText { term: "number 777".to_owned(), keys })
    };
    let component = is("kind", "component");
    let owned = Predicate::All(vec![component.clone(), is("relations.ownedby", "group:default/team-7")]);
    let nested = Predicate::All(vec![
        component.clone(),
        Predicate::Not(Box::new(is("spec.lifecycle", "experimental"))),
        Predicate::Any(vec![is("metadata.tags", "tag-3"), is("spec.type", "website")]),
    ]);
    vec![
        ("everything", all.clone()),
        ("everything by name", EntityQuery { order: by_name.clone(), ..all.clone() }),
        (
            "components by name",
            EntityQuery { predicate: Some(component.clone()), order: by_name.clone(), ..all.clone() },
        ),
        (
            "page 2,000 of components by name",
            EntityQuery {
                predicate: Some(component.clone()),
                order: by_name.clone(),
                offset: 40_000,
                ..all.clone()
            },
        ),
        (
            "a team's components",
            EntityQuery { predicate: Some(owned), order: by_name.clone(), ..all.clone() },
        ),
        ("nested", EntityQuery { predicate: Some(nested), order: by_name, ..all.clone() }),
        ("text in one key", EntityQuery { full_text: full_text(&["metadata.title"]), ..all.clone() }),
        (
            "text of components in two keys",
            EntityQuery {
                full_text: full_text(&["metadata.title", "metadata.name"]),
                predicate: Some(component),
                ..all
            },
        ),
    ]
}

async fn timed<T>(what: &str, future: impl Future<Output = T>) -> T {
    timed_within(QUERY_MAX, what, future).await
}

async fn timed_within<T>(most: Duration, what: &str, future: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let answer = future.await;
    let took = started.elapsed();
    println!("  {what}: {took:?}");
    assert!(took < most, "{what} took {took:?}");
    answer
}

/// Facets of everything and of what is found, pages by every order, and kinds.
async fn what_the_catalog_page_asks(reader: &mut dyn ReadTransaction) {
    const FREE: [&str; 7] = [
        "kind",
        "spec.type",
        "spec.lifecycle",
        "relations.ownedby",
        "relations.partof",
        "metadata.tags",
        "metadata.namespace",
    ];
    for (what, query) in queries() {
        let facets = reader.entity_facets(&query, &FREE, 50);
        let counts = timed_within(FACETS_MAX, &format!("facets of {what}"), facets).await.unwrap();
        assert!(counts.total > 0, "{what}");
    }
    for key in ["metadata.name", "kind", "spec.type", "relations.ownedby"] {
        for (descending, offset) in [(false, 0), (true, 0), (false, 50_000)] {
            let order = Some(OrderField { key: key.to_owned(), descending });
            let query = EntityQuery { order, offset, ..EntityQuery::all(50) };
            let what = format!("a page by {key}, {descending}, from {offset}");
            assert_eq!(timed(&what, reader.entity_page(&query)).await.unwrap().len(), 50);
        }
    }
    let owned = Predicate::In("relations.ownedby".to_owned(), vec!["group:default/team-7".to_owned()]);
    let owned = EntityQuery { predicate: Some(owned), ..EntityQuery::all(0) };
    let groups = timed("what a team owns, by kind", reader.entity_groups(&owned, 6)).await.unwrap();
    // Numbers of this team leave the same rest by five.
    assert_eq!(groups.iter().map(|group| group.items.len()).collect::<Vec<_>>(), [6]);
}

async fn a_large_catalog_is_usable(engine: Engine) {
    let database = TestDatabase::create(engine).await;
    let store = database.store();
    let mut tx = store.write().await.unwrap();
    assert!(tx.location_put(&location("large", 1)).await.unwrap());
    assert!(tx.location_put(&location("small", 2)).await.unwrap());
    tx.commit().await.unwrap();
    let started = Instant::now();
    publish(&store, "large", "1", 0..ENTITIES).await;
    publish(&store, "small", "2", ENTITIES - 100..ENTITIES + 900).await;
    println!("  staging took {:?}", started.elapsed());
    let mut reader = store.read().await.unwrap();
    for (what, query) in queries() {
        let page = timed(what, reader.entity_query(&query)).await.unwrap();
        assert!(!page.items.is_empty(), "{what}");
        println!("    of {}", page.total);
    }
    let query = &queries()[2].1;
    let facets = timed("facet of components", reader.entity_facet(query, "spec.type", 10)).await.unwrap();
    assert_eq!(facets.len(), 3);
    what_the_catalog_page_asks(&mut *reader).await;
    for number in [0, ENTITIES / 2, ENTITIES - 1] {
        let wanted = entity(number).entity_ref;
        let found = timed("one by its reference", reader.entity_by_ref(&wanted)).await.unwrap();
        assert!(found.is_some());
    }
    let teams = reader.entity_list_by_name(None, None, "name-000042", 5).await.unwrap();
    assert_eq!(teams.len(), 1);
    drop(reader);
    // The next run of the large location, with the former still there.
    publish(&store, "large", "3", 0..ENTITIES).await;
    let mut reader = store.read().await.unwrap();
    for (what, query) in queries() {
        timed(what, reader.entity_query(&query)).await.unwrap();
    }
    drop(reader);
    let mut tx = store.write().await.unwrap();
    let pruned = timed("a prune of 1,000", tx.run_prune(&[], 1_000)).await.unwrap();
    assert_eq!(pruned, 1_000);
    tx.commit().await.unwrap();
    database.remove().await;
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn on_sqlite() {
    a_large_catalog_is_usable(Engine::Sqlite).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn on_postgres() {
    a_large_catalog_is_usable(Engine::Postgres).await;
}

//! The example organisation: nothing in it is rejected, and everything that is named is there.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod support;

use std::path::Path;

use portal_core::{catalog::EntityQuery, ingestion::Target};
use support::Harness;

/// A catalog that holds the example organisation.
async fn demo() -> Harness {
    let harness = Harness::new().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo").canonicalize().unwrap();
    let target = |name: &str| Target::File(folder.join(name).to_str().unwrap().to_owned());
    let people = Some(vec!["User".to_owned(), "Group".to_owned()]);
    harness.ingestion.configure(&[(target("all.yaml"), None), (target("org.yaml"), people)]).await.unwrap();
    harness
}

#[tokio::test]
async fn the_example_is_taken_whole() {
    let harness = demo().await;
    for location in harness.ingestion.location_list().await.unwrap() {
        let outcome = location.last_outcome.expect("it was read");
        assert_eq!((outcome.with_errors, outcome.rejected), (0, 0), "{}", location.target);
    }
    let counts = harness.catalog.kind_counts().await.unwrap();
    let counts: Vec<_> = counts.iter().map(|facet| (facet.value.as_str(), facet.count)).collect();
    assert_eq!(
        counts,
        [
            ("user", 13),
            ("component", 10),
            ("group", 8),
            ("api", 5),
            ("resource", 4),
            ("system", 3),
            ("domain", 2),
            ("airesource", 1),
            ("location", 1),
        ]
    );
}

#[tokio::test]
async fn every_relation_leads_to_an_entity() {
    let harness = demo().await;
    let page = harness.catalog.query(&EntityQuery::all(500)).await.unwrap();
    for entity in &page.items {
        for relation in &entity.relations {
            let target = harness.catalog.entity(&relation.target).await.unwrap();
            assert!(target.is_some(), "{} {} {}", entity.entity_ref, relation.kind, relation.target);
        }
    }
}

#[tokio::test]
async fn people_own_what_their_groups_own_upwards() {
    let harness = demo().await;
    let refs = harness.catalog.ownership_refs(&"user:dmitar.ilic".parse().unwrap()).await.unwrap();
    let texts: Vec<_> = refs.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "user:default/dmitar.ilic",
            "group:default/telemetry",
            "group:default/fleet",
            "group:default/engineering",
            "group:default/tidemark",
        ]
    );
    let owned = harness.catalog.owned(&refs, Some("Component"), 10).await.unwrap();
    let names: Vec<_> = owned.items.iter().map(|entity| entity.entity_ref.name()).collect();
    assert_eq!((owned.total, names), (3, vec!["bike-positions", "charge-planner", "lock-gateway"]));
}

#[tokio::test]
async fn texts_are_found_in_names_titles_and_descriptions() {
    let harness = demo().await;
    let found = async |text: &str, kind: Option<&str>| {
        let page = harness.catalog.search(text, kind, 0, 10).await.unwrap();
        page.items.into_iter().map(|entity| entity.entity_ref.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found("TARIFFS", None).await, ["component:default/fare-rules"]);
    assert_eq!(found("João", None).await, ["user:default/joao.tavares"]);
    assert_eq!(found("booking", Some("API")).await, ["api:default/bookings"]);
    assert!(found("100%_", None).await.is_empty());
}

#[tokio::test]
async fn the_model_is_described_as_it_is() {
    let harness = demo().await;
    let text = harness.catalog.model_description().await.unwrap();
    insta::assert_snapshot!(&*text);
}

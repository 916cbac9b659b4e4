//! Locations.

use std::sync::Arc;

use portal_core::{
    ingestion::{Location, LocationOrigin, Target},
    ports::Store,
};

use super::fixtures::{at, entity, entity_ref, location, location_id, outcome, publish, read, run_id, write};

pub async fn a_location_comes_back_as_it_went(store: Arc<dyn Store>) {
    let url = Location {
        target: Target::Url("https://example.org/org.yaml".to_owned()),
        allow: None,
        origin: LocationOrigin::Configuration,
        ..location("url", 2)
    };
    let provider = Location {
        target: Target::Provider("local".to_owned()),
        allow: Some(Vec::new()),
        origin: LocationOrigin::Provider,
        ..location("provider", 3)
    };
    let mut tx = write(&store).await;
    for wanted in [&location("file", 1), &url, &provider] {
        assert!(tx.location_put(wanted).await.unwrap());
    }
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.location_by_id(&location_id("file")).await.unwrap(), Some(location("file", 1)));
    assert_eq!(reader.location_by_id(&location_id("none")).await.unwrap(), None);
    assert_eq!(reader.location_list().await.unwrap(), [location("file", 1), url, provider]);
}

pub async fn a_location_is_updated(store: Arc<dyn Store>) {
    publish(&store, "a", "1", &[entity("component:default/x", &[])]).await;
    let mut tx = write(&store).await;
    let before = tx.location_by_id(&location_id("a")).await.unwrap().unwrap();
    let changed = Location {
        target: Target::Url("https://example.org/moved.yaml".to_owned()),
        allow: None,
        origin: LocationOrigin::Configuration,
        created_at: at(999),
        published_run: None,
        last_outcome: None,
        ..before.clone()
    };
    assert!(tx.location_put(&changed).await.unwrap());
    let after = tx.location_by_id(&location_id("a")).await.unwrap();
    // What was published stays, and so does the place in the order.
    let expected = Location {
        created_at: before.created_at,
        published_run: Some(run_id("1")),
        last_outcome: Some(outcome(1)),
        ..changed
    };
    assert_eq!(after, Some(expected));
    assert!(tx.entity_by_ref(&entity_ref("component:default/x")).await.unwrap().is_some());
}

pub async fn a_target_belongs_to_one_location(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.location_put(&location("a", 1)).await.unwrap());
    assert!(tx.location_put(&location("b", 2)).await.unwrap());
    let new = Location { target: location("a", 1).target, ..location("c", 3) };
    assert!(!tx.location_put(&new).await.unwrap());
    let moved = Location { target: location("a", 1).target, ..location("b", 2) };
    assert!(!tx.location_put(&moved).await.unwrap());
    assert_eq!(tx.location_list().await.unwrap(), [location("a", 1), location("b", 2)]);
    // The same text of another type is another target.
    let url = Location { target: Target::Url("/org/a.yaml".to_owned()), ..location("d", 4) };
    assert!(tx.location_put(&url).await.unwrap());
}

pub async fn locations_are_listed_by_creation(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (name, created) in [("c", 5), ("b", 5), ("a", 9), ("d", 1)] {
        assert!(tx.location_put(&location(name, created)).await.unwrap());
    }
    let ids: Vec<_> = tx.location_list().await.unwrap().into_iter().map(|location| location.id).collect();
    assert_eq!(ids, ["d", "b", "c", "a"].map(location_id));
}

pub async fn a_location_goes_with_its_entities(store: Arc<dyn Store>) {
    publish(&store, "a", "1", &[entity("component:default/x", &[])]).await;
    publish(&store, "b", "2", &[entity("component:default/y", &[])]).await;
    let mut tx = write(&store).await;
    assert!(tx.location_delete(&location_id("a")).await.unwrap());
    assert!(!tx.location_delete(&location_id("a")).await.unwrap());
    assert_eq!(tx.entity_by_ref(&entity_ref("component:default/x")).await.unwrap(), None);
    assert!(tx.entity_by_ref(&entity_ref("component:default/y")).await.unwrap().is_some());
    assert_eq!(tx.run_prune(&[], 100).await.unwrap(), 1);
}

pub async fn a_failure_is_remembered_until_success(store: Arc<dyn Store>) {
    publish(&store, "a", "1", &[entity("component:default/x", &[])]).await;
    let mut tx = write(&store).await;
    tx.run_fail(&location_id("a"), "the file is gone", at(7)).await.unwrap();
    tx.run_fail(&location_id("none"), "nobody", at(7)).await.unwrap();
    let failed = tx.location_by_id(&location_id("a")).await.unwrap().unwrap();
    assert_eq!(failed.last_failure, Some((at(7), "the file is gone".to_owned())));
    assert_eq!(failed.last_outcome, Some(outcome(1)));
    assert!(tx.entity_by_ref(&entity_ref("component:default/x")).await.unwrap().is_some());
    assert!(tx.run_publish(&location_id("a"), &run_id("1"), &outcome(2)).await.unwrap());
    let published = tx.location_by_id(&location_id("a")).await.unwrap().unwrap();
    assert_eq!((published.last_failure, published.last_outcome), (None, Some(outcome(2))));
}

//! Runs: staging, publishing, pruning, and entities put one by one.

use std::sync::Arc;

use portal_core::{
    catalog::{EntityQuery, Predicate, StagedEntity},
    ingestion::Rejection,
    ports::{ReadTransaction, Store, store::CatalogReads},
};

use super::fixtures::{
    entity, entity_ref, location, location_id, outcome, publish, read, related, run_id, write,
};

/// References of everything that is published.
async fn published<T: CatalogReads + ?Sized>(tx: &mut T) -> Vec<String> {
    let query =
        EntityQuery { predicate: None, full_text: None, order: None, after: None, offset: 0, limit: 500 };
    let page = tx.entity_query(&query).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.items.len()).unwrap());
    page.items.into_iter().map(|item| item.entity_ref.to_string()).collect()
}

/// How many published entities have this value of a key.
async fn count(tx: &mut Box<dyn ReadTransaction>, key: &str, value: &str) -> i64 {
    let predicate = Some(Predicate::In(key.to_owned(), vec![value.to_owned()]));
    let query = EntityQuery { predicate, full_text: None, order: None, after: None, offset: 0, limit: 1 };
    tx.entity_query(&query).await.unwrap().total
}

pub async fn staged_entities_are_unseen(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.location_put(&location("a", 0)).await.unwrap());
    let staged = related(entity("component:default/x", &[]), "ownedBy", "ownerOf", &["group:default/g"]);
    tx.run_stage(&location_id("a"), &run_id("1"), &[staged]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = write(&store).await;
    assert_eq!(published(&mut *tx).await, [""; 0]);
    assert_eq!(tx.entity_by_ref(&entity_ref("component:default/x")).await.unwrap(), None);
    assert_eq!(tx.entity_list_by_name(None, None, "x", 9).await.unwrap(), []);
    assert_eq!(tx.entity_location(&entity_ref("component:default/x")).await.unwrap(), None);
    assert!(tx.run_publish(&location_id("a"), &run_id("1"), &outcome(1)).await.unwrap());
    assert_eq!(published(&mut *tx).await, ["component:default/x"]);
    let location = tx.location_by_id(&location_id("a")).await.unwrap().unwrap();
    assert_eq!((location.published_run, location.last_outcome), (Some(run_id("1")), Some(outcome(1))));
}

/// Published or not; of two with the same reference one counts.
pub async fn a_run_has_a_size(store: Arc<dyn Store>) {
    let twice = [entity("api:default/x", &[]), entity("api:default/x", &[]), entity("api:default/y", &[])];
    let mut tx = write(&store).await;
    tx.run_stage(&location_id("a"), &run_id("1"), &twice).await.unwrap();
    tx.run_stage(&location_id("a"), &run_id("2"), &twice[..1]).await.unwrap();
    assert_eq!(tx.run_size(&run_id("1")).await.unwrap(), 2);
    assert_eq!(tx.run_size(&run_id("2")).await.unwrap(), 1);
    assert_eq!(tx.run_size(&run_id("3")).await.unwrap(), 0);
}

pub async fn a_run_replaces_what_was_published(store: Arc<dyn Store>) {
    publish(
        &store,
        "a",
        "1",
        &[entity("component:default/x", &[("k", "old")]), entity("api:default/y", &[])],
    )
    .await;
    publish(
        &store,
        "a",
        "2",
        &[entity("component:default/x", &[("k", "new")]), entity("api:default/z", &[])],
    )
    .await;
    let mut reader = read(&store).await;
    assert_eq!(published(&mut *reader).await, ["api:default/z", "component:default/x"]);
    assert_eq!((count(&mut reader, "k", "old").await, count(&mut reader, "k", "new").await), (0, 1));
}

pub async fn of_two_entities_the_first_stays(store: Arc<dyn Store>) {
    let first =
        related(entity("component:default/x", &[("k", "1")]), "ownedBy", "ownerOf", &["group:default/a"]);
    let second =
        related(entity("component:default/x", &[("k", "2")]), "ownedBy", "ownerOf", &["group:default/b"]);
    let third = entity("component:default/x", &[("k", "3")]);
    let mut tx = write(&store).await;
    assert!(tx.location_put(&location("a", 0)).await.unwrap());
    tx.run_stage(&location_id("a"), &run_id("1"), &[first, second]).await.unwrap();
    tx.run_stage(&location_id("a"), &run_id("1"), &[third, entity("component:default/y", &[])])
        .await
        .unwrap();
    tx.run_publish(&location_id("a"), &run_id("1"), &outcome(1)).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(published(&mut *reader).await, ["component:default/x", "component:default/y"]);
    for (value, times) in [("1", 1), ("2", 0), ("3", 0)] {
        assert_eq!(count(&mut reader, "k", value).await, times, "{value}");
    }
    let found = reader.entity_by_ref(&entity_ref("component:default/x")).await.unwrap().unwrap();
    let targets: Vec<String> = found.relations.iter().map(|relation| relation.target.to_string()).collect();
    assert_eq!(targets, ["group:default/a"]);
}

pub async fn a_publication_for_a_missing_location_is_refused(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.run_stage(&location_id("a"), &run_id("1"), &[entity("component:default/x", &[])]).await.unwrap();
    assert!(!tx.run_publish(&location_id("a"), &run_id("1"), &outcome(1)).await.unwrap());
    assert_eq!(published(&mut *tx).await, [""; 0]);
    assert_eq!(tx.run_prune(&[], 10).await.unwrap(), 1);
}

pub async fn rejections_belong_to_the_published_run(store: Arc<dyn Store>) {
    let rejection = |file: &str, line| Rejection {
        file: file.to_owned(),
        line,
        path: line.map(|line| format!("metadata.tags.{line}")),
        entity: line.map(|_| "component:default/x".to_owned()),
        reason: "a tag is 1 to 63 characters, was \"\"".to_owned(),
    };
    let rejections = [
        rejection("b.yaml", Some(3)),
        rejection("a.yaml", Some(20)),
        rejection("a.yaml", Some(3)),
        rejection("a.yaml", None),
    ];
    let mut tx = write(&store).await;
    assert!(tx.location_put(&location("a", 0)).await.unwrap());
    tx.run_reject(&location_id("a"), &run_id("1"), &rejections).await.unwrap();
    assert_eq!(tx.rejection_list(&location_id("a"), 10).await.unwrap(), []);
    assert!(tx.run_publish(&location_id("a"), &run_id("1"), &outcome(0)).await.unwrap());
    let expected = [
        rejection("a.yaml", None),
        rejection("a.yaml", Some(3)),
        rejection("a.yaml", Some(20)),
        rejection("b.yaml", Some(3)),
    ];
    assert_eq!(tx.rejection_list(&location_id("a"), 10).await.unwrap(), expected);
    assert_eq!(tx.rejection_list(&location_id("a"), 2).await.unwrap(), expected[..2]);
    assert_eq!(tx.rejection_list(&location_id("b"), 10).await.unwrap(), []);
    assert!(tx.run_publish(&location_id("a"), &run_id("2"), &outcome(0)).await.unwrap());
    assert_eq!(tx.rejection_list(&location_id("a"), 10).await.unwrap(), []);
    // A run that only rejected is pruned as well.
    tx.run_prune(&[], 10).await.unwrap();
    assert!(tx.run_publish(&location_id("a"), &run_id("1"), &outcome(0)).await.unwrap());
    assert_eq!(tx.rejection_list(&location_id("a"), 10).await.unwrap(), []);
}

pub async fn unused_runs_are_pruned(store: Arc<dyn Store>) {
    publish(&store, "a", "old", &[entity("component:default/x", &[("k", "v")])]).await;
    publish(&store, "a", "new", &[entity("component:default/x", &[("k", "v")])]).await;
    let mut tx = write(&store).await;
    tx.run_stage(&location_id("a"), &run_id("running"), &[entity("component:default/y", &[])]).await.unwrap();
    assert_eq!(tx.run_prune(&[run_id("running")], 100).await.unwrap(), 1);
    assert_eq!(tx.run_prune(&[run_id("running")], 100).await.unwrap(), 0);
    // The run that was spared can still be published.
    assert!(tx.run_publish(&location_id("a"), &run_id("running"), &outcome(1)).await.unwrap());
    assert_eq!(published(&mut *tx).await, ["component:default/y"]);
    assert_eq!(tx.run_prune(&[], 100).await.unwrap(), 1);
    // What was pruned is gone for good.
    assert!(tx.run_publish(&location_id("a"), &run_id("old"), &outcome(1)).await.unwrap());
    assert_eq!(published(&mut *tx).await, [""; 0]);
}

pub async fn a_prune_keeps_to_its_limit(store: Arc<dyn Store>) {
    let entities: Vec<StagedEntity> =
        (0..5).map(|number| entity(&format!("component:default/c-{number}"), &[])).collect();
    publish(&store, "a", "1", &entities).await;
    publish(&store, "a", "2", &entities).await;
    publish(&store, "a", "3", &[]).await;
    let mut tx = write(&store).await;
    for expected in [4, 4, 2, 0] {
        assert_eq!(tx.run_prune(&[], 4).await.unwrap(), expected);
    }
}

pub async fn entities_are_put_one_by_one(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.location_put(&location("local", 0)).await.unwrap());
    let ann = |value: &str, group: &str| {
        related(entity("user:default/ann", &[("k", value)]), "memberOf", "hasMember", &[group])
    };
    tx.entity_put(&location_id("local"), &ann("1", "group:default/a")).await.unwrap();
    tx.entity_put(&location_id("local"), &entity("user:default/bob", &[])).await.unwrap();
    tx.entity_put(&location_id("local"), &ann("2", "group:default/b")).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(published(&mut *reader).await, ["user:default/ann", "user:default/bob"]);
    assert_eq!((count(&mut reader, "k", "1").await, count(&mut reader, "k", "2").await), (0, 1));
    let found = reader.entity_by_ref(&entity_ref("user:default/ann")).await.unwrap().unwrap();
    let targets: Vec<String> = found.relations.iter().map(|relation| relation.target.to_string()).collect();
    assert_eq!(targets, ["group:default/b"]);
    drop(reader);
    // They survive a prune, and join the entities of a run that was published before.
    let mut tx = write(&store).await;
    assert_eq!(tx.run_prune(&[], 100).await.unwrap(), 0);
    tx.commit().await.unwrap();
    publish(&store, "b", "1", &[entity("component:default/x", &[])]).await;
    let mut tx = write(&store).await;
    tx.entity_put(&location_id("b"), &entity("component:default/y", &[])).await.unwrap();
    let location = tx.location_by_id(&location_id("b")).await.unwrap().unwrap();
    assert_eq!(location.published_run, Some(run_id("1")));
    assert_eq!(published(&mut *tx).await.len(), 4);
}

pub async fn an_entity_put_into_a_missing_location_fails(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.entity_put(&location_id("none"), &entity("user:default/ann", &[])).await.is_err());
}

pub async fn an_entity_is_deleted(store: Arc<dyn Store>) {
    let x = related(entity("component:default/x", &[("k", "v")]), "ownedBy", "ownerOf", &["group:default/g"]);
    publish(&store, "a", "1", &[x, entity("group:default/g", &[])]).await;
    publish(&store, "b", "2", &[entity("component:default/y", &[])]).await;
    let mut tx = write(&store).await;
    assert!(!tx.entity_delete(&location_id("b"), &entity_ref("component:default/x")).await.unwrap());
    assert!(tx.entity_delete(&location_id("a"), &entity_ref("component:default/x")).await.unwrap());
    assert!(!tx.entity_delete(&location_id("a"), &entity_ref("component:default/x")).await.unwrap());
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(published(&mut *reader).await, ["component:default/y", "group:default/g"]);
    assert_eq!(count(&mut reader, "k", "v").await, 0);
    // The counterparts that it stated are gone from the others.
    let group = reader.entity_by_ref(&entity_ref("group:default/g")).await.unwrap().unwrap();
    assert_eq!(group.relations, []);
}

pub async fn the_older_location_wins(store: Arc<dyn Store>) {
    publish(&store, "first", "1", &[entity("component:default/only-first", &[])]).await;
    publish(&store, "second", "2", &[entity("component:default/x", &[("k", "second")])]).await;
    let x = entity_ref("component:default/x");
    assert_eq!(read(&store).await.entity_location(&x).await.unwrap(), Some(location_id("second")));
    publish(&store, "first", "3", &[entity("component:default/x", &[("k", "first")])]).await;
    publish(&store, "third", "4", &[entity("component:default/x", &[("k", "third")])]).await;
    let mut reader = read(&store).await;
    assert_eq!(published(&mut *reader).await, ["component:default/x"]);
    for (value, times) in [("first", 1), ("second", 0), ("third", 0)] {
        assert_eq!(count(&mut reader, "k", value).await, times, "{value}");
    }
    assert_eq!(reader.entity_location(&x).await.unwrap(), Some(location_id("first")));
    let found = reader.entity_by_ref(&x).await.unwrap().unwrap();
    assert_eq!(found.location_id, location_id("first"));
    assert_eq!(
        reader.entity_list_by_refs(std::slice::from_ref(&x)).await.unwrap(),
        std::slice::from_ref(&found)
    );
    assert_eq!(reader.entity_list_by_name(None, None, "x", 9).await.unwrap(), [found]);
    drop(reader);
    // When the winner goes, the next one is seen; a prune in between changes nothing.
    let mut tx = write(&store).await;
    tx.run_prune(&[], 100).await.unwrap();
    assert!(tx.location_delete(&location_id("first")).await.unwrap());
    tx.run_prune(&[], 100).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(read(&store).await.entity_location(&x).await.unwrap(), Some(location_id("second")));
    assert_eq!(published(&mut *read(&store).await).await, ["component:default/x"]);
}

pub async fn the_relations_of_a_shadowed_entity_are_unseen(store: Arc<dyn Store>) {
    let owned_by = |group: &str| related(entity("component:default/x", &[]), "ownedBy", "ownerOf", &[group]);
    publish(&store, "first", "1", &[owned_by("group:default/a")]).await;
    publish(&store, "second", "2", &[owned_by("group:default/b"), entity("group:default/b", &[])]).await;
    let mut reader = read(&store).await;
    let found = reader.entity_by_ref(&entity_ref("component:default/x")).await.unwrap().unwrap();
    let targets: Vec<String> = found.relations.iter().map(|relation| relation.target.to_string()).collect();
    assert_eq!(targets, ["group:default/a"]);
    let group = reader.entity_by_ref(&entity_ref("group:default/b")).await.unwrap().unwrap();
    assert_eq!(group.relations, []);
    assert_eq!(count(&mut reader, "relations.ownedby", "group:default/b").await, 0);
    assert_eq!(count(&mut reader, "relations.ownedby", "group:default/a").await, 1);
}

pub async fn twins_staged_at_the_same_time_are_noticed(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.location_put(&location("a", 0)).await.unwrap());
    assert!(tx.location_put(&location("b", 1)).await.unwrap());
    tx.commit().await.unwrap();
    let stage = |name: &'static str| {
        let store = &store;
        async move {
            let mut tx = write(store).await;
            let twin = [entity("component:default/x", &[("k", name)])];
            tx.run_stage(&location_id(name), &run_id(name), &twin).await.unwrap();
            tokio::task::yield_now().await;
            tx.run_publish(&location_id(name), &run_id(name), &outcome(1)).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    tokio::join!(stage("b"), stage("a"));
    let mut reader = read(&store).await;
    assert_eq!(published(&mut *reader).await, ["component:default/x"]);
    assert_eq!((count(&mut reader, "k", "a").await, count(&mut reader, "k", "b").await), (1, 0));
}

pub async fn many_entities_are_staged_in_one_call(store: Arc<dyn Store>) {
    let entities: Vec<StagedEntity> = (0..450)
        .map(|number| {
            let name = format!("component:default/c-{number:04}");
            let parity = if number % 2 == 0 { "even" } else { "odd" };
            let entity =
                entity(&name, &[("parity", parity), ("parity", parity), ("number", &number.to_string())]);
            related(entity, "ownedBy", "ownerOf", &["group:default/g"])
        })
        .collect();
    publish(&store, "a", "1", &entities).await;
    let mut reader = read(&store).await;
    let refs = published(&mut *reader).await;
    assert_eq!(refs.len(), 450);
    assert!(refs.is_sorted());
    assert_eq!(count(&mut reader, "parity", "even").await, 225);
    assert_eq!(count(&mut reader, "number", "449").await, 1);
    assert_eq!(count(&mut reader, "relations.ownedby", "group:default/g").await, 450);
    let found = reader.entity_by_ref(&entity_ref("component:default/c-0449")).await.unwrap().unwrap();
    assert_eq!(found.document["ref"], "component:default/c-0449");
}

/// PostgreSQL refuses index entries beyond 2,704 bytes.
pub async fn long_search_values_are_left_out(store: Arc<dyn Store>) {
    let long = "ä".repeat(3_000);
    // Texts that do not compress, of the greatest length that is kept.
    let key: String =
        (0..1024_u32).map(|number| char::from(b'a' + u8::try_from(number * number % 23).unwrap())).collect();
    let value: String =
        (0..256_u32).map(|number| char::from_u32(0x1_0000 + number * 977 % 40_000).unwrap()).collect();
    let odd = entity("component:default/x", &[("title", &long), (&long, "v"), (&key, &value), ("k", "v")]);
    publish(&store, "a", "1", &[odd]).await;
    let mut reader = read(&store).await;
    assert_eq!(count(&mut reader, "k", "v").await, 1);
    assert_eq!(count(&mut reader, &key, &value).await, 1);
    assert_eq!(count(&mut reader, "title", &long).await, 0);
}

/// Entities of directories change several at a time.
pub async fn several_entities_are_changed_together(store: Arc<dyn Store>) {
    publish(
        &store,
        "a",
        "1",
        &[
            entity("user:default/x", &[("k", "old")]),
            entity("user:default/y", &[]),
            entity("user:default/z", &[]),
        ],
    )
    .await;
    let mut tx = write(&store).await;
    let gone = [entity_ref("user:default/y"), entity_ref("user:default/none")];
    let put = [entity("user:default/x", &[("k", "new")]), entity("user:default/w", &[])];
    tx.entity_put_all(&location_id("a"), &gone, &put).await.unwrap();
    tx.entity_put_all(&location_id("a"), &[], &[]).await.unwrap();
    assert!(tx.entity_put_all(&location_id("b"), &gone, &put).await.is_err());
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(published(&mut *reader).await, ["user:default/w", "user:default/x", "user:default/z"]);
    assert_eq!((count(&mut reader, "k", "old").await, count(&mut reader, "k", "new").await), (0, 1));
}

/// What is staged comes in the place of what it replaces, and nothing else of the location changes.
pub async fn a_staged_run_is_adopted(store: Arc<dyn Store>) {
    let before =
        ["user:default/x", "user:default/y", "user:default/z"].map(|text| entity(text, &[("k", "old")]));
    publish(&store, "a", "1", &before).await;
    let mut tx = write(&store).await;
    let staged = [entity("user:default/x", &[("k", "new")]), entity("user:default/w", &[("k", "new")])];
    tx.run_stage(&location_id("a"), &run_id("2"), &staged).await.unwrap();
    let gone = [entity_ref("user:default/y"), entity_ref("user:default/none")];
    assert!(tx.run_adopt(&location_id("b"), &run_id("2"), &gone).await.is_err());
    drop(tx);
    let mut tx = write(&store).await;
    tx.run_stage(&location_id("a"), &run_id("2"), &staged).await.unwrap();
    tx.run_adopt(&location_id("a"), &run_id("2"), &gone).await.unwrap();
    assert_eq!(published(&mut *tx).await, ["user:default/w", "user:default/x", "user:default/z"]);
    assert_eq!(tx.run_size(&run_id("2")).await.unwrap(), 0);
    let present = tx.location_by_id(&location_id("a")).await.unwrap().unwrap();
    assert_eq!(present.published_run, Some(run_id("1")));
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!((count(&mut reader, "k", "old").await, count(&mut reader, "k", "new").await), (1, 2));
    drop(reader);
    let mut tx = write(&store).await;
    assert_eq!(tx.run_prune(&[], 9).await.unwrap(), 2, "what left is deleted later");
    assert_eq!(tx.run_prune(&[], 9).await.unwrap(), 0);
    assert_eq!(published(&mut *tx).await.len(), 3);
    // The same run's id once more, with nothing staged; and where nothing was published before.
    tx.run_adopt(&location_id("a"), &run_id("2"), &[entity_ref("user:default/z")]).await.unwrap();
    assert_eq!(published(&mut *tx).await, ["user:default/w", "user:default/x"]);
    assert!(tx.location_put(&location("b", 9)).await.unwrap());
    tx.run_stage(&location_id("b"), &run_id("3"), &[entity("user:default/v", &[])]).await.unwrap();
    tx.run_adopt(&location_id("b"), &run_id("3"), &[]).await.unwrap();
    assert_eq!(published(&mut *tx).await, ["user:default/v", "user:default/w", "user:default/x"]);
}

/// What another location published meanwhile is noticed, and taken back before it is published twice.
pub async fn conflicts_of_a_staged_run_are_found(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.location_put(&location("b", 9)).await.unwrap());
    let staged = [entity("user:default/x", &[]), entity("user:default/y", &[])];
    tx.run_stage(&location_id("b"), &run_id("2"), &staged).await.unwrap();
    assert_eq!(tx.run_conflicts(&location_id("b"), &run_id("2"), 9).await.unwrap(), []);
    tx.commit().await.unwrap();
    publish(&store, "a", "1", &[entity("user:default/x", &[])]).await;
    let mut tx = write(&store).await;
    let conflicts = tx.run_conflicts(&location_id("b"), &run_id("2"), 9).await.unwrap();
    assert_eq!(conflicts, [entity_ref("user:default/x")]);
    tx.run_unstage(&run_id("2"), &conflicts).await.unwrap();
    assert_eq!(tx.run_conflicts(&location_id("b"), &run_id("2"), 9).await.unwrap(), []);
    assert_eq!(tx.run_size(&run_id("2")).await.unwrap(), 1);
}

//! Entities by reference and by name.

use std::sync::Arc;

use portal_core::{
    catalog::{Relation, StagedEntity, StoredEntity},
    ports::Store,
};
use portal_model::EntityRef;

use super::fixtures::{entity, entity_ref, location_id, publish, read, related};

fn relation(kind: &str, target: &str) -> Relation {
    Relation { kind: kind.to_owned(), target: entity_ref(target) }
}

fn refs(entities: &[StoredEntity]) -> Vec<String> {
    entities.iter().map(|entity| entity.entity_ref.to_string()).collect()
}

pub async fn an_entity_comes_with_its_relations(store: Arc<dyn Store>) {
    let api =
        related(entity("component:default/web", &[]), "providesApi", "apiProvidedBy", &["api:default/pay"]);
    let web = related(api, "ownedBy", "ownerOf", &["group:default/b", "group:default/a"]);
    let document: serde_json::Value = serde_json::from_str(&web.document).unwrap();
    publish(&store, "a", "1", &[web, entity("group:default/a", &[])]).await;
    let mut reader = read(&store).await;
    let found = reader.entity_by_ref(&entity_ref("Component:Default/Web")).await.unwrap().unwrap();
    let expected = StoredEntity {
        entity_ref: entity_ref("component:default/web"),
        location_id: location_id("a"),
        document: Arc::new(document),
        relations: vec![
            relation("ownedBy", "group:default/a"),
            relation("ownedBy", "group:default/b"),
            relation("providesApi", "api:default/pay"),
        ],
    };
    assert_eq!(found, expected);
    // The counterparts that another entity states count as the group's own.
    let group = reader.entity_by_ref(&entity_ref("group:default/a")).await.unwrap().unwrap();
    assert_eq!(group.relations, [relation("ownerOf", "component:default/web")]);
    // A relation makes no entity.
    assert_eq!(reader.entity_by_ref(&entity_ref("group:default/b")).await.unwrap(), None);
}

pub async fn a_relation_stated_twice_is_read_once(store: Arc<dyn Store>) {
    let child = related(entity("group:default/child", &[]), "childOf", "parentOf", &["group:default/parent"]);
    let parent =
        related(entity("group:default/parent", &[]), "parentOf", "childOf", &["group:default/child"]);
    publish(&store, "a", "1", &[child]).await;
    publish(&store, "b", "2", &[parent]).await;
    let mut reader = read(&store).await;
    let list = reader
        .entity_list_by_refs(&[entity_ref("group:default/parent"), entity_ref("group:default/child")])
        .await
        .unwrap();
    assert_eq!(list[0].relations, [relation("childOf", "group:default/parent")]);
    assert_eq!(list[1].relations, [relation("parentOf", "group:default/child")]);
}

pub async fn refs_are_read_in_order(store: Arc<dyn Store>) {
    let names = ["system:default/a", "component:default/b", "component:default/a", "component:b/a"];
    let entities: Vec<StagedEntity> = names.iter().map(|name| entity(name, &[])).collect();
    publish(&store, "a", "1", &entities).await;
    let mut reader = read(&store).await;
    let asked: Vec<EntityRef> =
        ["system:default/a", "component:default/none", "component:default/a", "component:b/a"]
            .iter()
            .chain(["component:default/a"].iter())
            .map(|text| entity_ref(text))
            .collect();
    let found = reader.entity_list_by_refs(&asked).await.unwrap();
    assert_eq!(refs(&found), ["component:b/a", "component:default/a", "system:default/a"]);
    assert_eq!(reader.entity_list_by_refs(&[]).await.unwrap(), []);
}

pub async fn many_refs_are_read(store: Arc<dyn Store>) {
    let name = |number: u32| format!("component:default/c-{number:04}");
    let entities: Vec<StagedEntity> = (0..1_000)
        .map(|number| {
            related(entity(&name(number), &[]), "ownedBy", "ownerOf", &[&format!("group:default/g-{number}")])
        })
        .collect();
    publish(&store, "a", "1", &entities).await;
    let asked: Vec<EntityRef> = (0..1_000).rev().map(|number| entity_ref(&name(number))).collect();
    let found = read(&store).await.entity_list_by_refs(&asked).await.unwrap();
    assert_eq!(refs(&found), (0..1_000).map(name).collect::<Vec<_>>());
    for (number, entity) in found.iter().enumerate() {
        assert_eq!(entity.relations, [relation("ownedBy", &format!("group:default/g-{number}"))]);
    }
}

pub async fn names_are_found_in_any_kind(store: Arc<dyn Store>) {
    let names =
        ["system:default/pay", "component:default/pay", "component:shop/pay", "component:default/payment"];
    let entities: Vec<StagedEntity> = names.iter().map(|name| entity(name, &[])).collect();
    publish(&store, "a", "1", &entities).await;
    let mut reader = read(&store).await;
    let cases = [
        (None, None, 9, vec!["component:default/pay", "component:shop/pay", "system:default/pay"]),
        (None, None, 2, vec!["component:default/pay", "component:shop/pay"]),
        (Some("Component"), None, 9, vec!["component:default/pay", "component:shop/pay"]),
        (None, Some("default"), 9, vec!["component:default/pay", "system:default/pay"]),
        (Some("component"), Some("shop"), 9, vec!["component:shop/pay"]),
    ];
    for (kind, namespace, limit, expected) in cases {
        let found = reader.entity_list_by_name(kind, namespace, "Pay", limit).await.unwrap();
        assert_eq!(refs(&found), expected, "{kind:?} {namespace:?} {limit}");
    }
}

pub async fn the_location_of_an_entity_is_known(store: Arc<dyn Store>) {
    publish(&store, "a", "1", &[entity("component:default/x", &[])]).await;
    let mut reader = read(&store).await;
    let found = reader.entity_location(&entity_ref("component:default/x")).await.unwrap();
    assert_eq!(found, Some(location_id("a")));
    assert_eq!(reader.entity_location(&entity_ref("component:default/y")).await.unwrap(), None);
}

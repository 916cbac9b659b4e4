//! The User entities that accounts are tied to.

use portal_core::{
    catalog::{EntityQuery, Predicate, StagedEntity},
    identity::{NewUser, UserChange, local_location_id},
    ingestion::{Location, LocationOrigin, Target},
    ports::Clock as _,
};
use portal_model::{EntityRef, ErrorCode};

use crate::support::{House, new_user, refused, shell};

async fn location_of(house: &House, entity_ref: &str) -> Option<String> {
    let entity_ref: EntityRef = entity_ref.parse().unwrap();
    house.read().await.entity_location(&entity_ref).await.unwrap().map(|id| id.0)
}

/// Publishes a user as an org file would.
async fn org_user(house: &House, name: &str, email: &str) {
    let target = Target::File("/org.yaml".to_owned());
    let location = Location {
        id: target.location_id(),
        target,
        allow: Some(vec!["user".to_owned()]),
        origin: LocationOrigin::Configuration,
        created_at: house.clock.now(),
        published_run: None,
        last_outcome: None,
        last_failure: None,
    };
    let entity = StagedEntity {
        entity_ref: EntityRef::new("user", "default", name).unwrap(),
        document: serde_json::json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": { "name": name, "namespace": "default" },
            "spec": { "profile": { "email": email }, "memberOf": [] },
        })
        .to_string(),
        search: vec![
            ("kind".to_owned(), "user".to_owned()),
            ("spec.profile.email".to_owned(), email.to_lowercase()),
        ],
        relations: Vec::new(),
    };
    let mut tx = house.write().await;
    if tx.location_by_id(&location.id).await.unwrap().is_none() {
        assert!(tx.location_put(&location).await.unwrap());
    }
    tx.entity_put(&location.id, &entity).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_account_without_an_entity_gets_one() {
    let house = House::new().await;
    let before = house.dependencies.changes.current().await.unwrap().catalog;
    let ada = house.invited("Ada.L@Example.com").await.user;
    assert_eq!(ada.entity_ref.to_string(), "user:default/ada.l");
    assert!(house.dependencies.changes.current().await.unwrap().catalog > before);

    let entity = house.read().await.entity_by_ref(&ada.entity_ref).await.unwrap().unwrap();
    assert_eq!(entity.location_id, local_location_id());
    assert_eq!(entity.document["spec"]["profile"]["email"], "Ada.L@Example.com");
    assert_eq!(entity.document["spec"]["profile"]["displayName"], "Ada L");
    assert_eq!(
        entity.document["metadata"]["annotations"]["backstage.io/managed-by-location"],
        "provider:local"
    );
    let query = EntityQuery {
        predicate: Some(Predicate::In("spec.profile.email".to_owned(), vec!["ada.l@example.com".to_owned()])),
        full_text: None,
        order: None,
        after: None,
        offset: 0,
        limit: 10,
    };
    assert_eq!(house.read().await.entity_query(&query).await.unwrap().total, 1);

    let other = house.invited("ada.l@example.org").await.user;
    assert_eq!(other.entity_ref.to_string(), "user:default/ada.l-2");
}

#[tokio::test]
async fn a_ref_that_the_catalog_does_not_know_is_made() {
    let house = House::new().await;
    let user = NewUser { entity_ref: "user:staff/ada".to_owned(), ..new_user("ada@example.com") };
    house.identity.user_invite(&shell(), user).await.unwrap();
    assert_eq!(location_of(&house, "user:staff/ada").await, Some(local_location_id().0));
}

#[tokio::test]
async fn a_disabled_account_has_no_entity_in_the_catalog() {
    let house = House::new().await;
    let ada = house.invited("ada@example.com").await.user;
    house.identity.user_change(&shell(), &ada.id, UserChange::Disable).await.unwrap();
    assert_eq!(location_of(&house, "user:default/ada").await, None);

    let namesake = house.invited("ada@example.org").await.user;
    assert_eq!(namesake.entity_ref.name(), "ada-2", "the ref stays the disabled account's");
    house.identity.user_change(&shell(), &ada.id, UserChange::Enable).await.unwrap();
    assert_eq!(location_of(&house, "user:default/ada").await, Some(local_location_id().0));
}

#[tokio::test]
async fn entities_of_the_org_are_tied_to_not_made_nor_taken_away() {
    let house = House::new().await;
    org_user(&house, "ada", "ada@example.com").await;
    let org = location_of(&house, "user:default/ada").await;

    let typed = NewUser { entity_ref: "ada".to_owned(), ..new_user("lovelace@example.com") };
    let ada = house.identity.user_invite(&shell(), typed).await.unwrap().user;
    assert_eq!(ada.entity_ref.to_string(), "user:default/ada");
    assert_eq!(location_of(&house, "user:default/ada").await, org);
    house.identity.user_change(&shell(), &ada.id, UserChange::Disable).await.unwrap();
    assert_eq!(location_of(&house, "user:default/ada").await, org);

    let again = NewUser { entity_ref: "user:default/ada".to_owned(), ..new_user("eve@example.com") };
    assert_eq!(refused(house.identity.user_invite(&shell(), again).await).code, ErrorCode::EntityTaken);
}

#[tokio::test]
async fn the_one_user_with_this_address_is_tied_to() {
    let house = House::new().await;
    org_user(&house, "countess", "Ada@Example.com").await;
    org_user(&house, "twin-1", "twin@example.com").await;
    org_user(&house, "twin-2", "twin@example.com").await;

    let ada = house.invited("ada@example.com").await.user;
    assert_eq!(ada.entity_ref.to_string(), "user:default/countess");
    assert_eq!(location_of(&house, "user:default/ada").await, None);
    let twin = house.invited("twin@example.com").await.user;
    assert_eq!(twin.entity_ref.to_string(), "user:default/twin", "two fit, so none is chosen");
}

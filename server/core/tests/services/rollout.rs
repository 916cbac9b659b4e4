//! Who sees that MCP was announced.

use std::sync::Arc;

use portal_core::{
    catalog::{CatalogService, StagedEntity},
    identity::NewBrowserSession,
    ingestion::{Location, LocationOrigin, Target},
    oauth::records::EndReason,
    ports::Clock as _,
    rollout::{RolloutService, RolloutView},
};
use portal_model::{
    EntityRef,
    settings::{Audience, SettingChange},
};

use crate::support::{House, shell};

const NOTHING: RolloutView = RolloutView { banner: None, menu_entry: false, prompts: Vec::new() };

async fn view(house: &House, session: &NewBrowserSession) -> RolloutView {
    let catalog = Arc::new(CatalogService::new(house.dependencies.clone()));
    let rollout = RolloutService::new(house.dependencies.clone(), Arc::clone(&house.settings), catalog);
    rollout.view(&house.signed_in(session).await).await.unwrap()
}

async fn change(house: &House, changes: &[SettingChange]) {
    house.settings.change(&shell(), changes).await.unwrap();
}

const ANNOUNCED: [SettingChange; 2] =
    [SettingChange::CimdEnabled(true), SettingChange::RolloutAnnounce(true)];

#[tokio::test]
async fn the_banner_stays_until_an_agent_is_connected() {
    let house = House::new().await;
    let ada = house.person("ada@example.com").await;
    assert_eq!(view(&house, &ada).await, NOTHING);

    change(&house, &ANNOUNCED).await;
    change(&house, &[SettingChange::RolloutMessage("Try it".to_owned())]).await;
    let announced = view(&house, &ada).await;
    assert_eq!(announced.banner.unwrap().message, "Try it");
    assert!(announced.menu_entry);

    let agent = house.agent(&ada.user).await;
    assert_eq!(view(&house, &ada).await, RolloutView { menu_entry: true, ..NOTHING });
    change(&house, &[SettingChange::RolloutAnnounce(false)]).await;
    assert!(view(&house, &ada).await.menu_entry, "whoever has an agent finds it again");

    let mut tx = house.write().await;
    tx.agent_session_end(&agent, EndReason::Disconnected, house.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(view(&house, &ada).await, NOTHING);
}

#[tokio::test]
async fn an_announcement_is_silent_while_agents_cannot_sign_in() {
    let house = House::new().await;
    let ada = house.person("ada@example.com").await;
    change(&house, &ANNOUNCED).await;
    change(&house, &[SettingChange::CimdEnabled(false)]).await;
    assert_eq!(view(&house, &ada).await, NOTHING);
    change(&house, &[SettingChange::CimdEnabled(true)]).await;
    assert!(view(&house, &ada).await.banner.is_some());
}

#[tokio::test]
async fn an_audience_of_groups_means_their_members() {
    let house = House::new().await;
    org_user(&house, "user:default/ada", "group:default/pilots").await;
    let ada = house.person("ada@example.com").await;
    let eve = house.person("eve@example.com").await;
    assert_eq!(ada.user.entity_ref.to_string(), "user:default/ada");
    change(&house, &ANNOUNCED).await;
    let pilots = Audience::Groups(vec!["group:default/pilots".parse().unwrap()]);
    change(&house, &[SettingChange::RolloutAudience(pilots)]).await;

    assert!(view(&house, &ada).await.banner.is_some());
    assert_eq!(view(&house, &eve).await, NOTHING);
}

/// Publishes a user with a group, as an org file would.
async fn org_user(house: &House, user: &str, group: &str) {
    let (user, group): (EntityRef, EntityRef) = (user.parse().unwrap(), group.parse().unwrap());
    let target = Target::File("/org.yaml".to_owned());
    let location = Location {
        id: target.location_id(),
        target,
        allow: Some(vec!["user".to_owned(), "group".to_owned()]),
        origin: LocationOrigin::Configuration,
        created_at: house.clock.now(),
        published_run: None,
        last_outcome: None,
        last_failure: None,
    };
    let document = |entity: &EntityRef| {
        serde_json::json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": entity.kind(),
            "metadata": { "name": entity.name(), "namespace": entity.namespace() }, "spec": {},
        })
        .to_string()
    };
    let search = |entity: &EntityRef, email: &str| {
        vec![
            ("kind".to_owned(), entity.kind().to_owned()),
            ("spec.profile.email".to_owned(), email.to_owned()),
        ]
    };
    let ada = StagedEntity {
        document: document(&user),
        search: search(&user, "ada@example.com"),
        relations: vec![
            (user.clone(), "memberOf".to_owned(), group.clone()),
            (group.clone(), "hasMember".to_owned(), user.clone()),
        ],
        entity_ref: user,
    };
    let pilots = StagedEntity {
        document: document(&group),
        search: search(&group, ""),
        relations: Vec::new(),
        entity_ref: group,
    };
    let mut tx = house.write().await;
    assert!(tx.location_put(&location).await.unwrap());
    tx.entity_put(&location.id, &ada).await.unwrap();
    tx.entity_put(&location.id, &pilots).await.unwrap();
    tx.commit().await.unwrap();
}

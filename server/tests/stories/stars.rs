//! Stars, what one looked at, and the home page.

use http::StatusCode;
use portal_core::{
    personal::{STARS_MAX, VIEW_AGAIN_MS, VIEWS_MAX},
    time::MINUTE_MS,
};
use portal_testkit::app::{Browser, TestApp};

use crate::catalog_world::{component, document, group, publish, user};

async fn star(browser: &mut Browser<'_>, entity: &str, on: bool) -> portal_testkit::app::Answer {
    let mut fields = vec![("entity", entity), ("return_to", "/catalog?kind=component")];
    if on {
        fields.push(("starred", "on"));
    }
    browser.post("/_ui/star", &fields).await
}

/// The part of a page from one heading to the end of its section.
fn section<'page>(page: &'page str, id: &str) -> &'page str {
    let from = page.split_once(&format!("aria-labelledby=\"{id}\"")).map_or("", |(_, rest)| rest);
    from.split_once("</section>").map_or(from, |(section, _)| section)
}

fn linked(part: &str, name: &str) -> bool {
    part.contains(&format!("href=\"/catalog/default/component/{name}\""))
}

fn components(names: &[&str]) -> Vec<serde_json::Value> {
    names.iter().map(|name| component(name, "team", "service", "production", &[])).collect()
}

#[tokio::test]
async fn a_star_is_kept_shown_and_taken_back() {
    let app = TestApp::start().await;
    publish(&app, &components(&["pay", "bill"])).await;
    let mut ada = app.as_user("ada@example.com").await;
    let mut ben = app.as_user("ben@example.com").await;
    let answer = star(&mut ada, "component:default/pay", true).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/catalog?kind=component"));
    let home = ada.get("/").await.text();
    assert!(linked(section(&home, "starred"), "pay") && !linked(section(&home, "starred"), "bill"));
    let starred = ada.get("/catalog?starred=1").await.text();
    assert!(linked(&starred, "pay") && !linked(&starred, "bill"));
    let page = ada.get("/catalog/default/component/pay").await.text();
    assert!(page.contains("aria-pressed=\"true\"") && page.contains("Starred"));
    // Nobody else sees it.
    assert!(!linked(section(&ben.get("/").await.text(), "starred"), "pay"));
    assert!(ben.get("/catalog?starred=1").await.text().contains("You have starred nothing yet"));
    assert!(!ben.get("/catalog/default/component/pay").await.text().contains("Starred"));

    star(&mut ben, "component:default/pay", false).await;
    assert!(linked(section(&ada.get("/").await.text(), "starred"), "pay"), "another's form changed it");
    assert_eq!(star(&mut ada, "component:default/pay", false).await.status, StatusCode::SEE_OTHER);
    assert!(!linked(section(&ada.get("/").await.text(), "starred"), "pay"));
    // Once more is no error.
    star(&mut ada, "component:default/pay", false).await;
    assert!(!ada.get("/catalog").await.text().contains("role=\"alert\""));
}

#[tokio::test]
async fn only_what_is_there_is_starred_and_only_so_much() {
    let app = TestApp::start().await;
    publish(&app, &components(&["pay"])).await;
    let mut ada = app.as_user("ada@example.com").await;
    for entity in ["component:default/absent", "", "not a reference"] {
        assert_eq!(star(&mut ada, entity, true).await.status, StatusCode::SEE_OTHER);
        let page = ada.get("/catalog").await.text();
        assert!(page.contains("role=\"alert\""), "{entity:?}");
    }
    let names: Vec<String> = (0..=STARS_MAX).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    publish(&app, &components(&names)).await;
    let signed_in = ada.signed_in().await;
    for name in &names[..STARS_MAX as usize] {
        let entity_ref = format!("component:default/{name}").parse().expect("a reference");
        app.services.personal.star(&signed_in, &entity_ref).await.expect("a star");
    }
    star(&mut ada, &format!("component:default/c{STARS_MAX}"), true).await;
    assert!(ada.get("/catalog").await.text().contains("stars-full"));
    // It leads nowhere but to pages of this Portal.
    let elsewhere = [("entity", "component:default/c1"), ("return_to", "https://evil.test/")];
    assert_eq!(ada.post("/_ui/star", &elsewhere).await.location(), "/catalog");
}

#[tokio::test]
async fn what_was_looked_at_is_told_newest_first() {
    let app = TestApp::start().await;
    publish(&app, &components(&["a", "b", "c"])).await;
    let mut ada = app.as_user("ada@example.com").await;
    let mut ben = app.as_user("ben@example.com").await;
    for name in ["a", "b", "c", "a"] {
        assert_eq!(ada.get(&format!("/catalog/default/component/{name}")).await.status, StatusCode::OK);
        app.pass(MINUTE_MS);
    }
    let store = std::sync::Arc::clone(&app.services.dependencies.store);
    let id = ada.signed_in().await.user().id.clone();
    let views = async || -> Vec<(String, i64)> {
        let views = store.read().await.expect("a reader").view_list(&id, VIEWS_MAX).await.expect("views");
        views.iter().map(|view| (view.entity_ref.name().to_owned(), view.at.0)).collect()
    };
    let before = views().await;
    assert_eq!(before.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "c", "b"]);
    // A reload is no new view; within the hour. After it, it is one.
    ada.get("/catalog/default/component/a?view=raw").await;
    assert_eq!(views().await, before);
    app.pass(VIEW_AGAIN_MS);
    ada.get("/catalog/default/component/a").await;
    assert!(views().await[0].1 > before[0].1);
    let home = ada.get("/").await.text();
    let viewed = section(&home, "viewed");
    let place = |name: &str| viewed.find(&format!("/component/{name}\"")).expect("it is listed");
    assert!(place("a") < place("c") && place("c") < place("b"));
    assert!(!linked(section(&ben.get("/").await.text(), "viewed"), "a"), "only oneself sees it");
    // What is not there is not remembered, and what has gone is not shown.
    assert_eq!(ada.get("/catalog/default/component/none").await.status, StatusCode::NOT_FOUND);
    assert_eq!(views().await.len(), 3);
    star(&mut ada, "component:default/a", true).await;
    publish(&app, &components(&["b"])).await;
    let home = ada.get("/").await.text();
    assert!(linked(section(&home, "viewed"), "b"));
    assert!(!linked(section(&home, "viewed"), "a") && !linked(section(&home, "starred"), "a"));
    // It comes back with the entity.
    publish(&app, &components(&["a"])).await;
    assert!(linked(section(&ada.get("/").await.text(), "starred"), "a"));
}

#[tokio::test]
async fn the_home_page_tells_what_is_mine_by_kind() {
    let app = TestApp::start().await;
    let mut ada = app.as_user("ada@example.com").await;
    let empty = ada.get("/").await.text();
    assert!(empty.contains("You own nothing yet") && empty.contains("You are in no group"));
    let me = ada.signed_in().await.user().entity_ref.clone();
    let mut documents = components(&["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"]);
    documents.push(component("other", "strangers", "service", "production", &[]));
    documents.push(component("own", &me.to_string(), "service", "production", &[]));
    documents.push(document("Resource", "store", serde_json::json!({"type": "database", "owner": "above"})));
    documents.push(group("team", Some("above"), &[me.name()]));
    documents.push(group("above", None, &[]));
    documents.push(user("kim", &["team"]));
    publish(&app, &documents).await;
    let home = ada.get("/").await.text();
    let owned = section(&home, "owned");
    assert!(linked(owned, "c1") && linked(owned, "c6") && !linked(owned, "c7"), "six of each kind");
    assert!(!linked(owned, "other") && owned.contains("/catalog/default/resource/store"));
    assert!(owned.contains("href=\"/catalog?kind=component&amp;owner=me\"") && owned.contains("10 entities"));
    let mine = ada.get("/catalog?owner=me&kind=component").await.text();
    assert!(linked(&mine, "own") && linked(&mine, "c8") && !linked(&mine, "other"));
    let groups = section(&home, "groups");
    assert!(groups.contains("2 members, owns 8 entities") && groups.contains("Above"));
}

#[tokio::test]
async fn a_store_that_cannot_note_a_view_does_not_spoil_the_page() {
    let app = TestApp::start().await;
    publish(&app, &components(&["pay"])).await;
    let mut ada = app.as_user("ada@example.com").await;
    app.tamper("DROP TABLE entity_views").await;
    assert_eq!(ada.get("/catalog/default/component/pay").await.status, StatusCode::OK);
}

//! Entities whose every text is hostile.

use std::{collections::BTreeMap, sync::Arc};

use portal_core::{
    catalog::{Relation, StoredEntity},
    ids::LocationId,
};
use serde_json::json;

use super::{about, entity, relations, table};
use crate::hostile::{HOSTILE, assert_harmless, html};

fn hostile_entity() -> StoredEntity {
    let relation =
        |kind: &str, target: &str| Relation { kind: kind.to_owned(), target: target.parse().unwrap() };
    StoredEntity {
        entity_ref: "component:default/pay".parse().unwrap(),
        location_id: LocationId("l1".to_owned()),
        document: Arc::new(json!({
            "kind": "Component",
            "metadata": {
                "name": "pay",
                "title": HOSTILE,
                "description": HOSTILE,
                "tags": [HOSTILE],
                "annotations": {
                    "backstage.io/managed-by-location": format!("url:{HOSTILE}"),
                    "backstage.io/source-location": "url:javascript:alert(1)",
                },
                "links": [
                    { "url": "javascript:alert(1)", "title": HOSTILE },
                    { "url": format!("https://example.test/{HOSTILE}"), "title": HOSTILE },
                ],
            },
            "spec": { "type": HOSTILE, "lifecycle": HOSTILE, "definition": HOSTILE, "profile": { "email": HOSTILE } },
            "status": { "items": [{ "message": HOSTILE }, { "error": { "message": HOSTILE } }] },
        })),
        relations: vec![
            relation("dependsOn", "component:default/b"),
            relation("ownedBy", "group:default/team"),
            relation("partOf", "system:default/s"),
            relation(HOSTILE, "component:default/c"),
        ],
    }
}

fn neighbours() -> relations::Neighbours {
    let refs = ["component:default/b", "group:default/team", "component:default/c"];
    relations::Neighbours::new(refs.iter().map(|text| (text.parse().unwrap(), HOSTILE.to_owned())).collect())
}

#[test]
fn the_table_shows_text_as_text() {
    assert_harmless(&html(|| table::entity_table("Entities", &[hostile_entity()], true)));
}

#[test]
fn the_entity_page_shows_text_as_text() {
    let (entity, neighbours) = (hostile_entity(), neighbours());
    assert_harmless(&html(|| entity::heading(&entity)));
    assert_harmless(&html(|| entity::errors(&entity)));
    assert_harmless(&html(|| entity::definition_panel(&entity)));
    assert_harmless(&html(|| entity::descriptor_panel(&entity)));
    assert_harmless(&html(|| about::about_panel(&entity, &neighbours)));
    assert_harmless(&html(|| about::ownership_panel(&entity, &neighbours)));
    assert_harmless(&html(|| relations::relations_panel(&entity, &neighbours)));
    assert_harmless(&html(|| relations::drawing(&entity, &neighbours)));
}

#[test]
fn links_lead_to_the_web_only() {
    let page = html(|| about::links_panel(&hostile_entity()));
    assert_harmless(&page);
    assert_eq!(page.matches("<a ").count(), 1, "{page}");
    assert!(page.contains("href=\"https://example.test/"));
}

#[test]
fn what_is_not_in_the_catalog_is_no_link() {
    let nobody = relations::Neighbours::new(BTreeMap::new());
    let page = html(|| relations::relations_panel(&hostile_entity(), &nobody));
    assert!(!page.contains("<a ") && page.contains("Not in the catalog"), "{page}");
}

//! Entities whose every text is hostile.

use std::{collections::BTreeMap, sync::Arc};

use portal_core::{
    catalog::{
        ApiDefinition, ApiOperation, ApiSummary, CatalogCounts, CatalogFacet, Facet, KindGroup,
        OperationGroup, Relation, StoredEntity,
    },
    ids::LocationId,
};
use serde_json::json;

use super::{about, address::Address, definition, entity, facets, origin, raw, relations, table};
use crate::{
    components::Stars,
    hostile::{HOSTILE, assert_harmless, html},
};

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
                    "backstage.io/managed-by-origin-location": HOSTILE,
                    "backstage.io/source-location": "url:javascript:alert(1)",
                    "backstage.io/edit-url": "javascript:alert(1)",
                    "example.test/note": HOSTILE,
                    "example.test/link": "javascript:alert(1)",
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

fn columns(stars: &Stars) -> table::Columns<'_> {
    table::Columns { kinds: true, owner: true, stars, sort: None }
}

#[test]
fn the_tables_show_text_as_text() {
    let stars = Stars::new([hostile_entity().entity_ref], format!("/catalog?q={HOSTILE}"));
    assert_harmless(&html(|| table::entity_table("Entities", &[hostile_entity()], &columns(&stars))));
    let group = KindGroup { kind: HOSTILE.to_owned(), count: 9, items: vec![hostile_entity()] };
    let path = |kind: &str| Some(Address::of(CatalogFacet::Kind, kind).path());
    assert_harmless(&html(|| table::grouped_table("Entities", &[group], &columns(&stars), path)));
}

#[test]
fn filters_show_text_as_text() {
    let address = CatalogFacet::ALL
        .iter()
        .fold(Address { text: HOSTILE.to_owned(), ..Address::default() }, |address, facet| {
            address.toggled(*facet, HOSTILE)
        });
    let values =
        vec![Facet { value: HOSTILE.to_owned(), count: 1 }, Facet { value: "x".to_owned(), count: 1 }];
    let counts = CatalogCounts {
        total: 1,
        facets: CatalogFacet::ALL.iter().map(|facet| (*facet, values.clone())).collect(),
    };
    assert_harmless(&html(|| facets::facets_beside(&address, &counts)));
    assert_harmless(&html(|| facets::kind_tabs(&address, &counts)));
    assert_harmless(&html(|| facets::chosen_chips(&address)));
}

#[test]
fn the_entity_page_shows_text_as_text() {
    let (entity, neighbours) = (hostile_entity(), neighbours());
    assert_harmless(&html(|| entity::heading(&entity, None)));
    assert_harmless(&html(|| entity::errors(&entity)));
    assert_harmless(&html(|| definition::definition_panel(&entity)));
    assert_harmless(&html(|| raw::descriptor_panel(&entity, false)));
    assert_harmless(&html(|| raw::descriptor_panel(&entity, true)));
    assert_harmless(&html(|| about::about_panel(&entity, &neighbours)));
    assert_harmless(&html(|| about::ownership_panel(&entity, &neighbours)));
    assert_harmless(&html(|| relations::relations_panel(&entity, &neighbours)));
    assert_harmless(&html(|| relations::drawing(&entity, &neighbours)));
    let origin = html(|| origin::origin_panel(&entity, false));
    assert_harmless(&origin);
    let annotations = html(|| origin::annotations_panel(&entity));
    assert_harmless(&annotations);
    assert!(!origin.contains("<a ") && !annotations.contains("<a "), "{origin}{annotations}");
}

#[test]
fn definitions_show_text_as_text() {
    let operation = ApiOperation {
        method: "GET",
        path: HOSTILE.to_owned(),
        summary: Some(HOSTILE.to_owned()),
        deprecated: true,
    };
    let summary = ApiSummary {
        format: HOSTILE.to_owned(),
        title: Some(HOSTILE.to_owned()),
        version: Some(HOSTILE.to_owned()),
        description: Some(HOSTILE.to_owned()),
        servers: vec!["javascript:alert(1)".to_owned(), HOSTILE.to_owned()],
        groups: vec![OperationGroup { tag: Some(HOSTILE.to_owned()), operations: vec![operation] }],
        operation_count: 1,
    };
    let entity = hostile_entity();
    for definition in [
        Some(ApiDefinition::Summary(summary)),
        Some(ApiDefinition::Unreadable(HOSTILE.to_owned())),
        Some(ApiDefinition::Other),
    ] {
        let page = html(|| definition::summary_panel(&entity, definition.as_ref(), None));
        assert_harmless(&page);
        assert!(!page.contains("<a "), "servers are no links: {page}");
    }
    let document = json!({ "spec": { "definition": { "$text": HOSTILE } } });
    let absent = StoredEntity { document: Arc::new(document), ..entity };
    let page = html(|| definition::summary_panel(&absent, None, None));
    assert_harmless(&page);
    assert!(page.contains("could not be read"), "{page}");
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

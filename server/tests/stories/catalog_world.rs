//! A catalog for stories about its pages.

use portal_core::{
    changes::Topic,
    ids::{LocationId, RunId},
    ingestion::{Location, LocationOrigin, Provenance, RunOutcome, Target, stage_document},
};
use portal_testkit::app::TestApp;
use serde_json::{Value, json};

/// Publishes these documents as the whole of one location; what it had before is gone.
pub async fn publish(app: &TestApp, documents: &[Value]) {
    let provenance = Provenance { managed_by: "file:all.yaml", origin: "file:all.yaml" };
    let staged =
        documents.iter().map(|document| stage_document(document, provenance).expect("a valid entity"));
    let staged: Vec<_> = staged.collect();
    let (id, run) = (LocationId("world".to_owned()), RunId::generate(&*app.services.dependencies.rng));
    let location = Location {
        id: id.clone(),
        target: Target::File("all.yaml".to_owned()),
        allow: None,
        origin: LocationOrigin::Configuration,
        created_at: app.clock_now(),
        published_run: None,
        last_outcome: None,
        last_failure: None,
    };
    let outcome =
        RunOutcome { at: app.clock_now(), entities: 1, with_errors: 0, rejected: 0, duration_ms: 0 };
    let mut tx = app.services.dependencies.store.write().await.expect("a transaction");
    tx.change_record(Topic::Catalog).await.expect("a counter");
    if tx.location_by_id(&id).await.expect("a location").is_none() {
        assert!(tx.location_put(&location).await.expect("a location"));
    }
    tx.run_stage(&id, &run, &staged).await.expect("staged");
    assert!(tx.run_publish(&id, &run, &outcome).await.expect("published"));
    tx.commit().await.expect("a commit");
    app.services.dependencies.changes.expire();
}

/// A document of a kind with a spec.
pub fn document(kind: &str, name: &str, spec: Value) -> Value {
    let metadata = json!({ "name": name });
    let mut document = json!({ "apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata });
    document["spec"] = spec;
    document
}

/// A component with an owner, a type, a lifecycle and tags.
pub fn component(name: &str, owner: &str, kind_of: &str, lifecycle: &str, tags: &[&str]) -> Value {
    let mut document =
        document("Component", name, json!({ "type": kind_of, "lifecycle": lifecycle, "owner": owner }));
    document["metadata"]["tags"] = json!(tags);
    document
}

/// A group below another one.
pub fn group(name: &str, parent: Option<&str>, members: &[&str]) -> Value {
    let mut spec = json!({ "type": "team", "children": [], "members": members });
    if let Some(parent) = parent {
        spec["parent"] = json!(parent);
    }
    document("Group", name, spec)
}

/// A person who is a member of groups.
pub fn user(name: &str, member_of: &[&str]) -> Value {
    document(
        "User",
        name,
        json!({ "profile": { "displayName": format!("Person {name}"), "email": format!("{name}@example.com") }, "memberOf": member_of }),
    )
}

//! Locations become entities: what is taken, what is rejected, and what stays when something goes wrong.

mod support;

use portal_core::{
    audit::{Actor, AuditFilter},
    identity::RequestOrigin,
    ingestion::{IngestionError, RegisterError, Target},
};
use support::{HOST, Harness, agent};

fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  lifecycle: production\n  owner: crew\n"
    )
}

/// A location with every trap that real ones have.
fn write_traps(harness: &Harness) {
    harness.write(
        "traps/all.yaml",
        "# comment first\n---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec:\n  targets:\n    - ./teams/pay.yaml\n    - ./gone.yaml\n    - teams/../all.yaml\n    - ../outside.yaml\n    - https://other.example.org/x.yaml\n---\n# nothing here\n---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: optional}\nspec: {target: ./not-there.yaml, presence: optional}\n",
    );
    harness.write("outside.yaml", &component("outside"));
    harness.write(
        "traps/teams/pay.yaml",
        &format!(
            "{}---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: bad name\n  tags: [ok, not ok]\nspec: {{type: service, lifecycle: x, owner: crew}}\n---\nnot: [closed\n---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: back}}\nspec: {{type: file, targets: [../all.yaml, ./pay.yaml, ./apis.yaml]}}\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: crew}}\nspec: {{type: team}}\n---\n{}",
            component("pay"),
            component("Pay"),
        ),
    );
    harness.write("traps/teams/pay.json", "{\"openapi\": \"3.1.0\", \"paths\": {}}");
    harness.write("traps/teams/extra.yaml", "list: [1, 2]\n");
    harness.write(
        "traps/teams/apis.yaml",
        "apiVersion: backstage.io/v1beta1\nkind: API\nmetadata: {name: pay, namespace: shop}\nspec:\n  type: openapi\n  lifecycle: production\n  owner: default/crew\n  definition:\n    $text: ./pay.json\n---\napiVersion: backstage.io/v1beta1\nkind: API\nmetadata: {name: lost}\nspec:\n  type: openapi\n  lifecycle: production\n  owner: crew\n  definition:\n    $text: https://other.example.org/openapi.yaml\n---\napiVersion: own.example/v3\nkind: Gadget\nmetadata:\n  name: g1\n  annotations: {own.example/parts: {$text: ./pay.json}}\nspec:\n  parts: {$yaml: ./extra.yaml}\n  api: {$json: ./pay.json}",
    );
}

#[tokio::test]
async fn a_location_with_every_trap_yields_what_is_good_and_says_what_is_not() {
    let harness = Harness::new().await;
    write_traps(&harness);
    harness.configure(&[("traps/all.yaml", None)]).await;
    assert_eq!(
        harness.refs().await,
        [
            "api:default/lost",
            "api:shop/pay",
            "component:default/pay",
            "gadget:default/g1",
            "location:default/all",
            "location:default/back",
            "location:default/optional",
        ]
    );
    let (outcome, rejections) = harness.outcome("traps/all.yaml").await;
    assert_eq!((outcome.entities, outcome.with_errors, outcome.rejected), (7, 1, 7));
    insta::assert_debug_snapshot!(rejections);
}

#[tokio::test]
async fn placeholders_are_filled_in_and_what_cannot_be_had_is_said_with_the_entity() {
    let harness = Harness::new().await;
    write_traps(&harness);
    harness.configure(&[("traps/all.yaml", None)]).await;
    let entity =
        async |entity_ref: &str| harness.catalog.entity(&entity_ref.parse().unwrap()).await.unwrap().unwrap();
    let pay = entity("api:shop/pay").await;
    assert_eq!(pay.document["spec"]["definition"], "{\"openapi\": \"3.1.0\", \"paths\": {}}");
    assert_eq!(
        pay.document["metadata"]["annotations"]["backstage.io/managed-by-location"],
        "file:teams/apis.yaml"
    );
    assert_eq!(
        pay.document["metadata"]["annotations"]["backstage.io/managed-by-origin-location"],
        "file:all.yaml"
    );
    let gadget = entity("gadget:default/g1").await;
    assert_eq!(gadget.document["spec"]["parts"], serde_json::json!({"list": [1, 2]}));
    assert_eq!(gadget.document["spec"]["api"]["openapi"], "3.1.0");
    let lost = entity("api:default/lost").await;
    assert_eq!(lost.document["spec"]["definition"]["$text"], "https://other.example.org/openapi.yaml");
    assert_eq!(lost.document["status"]["items"][0]["level"], "error");
    assert_eq!(
        lost.errors(),
        [
            "spec.definition: https://other.example.org/openapi.yaml may not be read: the host other.example.org is not in [catalog] allowed_hosts"
        ]
    );
}

#[tokio::test]
async fn relations_run_both_ways_across_files() {
    let harness = Harness::new().await;
    harness.write(
        "a.yaml",
        &format!("{}  providesApis: [pay]\n  dependsOn: ['resource:db']\n", component("pay")),
    );
    harness.write(
        "b.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: pay}\nspec: {type: grpc, lifecycle: production, owner: crew, definition: x, system: money}\n",
    );
    harness.configure(&[("a.yaml", None), ("b.yaml", None)]).await;
    assert_eq!(
        harness.relations("component:default/pay").await,
        ["dependsOn resource:default/db", "ownedBy group:default/crew", "providesApi api:default/pay"]
    );
    assert_eq!(
        harness.relations("api:default/pay").await,
        ["apiProvidedBy component:default/pay", "ownedBy group:default/crew", "partOf system:default/money"]
    );
}

#[tokio::test]
async fn people_come_only_from_locations_that_may_define_them() {
    let harness = Harness::new().await;
    let org = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ada}\nspec: {memberOf: [crew]}\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: crew}\nspec: {type: team}\n";
    harness.write("root.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: root}\nspec: {target: org/people.yaml}\n");
    harness.write("org/people.yaml", org);
    harness.configure(&[("root.yaml", None)]).await;
    assert_eq!(harness.refs().await, ["location:default/root"]);
    let (_, rejections) = harness.outcome("root.yaml").await;
    assert_eq!(
        rejections.iter().map(|rejection| rejection.reason.as_str()).collect::<Vec<_>>(),
        ["this location may not define this kind; expected any kind but User and Group"; 2]
    );
    harness.configure(&[("root.yaml", Some(&["User", "Group"]))]).await;
    assert_eq!(harness.refs().await, ["group:default/crew", "location:default/root", "user:default/ada"]);
    assert_eq!(harness.relations("group:default/crew").await, ["hasMember user:default/ada"]);
}

#[tokio::test]
async fn what_another_location_defines_is_never_overridden() {
    let harness = Harness::new().await;
    harness.write("a.yaml", &component("pay"));
    harness.write(
        "b.yaml",
        &format!("{}---\n{}", component("pay").replace("service", "website"), component("own")),
    );
    harness.configure(&[("a.yaml", None), ("b.yaml", None)]).await;
    let pay = harness.catalog.entity(&"component:pay".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(pay.document["spec"]["type"], "service");
    let (outcome, rejections) = harness.outcome("b.yaml").await;
    assert_eq!((outcome.entities, outcome.rejected), (1, 1));
    let path = harness.path("a.yaml");
    assert_eq!(
        rejections[0].reason,
        format!("component:default/pay is defined by {} already; that one stays", path.display())
    );
    // Gone there, it may come from here.
    harness.write("a.yaml", &component("other"));
    harness.ingestion.refresh_all().await.unwrap();
    let pay = harness.catalog.entity(&"component:pay".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(pay.document["spec"]["type"], "website");
}

#[tokio::test]
async fn a_location_that_cannot_be_read_keeps_what_was_published() {
    let harness = Harness::new().await;
    harness.write("a.yaml", &component("pay"));
    harness.configure(&[("a.yaml", None)]).await;
    let id = harness.file("a.yaml").location_id();
    std::fs::remove_file(harness.path("a.yaml")).unwrap();
    let failed = harness.ingestion.refresh(&id).await;
    assert!(matches!(failed, Err(IngestionError::Read(_))), "{failed:?}");
    assert!(harness.failure(&id).await.unwrap().ends_with("there is no such file"));
    assert_eq!(harness.refs().await, ["component:default/pay"]);
    // A file in which nothing is right any more is a slip, too.
    harness.write("a.yaml", "kind: [");
    let failed = harness.ingestion.refresh(&id).await;
    assert!(matches!(failed, Err(IngestionError::Read(_))), "{failed:?}");
    assert!(harness.failure(&id).await.unwrap().contains("a.yaml line "));
    assert_eq!(harness.refs().await, ["component:default/pay"]);
    // A file that is empty on purpose is not.
    harness.write("a.yaml", "# nothing any more\n");
    assert_eq!(harness.ingestion.refresh(&id).await.unwrap().entities, 0);
    assert_eq!((harness.refs().await, harness.failure(&id).await), (vec![], None));
}

#[tokio::test]
async fn a_first_reading_in_which_nothing_is_right_shows_what_is_wrong() {
    let harness = Harness::new().await;
    harness.write("bad.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a b\n  tags:\n    - go\n    - go 1\nspec: {type: x, lifecycle: y, owner: z}\n");
    harness.configure(&[("bad.yaml", None)]).await;
    let (outcome, rejections) = harness.outcome("bad.yaml").await;
    assert_eq!((outcome.entities, outcome.rejected), (0, 1));
    let places: Vec<_> = rejections
        .iter()
        .map(|rejection| {
            (rejection.file.as_str(), rejection.line.unwrap(), rejection.path.as_deref().unwrap())
        })
        .collect();
    assert_eq!(places, [("bad.yaml", 4, "metadata.name"), ("bad.yaml", 7, "metadata.tags.1")]);
    assert_eq!(rejections[0].entity.as_deref(), Some("component:default/a b"));
}

#[tokio::test]
async fn locations_follow_the_configuration() {
    let harness = Harness::new().await;
    harness.write("a.yaml", &component("a"));
    harness.write("b.yaml", &component("b"));
    harness.configure(&[("a.yaml", None), ("b.yaml", None), ("a.yaml", None)]).await;
    assert_eq!(harness.refs().await, ["component:default/a", "component:default/b"]);
    let ids = || async {
        let locations = harness.ingestion.location_list().await.unwrap();
        locations.into_iter().map(|location| location.id).collect::<Vec<_>>()
    };
    let before = ids().await;
    harness.write("b.yaml", &component("b2"));
    harness.configure(&[("b.yaml", None)]).await;
    assert_eq!(harness.refs().await, ["component:default/b2"]);
    harness.configure(&[("b.yaml", None), ("a.yaml", None)]).await;
    let mut after = ids().await;
    after.sort();
    assert_eq!(
        (after.len(), after),
        (2, {
            let mut before = before;
            before.sort();
            before
        })
    );
}

#[tokio::test]
async fn registering_reads_first_and_is_audited() {
    let harness = Harness::new().await;
    harness.pages.put("/pay.yaml", &component("pay"));
    let url = format!("https://{HOST}/pay.yaml");
    let origin = RequestOrigin::default();
    let id = harness.ingestion.register(Target::Url(url.clone()), &agent(), &origin).await.unwrap();
    assert_eq!(harness.refs().await, ["component:default/pay"]);
    let again = harness.ingestion.register(Target::Url(format!("{url}#x")), &agent(), &origin).await;
    assert!(matches!(&again, Err(RegisterError::Exists(known)) if *known == id), "{again:?}");
    // A configuration that knows nothing of it leaves it alone.
    harness.configure(&[]).await;
    assert_eq!(harness.refs().await, ["component:default/pay"]);
    harness.ingestion.unregister(&id, &agent(), &origin).await.unwrap();
    assert!(harness.refs().await.is_empty());
    let gone = harness.ingestion.unregister(&id, &agent(), &origin).await;
    assert!(matches!(gone, Err(IngestionError::NotFound)), "{gone:?}");
    let mut store = harness.dependencies.store.read().await.unwrap();
    let rows = store.audit_list(&AuditFilter::default(), None, 10).await.unwrap();
    let mut actions: Vec<_> =
        rows.iter().map(|row| (row.action.as_str(), row.target.as_deref() == Some(id.as_str()))).collect();
    actions.sort_unstable();
    assert_eq!(actions, [("location.registered", true), ("location.unregistered", true)]);
    assert!(rows.iter().all(|row| row.actor == agent()));
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_with_words() {
    let harness = Harness::new().await;
    harness.write("a.yaml", &component("a"));
    harness.pages.put("/empty.yaml", "# nothing\n");
    harness.pages.put(
        "/user.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: eve}\nspec: {memberOf: [admins]}\n",
    );
    harness.pages.put("/bad.yaml", &component("a b"));
    let page = |path: &str| Target::Url(format!("https://{HOST}{path}"));
    for (target, words) in [
        (harness.file("a.yaml"), "files of Portal's machine are not registered"),
        (Target::Provider("local".to_owned()), "a provider is not registered"),
        (Target::Url("catalog-info.yaml".to_owned()), "this is not an address"),
        (Target::Url("ftp://raw.example.org/a".to_owned()), "begins with https://"),
        (Target::Url(format!("https://ada:secret@{HOST}/a")), "user name or password"),
        (Target::Url("https://other.example.org/a.yaml".to_owned()), "not in [catalog] allowed_hosts"),
        (Target::Url(format!("http://{HOST}/empty.yaml")), "only https"),
        (page("/missing.yaml"), "could not be read"),
        (page("/empty.yaml"), "it holds no entity"),
        (page("/user.yaml"), "may not define this kind"),
        (page("/bad.yaml"), "line 4: metadata.name \"a b\" is not allowed"),
    ] {
        let refused = harness.ingestion.register(target.clone(), &agent(), &RequestOrigin::default()).await;
        let Err(RegisterError::Unusable(reason)) = refused else { panic!("{target}: {refused:?}") };
        assert!(reason.contains(words), "{target}: {reason}");
    }
    assert!(harness.ingestion.location_list().await.unwrap().is_empty());
    // Whoever has the shell may name files.
    let file = harness.file("a.yaml");
    harness.ingestion.register(file, &Actor::CommandLine, &RequestOrigin::default()).await.unwrap();
    assert_eq!(harness.refs().await, ["component:default/a"]);
}

#[tokio::test]
async fn many_who_ask_at_once_share_few_runs() {
    let harness = Harness::new().await;
    harness.write("a.yaml", &component("a"));
    harness.configure(&[("a.yaml", None)]).await;
    let id = harness.file("a.yaml").location_id();
    let counter = async || harness.dependencies.changes.current().await.unwrap().catalog;
    let before = counter().await;
    let runs = (0..20).map(|_| {
        let (ingestion, id) = (std::sync::Arc::clone(&harness.ingestion), id.clone());
        tokio::spawn(async move { ingestion.refresh(&id).await.unwrap().entities })
    });
    for run in runs.collect::<Vec<_>>() {
        assert_eq!(run.await.unwrap(), 1);
    }
    let published = counter().await - before;
    assert!((1..=5).contains(&published), "{published} runs");
}

#[tokio::test]
async fn a_large_location_is_staged_in_batches_and_old_runs_are_cleared_away() {
    let harness = Harness::new().await;
    let many = |from: usize| {
        (from..from + 350).map(|number| component(&format!("c{number}"))).collect::<Vec<_>>().join("---\n")
    };
    harness.write("a.yaml", &many(0));
    harness.configure(&[("a.yaml", None)]).await;
    harness.write("a.yaml", &many(100));
    let id = harness.file("a.yaml").location_id();
    let outcome = harness.ingestion.refresh(&id).await.unwrap();
    assert_eq!((outcome.entities, outcome.rejected), (350, 0));
    assert_eq!(harness.refs().await.len(), 350);
    let mut store = harness.dependencies.store.write().await.unwrap();
    assert_eq!(store.run_prune(&[], 10).await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_host_that_is_down_defines_stays() {
    let harness = Harness::new().await;
    let location = |targets: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: root}}\nspec: {{targets: [{targets}]}}\n"
        )
    };
    let remote = format!("https://{HOST}/remote.yaml");
    harness.pages.put("/remote.yaml", &component("remote"));
    harness.write("root.yaml", &location(&remote));
    harness.configure(&[("root.yaml", None)]).await;
    let id = harness.file("root.yaml").location_id();
    let both = ["component:default/remote", "location:default/root"];
    assert_eq!(harness.refs().await, both);
    harness.pages.take_away("/remote.yaml");
    let failed = harness.ingestion.refresh(&id).await;
    assert!(matches!(failed, Err(IngestionError::Read(_))), "{failed:?}");
    assert_eq!(harness.refs().await, both);
    // A file that never gave anything holds nothing up.
    harness.write("root.yaml", &location(&format!("https://{HOST}/down.yaml")));
    harness.pages.take_away("/down.yaml");
    let outcome = harness.ingestion.refresh(&id).await.unwrap();
    assert_eq!((outcome.entities, outcome.rejected), (1, 1));
    // One that is gone for good goes.
    harness.pages.put("/remote.yaml", &component("remote"));
    harness.write("root.yaml", &location(&remote));
    harness.ingestion.refresh(&id).await.unwrap();
    harness.pages.remove("/remote.yaml");
    harness.ingestion.refresh(&id).await.unwrap();
    assert_eq!(harness.refs().await, ["location:default/root"]);
}

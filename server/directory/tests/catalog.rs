//! The catalog's caches answer what is true now.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod support;

use support::Harness;

fn group(name: &str, parent: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: {name}}}\nspec: {{type: team, parent: {parent}}}\n---\n"
    )
}

fn user(groups: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: ada}}\nspec: {{memberOf: [{groups}]}}\n---\n"
    )
}

const PEOPLE: Option<&[&str]> = Some(&["User", "Group"]);

async fn owners(harness: &Harness) -> Vec<String> {
    let refs = harness.catalog.ownership_refs(&"user:ada".parse().unwrap()).await.unwrap();
    refs.iter().map(|found| found.name().to_owned()).collect()
}

#[tokio::test]
async fn a_change_is_seen_at_once() {
    let harness = Harness::new().await;
    harness.write("org.yaml", &format!("{}{}", user("a"), group("a", "top")));
    harness.configure(&[("org.yaml", PEOPLE)]).await;
    assert_eq!(owners(&harness).await, ["ada", "a", "top"]);
    assert!(harness.catalog.entity(&"group:b".parse().unwrap()).await.unwrap().is_none());
    harness.write("org.yaml", &format!("{}{}", user("b"), group("b", "other")));
    harness.ingestion.refresh_all().await.unwrap();
    assert_eq!(owners(&harness).await, ["ada", "b", "other"]);
    assert!(harness.catalog.entity(&"group:b".parse().unwrap()).await.unwrap().is_some());
    assert!(harness.catalog.entity(&"group:a".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn groups_in_a_circle_are_counted_once() {
    let harness = Harness::new().await;
    let org = [user("a, b"), group("a", "b"), group("b", "c"), group("c", "a")].concat();
    harness.write("org.yaml", &org);
    harness.configure(&[("org.yaml", PEOPLE)]).await;
    assert_eq!(owners(&harness).await, ["ada", "a", "b", "c"]);
}

#[tokio::test]
async fn who_is_not_in_the_catalog_owns_under_the_own_name_only() {
    let harness = Harness::new().await;
    assert_eq!(owners(&harness).await, ["ada"]);
}

#[tokio::test]
async fn names_are_found_without_kind_and_near_names_are_offered() {
    let harness = Harness::new().await;
    let org = [user("a"), group("ada", "top"), group("adalbert", "top")].concat();
    harness.write("org.yaml", &org);
    harness.configure(&[("org.yaml", PEOPLE)]).await;
    let named = async |kind: Option<&str>, name: &str| {
        let found = harness.catalog.entities_named(kind, None, name, 10).await.unwrap();
        found.iter().map(|entity| entity.entity_ref.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(named(None, "Ada").await, ["group:default/ada", "user:default/ada"]);
    assert_eq!(named(Some("User"), "ada").await, ["user:default/ada"]);
    let near = harness.catalog.near_names(None, "adalbrt").await.unwrap();
    assert_eq!(near.first().map(ToString::to_string).as_deref(), Some("group:default/adalbert"));
}

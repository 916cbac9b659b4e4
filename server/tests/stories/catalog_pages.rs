//! The catalog's table and the pages of entities.

use std::collections::BTreeSet;

use http::StatusCode;
use portal_testkit::app::{Browser, TestApp};
use serde_json::{Value, json};

use crate::catalog_world::{component, document, group, publish, user};

/// Names of the entities in the table, in its order.
fn rows(page: &str) -> Vec<&str> {
    let body = page.split_once("<tbody>").map_or("", |(_, rest)| rest);
    let body = body.split_once("</tbody>").map_or(body, |(body, _)| body);
    let names = body.split("<tr id=\"").skip(1);
    names.filter_map(|rest| rest.split('"').next()?.rsplit('/').next()).collect()
}

async fn table(browser: &mut Browser<'_>, query: &str) -> String {
    let answer = browser.get(&format!("/catalog{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}");
    answer.text()
}

fn world() -> Vec<Value> {
    let mut documents = vec![
        component("pay", "red", "service", "production", &["java", "tier-1"]),
        component("bill", "red", "library", "production", &["java"]),
        component("ship", "blue", "service", "experimental", &["go"]),
        component("old", "blue", "service", "deprecated", &[]),
        document(
            "API",
            "pay-api",
            json!({"type": "openapi", "lifecycle": "production", "owner": "red", "system": "money", "definition": "openapi: 3.0.0"}),
        ),
        document("System", "money", json!({"owner": "red"})),
        group("red", None, &["ada"]),
        group("blue", Some("red"), &[]),
        user("kim", &["blue"]),
    ];
    documents[0]["spec"]["system"] = json!("money");
    documents
}

#[tokio::test]
async fn facets_combine_and_count() {
    let app = TestApp::start().await;
    publish(&app, &world()).await;
    let mut ada = app.as_user("reader@example.com").await;
    for (query, expected) in [
        ("?kind=component", vec!["bill", "old", "pay", "ship"]),
        ("?kind=component&type=service", vec!["old", "pay", "ship"]),
        ("?type=service&type=library&lifecycle=production", vec!["bill", "pay"]),
        ("?owner=group:default/red&kind=component&tag=JAVA", vec!["bill", "pay"]),
        ("?owner=red", vec![]),
        ("?system=system:default/money", vec!["pay", "pay-api"]),
        ("?q=PAY", vec!["pay", "pay-api"]),
        ("?q=pay&kind=api", vec!["pay-api"]),
        ("?namespace=default&tag=go", vec!["ship"]),
        ("?tag=java&tag=go&sort=-name", vec!["ship", "pay", "bill"]),
        ("?q=%3Cb%3E", vec![]),
    ] {
        let page = table(&mut ada, query).await;
        assert_eq!(rows(&page), expected, "{query}");
        assert_eq!(page.contains("Nothing fits"), expected.is_empty(), "{query}");
        assert!(page.contains("Clear filters"), "{query}");
    }
    // A facet is counted as if nothing of it was chosen; the others as they are.
    let page = table(&mut ada, "?kind=component&lifecycle=production").await;
    let aside = page.split_once("<aside ").expect("facets").1;
    let count = |label: &str| -> Option<String> {
        let rest = aside.split_once(&format!(">{label}</bdi>"))?.1;
        Some(rest.split_once("class=\"count\">")?.1.split('<').next()?.to_owned())
    };
    assert_eq!(count("production").as_deref(), Some("2"));
    assert_eq!(count("experimental").as_deref(), Some("1"));
    assert_eq!((count("service").as_deref(), count("library").as_deref()), (Some("1"), Some("1")));
    assert_eq!(count("red").as_deref(), Some("2"));
    assert!(
        aside.split_once("</aside>").expect("its end").0.contains("href=\"/catalog?kind=component\""),
        "a way out"
    );
}

#[tokio::test]
async fn columns_sort_both_ways() {
    let app = TestApp::start().await;
    publish(&app, &world()).await;
    let mut ada = app.as_user("reader@example.com").await;
    for (query, expected) in [
        ("?kind=component&sort=name", vec!["bill", "old", "pay", "ship"]),
        ("?kind=component&sort=-name", vec!["ship", "pay", "old", "bill"]),
        ("?kind=component&sort=lifecycle", vec!["old", "ship", "bill", "pay"]),
        ("?kind=component&sort=-lifecycle", vec!["bill", "pay", "ship", "old"]),
        ("?kind=component&sort=owner", vec!["old", "ship", "bill", "pay"]),
        ("?kind=component&sort=-type", vec!["old", "pay", "ship", "bill"]),
        ("?q=pay&sort=-kind", vec!["pay", "pay-api"]),
        ("?kind=component&sort=nonsense&page=nonsense", vec!["bill", "old", "pay", "ship"]),
    ] {
        assert_eq!(rows(&table(&mut ada, query).await), expected, "{query}");
    }
    let page = table(&mut ada, "?kind=component&sort=-owner").await;
    assert!(page.contains("aria-sort=\"descending\""));
}

#[tokio::test]
async fn pages_show_everything_once() {
    let app = TestApp::start().await;
    // Many with the same value: only the reference tells them apart.
    let documents: Vec<Value> = (0..120)
        .map(|number| component(&format!("c{number:03}"), "red", "service", "production", &[]))
        .collect();
    publish(&app, &documents).await;
    let mut ada = app.as_user("reader@example.com").await;
    for sort in ["name", "-name", "owner", "-lifecycle"] {
        let mut seen = BTreeSet::new();
        for page in 1..=3 {
            let text = table(&mut ada, &format!("?kind=component&sort={sort}&page={page}")).await;
            let names = rows(&text);
            assert_eq!(names.len(), if page == 3 { 20 } else { 50 }, "{sort} {page}");
            seen.extend(names.iter().map(|name| (*name).to_owned()));
        }
        assert_eq!(seen.len(), 120, "{sort}");
    }
    let second = table(&mut ada, "?kind=component&page=2").await;
    assert!(second.contains("51 to 100 of 120 entities"));
    assert!(second.contains("rel=\"next\"") && second.contains("rel=\"prev\""));
    // Beyond the end stands the last page.
    assert_eq!(rows(&table(&mut ada, "?kind=component&page=4000000000").await).len(), 20);
    // What changes is seen.
    publish(&app, &documents[..3]).await;
    assert_eq!(rows(&table(&mut ada, "?kind=component&page=2").await), ["c000", "c001", "c002"]);
}

#[tokio::test]
async fn a_catalog_without_entities_says_so() {
    let app = TestApp::start().await;
    let mut nobody_in = app.as_user("reader@example.com").await;
    let page = table(&mut nobody_in, "?kind=component").await;
    assert!(page.contains("Nothing fits") && page.contains("Clear filters"));
}

#[tokio::test]
async fn definitions_are_summarized_or_said_to_be_unreadable() {
    let app = TestApp::start().await;
    let api = |name: &str, kind_of: &str, definition: Value| {
        let spec =
            json!({"type": kind_of, "lifecycle": "production", "owner": "red", "definition": definition});
        document("API", name, spec)
    };
    let open = "openapi: 3.1.0\ninfo: {title: Pets <b>, version: 1.2.0}\npaths:\n  /pets/{id}:\n    get: {summary: \"</script><script>alert(1)</script>\", tags: [read]}\n";
    publish(
        &app,
        &[
            api("open", "openapi", json!(open)),
            api("broken", "openapi", json!("openapi: [")),
            api("graph", "graphql", json!("type Query { a: Int }")),
            api(
                "events",
                "asyncapi",
                json!("asyncapi: 2.6.0\nchannels: {rides: {publish: {summary: Tell}}}"),
            ),
        ],
    )
    .await;
    let mut ada = app.as_user("reader@example.com").await;
    let mut page = async |path: &str| ada.get(&format!("/catalog/default/api/{path}")).await.text();
    let open = page("open?view=definition").await;
    assert!(
        open.contains("OpenAPI 3.1.0, version 1.2.0")
            && open.contains("/pets/{id}")
            && open.contains("1 operation")
    );
    assert!(!open.contains("<script>alert") && open.contains("Copy openapi"));
    assert!(page("open").await.contains("/pets/{id}"), "the overview tells operations too");
    let broken = page("broken?view=definition").await;
    assert!(broken.contains("The definition could not be read") && broken.contains("openapi: ["));
    assert!(page("graph?view=definition").await.contains("type Query"));
    assert!(page("events").await.contains("PUBLISH"));
}

#[tokio::test]
async fn the_descriptor_is_there_as_yaml_and_json() {
    let app = TestApp::start().await;
    publish(&app, &world()).await;
    let mut ada = app.as_user("reader@example.com").await;
    let yaml = ada.get("/catalog/default/component/pay?view=raw").await.text();
    assert!(yaml.contains("    - java\n") && yaml.contains("  lifecycle: production\n"), "{yaml}");
    let json = ada.get("/catalog/default/component/pay?view=raw&format=json").await.text();
    assert!(
        json.contains("\"lifecycle\": \"production\"") || json.contains("&quot;lifecycle&quot;"),
        "{json}"
    );
    // A part that an entity of this kind does not have is its overview.
    let page = ada.get("/catalog/default/component/pay?view=members").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("id=\"about\""));
}

#[tokio::test]
async fn groups_show_members_of_groups_below_and_what_they_own() {
    let app = TestApp::start().await;
    let mut documents =
        vec![group("top", None, &[]), group("mid", Some("top"), &[]), group("low", Some("mid"), &[])];
    documents.extend((0..60).map(|number| user(&format!("p{number:02}"), &["low"])));
    documents.push(user("boss", &["top", "low"]));
    documents.push(component("mine", "top", "service", "production", &[]));
    documents.push(component("theirs", "low", "service", "production", &[]));
    publish(&app, &documents).await;
    let mut ada = app.as_user("reader@example.com").await;
    let mut page = async |path: &str| ada.get(path).await.text();
    let top = page("/catalog/default/group/top").await;
    assert!(top.contains("/user/boss") && !top.contains("/user/p00"));
    assert!(top.contains("/component/mine") && !top.contains("/component/theirs"));
    let below = page("/catalog/default/group/top?view=members&below=1").await;
    assert!(
        below.contains("61 people") && below.contains("/user/p00") && below.contains("With 2 groups below")
    );
    let second = page("/catalog/default/group/top?view=members&below=1&page=2").await;
    assert!(second.contains("/user/p59") && !second.contains("/user/p00"));
    assert!(page("/catalog/default/group/top?view=members").await.contains("1 person"));
    // A person owns what their groups own, and those above them.
    let boss = page("/catalog/default/user/boss").await;
    assert!(boss.contains("/component/mine") && boss.contains("/component/theirs"));
    // All relations of one kind, in pages.
    let members = page("/catalog/default/group/low?view=relations&of=hasMember").await;
    assert!(members.contains("61 relations"));
    let groups = app
        .services
        .catalog
        .groups_below(&"group:default/top".parse().expect("a ref"))
        .await
        .expect("groups");
    assert_eq!(groups.len(), 3);
}

#[tokio::test]
async fn a_person_who_has_left_the_catalog_is_in_no_list() {
    let app = TestApp::start().await;
    publish(&app, &[group("red", None, &[]), user("kim", &["red"]), user("lee", &["red"])]).await;
    let mut ada = app.as_user("reader@example.com").await;
    assert!(ada.get("/catalog/default/group/red").await.text().contains("/user/kim"));
    publish(&app, &[group("red", None, &[]), user("lee", &["red"])]).await;
    let page = ada.get("/catalog/default/group/red?view=members").await.text();
    assert!(!page.contains("/user/kim") && page.contains("/user/lee"));
    assert!(!ada.get("/catalog?kind=user").await.text().contains("/user/kim"));
    assert_eq!(ada.get("/catalog/default/user/kim").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn hostile_filters_are_text() {
    let app = TestApp::start().await;
    publish(&app, &world()).await;
    let mut ada = app.as_user("reader@example.com").await;
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let long = "x".repeat(2_000);
    for query in [
        format!("?q={evil}&tag={evil}&owner={evil}&kind={evil}&sort={evil}&page={evil}"),
        format!("?q={long}&tag={long}"),
        format!("?{}", "tag=a&".repeat(500)),
        "?tag=%00&q=%00".to_owned(),
        "?q=%25_%5C".to_owned(),
    ] {
        let page = table(&mut ada, &query).await;
        assert!(!page.contains("<script>alert"), "{query}");
    }
}

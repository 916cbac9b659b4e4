//! The catalog's tools, as agents meet them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it cannot go on"
)]

mod support;

use std::sync::Arc;

use portal_core::{
    actions::{Action, ActionError, CallContext, catalog},
    identity::RequestOrigin,
};
use serde_json::{Map, Value, json};
use support::{HOST, Harness, caller::caller};

struct Tools {
    harness: Harness,
    actions: Vec<Arc<dyn Action>>,
}

impl Tools {
    async fn new() -> Self {
        let harness = Harness::new().await;
        let actions = catalog::actions(Arc::clone(&harness.catalog), Arc::clone(&harness.ingestion));
        Self { harness, actions }
    }

    /// With components `c00` to `c24` of two owners, and an API and a component that share a name.
    async fn filled() -> Self {
        let tools = Self::new().await;
        let mut components = Vec::new();
        for number in 0..25 {
            let owner = if number % 2 == 0 { "even" } else { "group:default/odd" };
            let tag = number % 3;
            components.push(format!(
                "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: c{number:02}\n  tags: [t{tag}]\nspec: {{type: service, lifecycle: production, owner: '{owner}'}}\n---\n"
            ));
        }
        let mut text = components.concat();
        text += "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: shared}\nspec: {type: grpc, lifecycle: production, owner: even, definition: \"";
        text += &"x".repeat(5_000);
        text += "\"}\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: shared, description: The Needle}\nspec: {type: library, lifecycle: production, owner: odd, providesApis: [shared]}\n";
        tools.harness.write("a.yaml", &text);
        tools.harness.configure(&[("a.yaml", None)]).await;
        tools
    }

    async fn call_as(&self, who: &str, admin: bool, tool: &str, input: Value) -> Result<Value, ActionError> {
        let action =
            self.actions.iter().find(|action| action.definition().name == tool).expect("the tool is there");
        let Value::Object(input) = input else { panic!("an object") };
        let context = CallContext { caller: &caller(who, admin), origin: &RequestOrigin::default() };
        action.call(context, input).await
    }

    async fn call(&self, tool: &str, input: Value) -> Result<Value, String> {
        self.call_as("user:default/ada", false, tool, input).await.map_err(|error| error.to_string())
    }

    async fn names(&self, query: Value) -> Vec<String> {
        let input = json!({"query": query, "fields": ["metadata.name"], "limit": 500});
        let answer = self.call("query-catalog-entities", input).await.unwrap();
        let name = |item: &Value| item["metadata"]["name"].as_str().unwrap().to_owned();
        answer["items"].as_array().unwrap().iter().map(name).collect()
    }
}

#[tokio::test]
async fn definitions_are_as_published() {
    let tools = Tools::new().await;
    let listed: Vec<Value> = tools
        .actions
        .iter()
        .map(|action| {
            let definition = action.definition();
            json!({
                "name": definition.tool_name,
                "title": definition.title,
                "description": definition.description,
                "inputSchema": &*definition.input_schema,
                "outputSchema": &*definition.output_schema,
                "readOnly": definition.attributes.read_only,
                "destructive": definition.attributes.destructive,
                "idempotent": definition.attributes.idempotent,
            })
        })
        .collect();
    let text = serde_json::to_string(&listed).unwrap();
    assert!(!text.contains("$ref"), "schemas stand on their own");
    assert!(!text.contains("\"null\""), "optional fields are left out, never null");
    insta::assert_json_snapshot!(listed);
}

#[tokio::test]
async fn one_entity_is_got_by_name_reference_or_parts() {
    let tools = Tools::filled().await;
    let got = async |input: Value| {
        tools.call("get-catalog-entity", input).await.map(|answer| answer["entity"].clone())
    };
    let entity = got(json!({"name": "C03"})).await.unwrap();
    assert_eq!(entity["metadata"]["name"], "c03");
    assert_eq!(entity["relations"], json!([{"type": "ownedBy", "targetRef": "group:default/odd"}]));
    assert_eq!(
        got(json!({"name": "api:shared"})).await.unwrap()["spec"]["definition"].as_str().unwrap().len(),
        5_000
    );
    assert_eq!(got(json!({"name": "shared", "kind": "Component"})).await.unwrap()["spec"]["type"], "library");
    assert_eq!(
        got(json!({"name": "shared"})).await.unwrap_err(),
        "ConflictError: several entities have this name; name kind and namespace of the one you mean: api:default/shared, component:default/shared"
    );
    let missing = got(json!({"name": "shraed"})).await.unwrap_err();
    assert!(
        missing.starts_with(
            "NotFoundError: no entity \"shraed\" is in the catalog; near names: api:default/shared"
        ),
        "{missing}"
    );
    assert!(
        got(json!({"name": "component:default/c99", "namespace": "default"}))
            .await
            .unwrap_err()
            .starts_with("NotFoundError")
    );
    assert_eq!(
        got(json!({})).await.unwrap_err(),
        "InputError: name: is missing; expected the name of an entity, such as payments"
    );
    assert!(got(json!({"nam": "x"})).await.unwrap_err().contains("nam: there is no such field"));
}

#[tokio::test]
async fn queries_find_by_properties_relations_and_text() {
    let tools = Tools::filled().await;
    assert_eq!(tools.names(json!({"kind": "Component"})).await.len(), 26);
    assert_eq!(tools.names(json!({"kind": ["API", "System"]})).await, ["shared"]);
    assert_eq!(tools.names(json!({"spec.owner": "odd", "spec.type": "library"})).await, ["shared"]);
    assert_eq!(tools.names(json!({"spec.owner": "group:default/even"})).await.len(), 14);
    assert_eq!(
        tools
            .names(json!({"metadata.tags": {"$contains": "T1"}, "metadata.name": {"$hasPrefix": "c1"}}))
            .await,
        ["c10", "c13", "c16", "c19"]
    );
    assert_eq!(
        tools.names(json!({"$not": {"metadata.tags": {"$exists": true}}, "kind": "Component"})).await,
        ["shared"]
    );
    assert_eq!(
        tools.names(json!({"$any": [{"metadata.name": "c01"}, {"metadata.name": {"$in": ["c02"]}}]})).await,
        ["c01", "c02"]
    );
    assert_eq!(tools.names(json!({"relations.providesApi": "api:default/shared"})).await, ["shared"]);
    assert_eq!(tools.names(json!({"relations": {"$contains": {"type": "apiProvidedBy"}}})).await, ["shared"]);
    let text = json!({"fullTextFilter": {"term": "needle"}, "fields": ["kind"]});
    let answer = tools.call("query-catalog-entities", text).await.unwrap();
    assert_eq!(answer, json!({"items": [{"kind": "Component"}], "totalItems": 1, "hasMoreEntities": false}));
}

#[tokio::test]
async fn pages_follow_each_other_by_cursor() {
    let tools = Tools::filled().await;
    let query = json!({"query": {"metadata.name": {"$hasPrefix": "c"}}, "orderFields": [{"field": "metadata.name", "order": "desc"}], "limit": "10", "fields": ["metadata.name"]});
    let mut names = Vec::new();
    let mut answer = tools.call("query-catalog-entities", query).await.unwrap();
    for page in 0.. {
        assert_eq!(answer["totalItems"], 25);
        names.extend(answer["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone()));
        let Some(cursor) = answer.get("nextPageCursor").cloned() else {
            assert_eq!((page, &answer["hasMoreEntities"]), (2, &json!(false)));
            break;
        };
        let next = json!({"cursor": cursor, "limit": 10, "fields": ["metadata.name"]});
        answer = tools.call("query-catalog-entities", next).await.unwrap();
    }
    let expected: Vec<Value> = (0..25).rev().map(|number| json!(format!("c{number:02}"))).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn wrong_queries_are_refused_with_their_field() {
    let tools = Tools::filled().await;
    let first = tools
        .call("query-catalog-entities", json!({"query": {"kind": "Component"}, "limit": 1}))
        .await
        .unwrap();
    let cursor = first["nextPageCursor"].as_str().unwrap();
    let cases: Vec<(Map<String, Value>, &str)> = [
        (json!({"limit": "ten"}), "limit: \"ten\" does not fit; expected a number from 1 to 500"),
        (json!({"limit": 501}), "limit: 501"),
        (json!({"offset": -1}), "offset: -1"),
        (json!({"query": {"kind": {"$regex": "x"}}}), "query.kind.$regex"),
        (json!({"query": [1]}), "query: [1] does not fit; expected an object"),
        (json!({"orderFields": [{"field": "a"}, {"field": "b"}]}), "orderFields"),
        (json!({"orderFields": [{"field": "a", "order": "up"}]}), "orderFields"),
        (json!({"fullTextFilter": {"text": "x"}}), "fullTextFilter"),
        (json!({"cursor": format!("{cursor}A")}), "cursor: is not one that was given out"),
        (json!({"cursor": "e30"}), "cursor: is not one that was given out"),
        (json!({"cursor": cursor, "query": {"kind": "API"}}), "cursor: belongs to another query"),
    ]
    .into_iter()
    .map(|(input, words)| (input.as_object().unwrap().clone(), words))
    .collect();
    for (input, words) in cases {
        let error = tools.call("query-catalog-entities", Value::Object(input.clone())).await.unwrap_err();
        assert!(error.starts_with(&format!("InputError: {words}")), "{input:?}: {error}");
    }
    let same = json!({"cursor": cursor, "query": {"kind": "Component"}, "limit": 1});
    assert!(tools.call("query-catalog-entities", same).await.is_ok());
}

#[tokio::test]
async fn entities_of_a_list_are_whole_but_for_long_texts() {
    let tools = Tools::filled().await;
    let answer = tools.call("query-catalog-entities", json!({"query": {"kind": "API"}})).await.unwrap();
    let definition = answer["items"][0]["spec"]["definition"].as_str().unwrap();
    assert!(
        definition.len() < 5_000
            && definition.ends_with(
                "(cut: the whole text has 5000 characters, catalog_get_catalog_entity returns it)"
            )
    );
    assert_eq!(answer["items"][0]["relations"][0]["type"], "apiProvidedBy");
}

#[tokio::test]
async fn descriptors_are_checked_without_being_stored() {
    let tools = Tools::new().await;
    let good = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: x}\nspec: {type: openapi, lifecycle: production, owner: a, definition: {$text: ./x.yaml}}\n";
    let answer = tools.call("validate-entity", json!({"entity": good})).await.unwrap();
    assert_eq!(
        (&answer["isValid"], &answer["isValidYaml"], &answer["errors"]),
        (&json!(true), &json!(true), &json!([]))
    );
    assert_eq!(answer["entity"]["metadata"]["name"], "x");
    let bad = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a b\nspec: {type: x, lifecycle: y}\n---\nkind: [\n";
    let answer =
        tools.call("validate-entity", json!({"entity": bad, "location": "catalog-info.yaml"})).await.unwrap();
    insta::assert_json_snapshot!(answer);
    for empty in ["", "# nothing\n"] {
        let answer = tools.call("validate-entity", json!({"entity": empty})).await.unwrap();
        assert_eq!((&answer["isValid"], answer["errors"].as_array().unwrap().len()), (&json!(false), 1));
    }
    assert!(tools.call("validate-entity", json!({})).await.unwrap_err().starts_with("InputError: entity:"));
    assert!(tools.harness.refs().await.is_empty());
}

#[tokio::test]
async fn locations_are_registered_refreshed_and_taken_back() {
    let tools = Tools::new().await;
    let component = |kind: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: pay}}\nspec: {{type: {kind}, lifecycle: production, owner: a}}\n---\nkind: Broken\n"
        )
    };
    let url = format!("https://{HOST}/Pay.yaml");
    tools.harness.pages.put("/Pay.yaml", &component("service"));
    let answer = tools.call("register-entity", json!({"locationUrl": url})).await.unwrap();
    assert_eq!((&answer["entities"], &answer["rejected"]), (&json!(1), &json!(1)));
    assert!(
        answer["rejections"][0]
            .as_str()
            .unwrap()
            .starts_with(&format!("{url} line 6 apiVersion: is missing")),
        "{answer}"
    );
    let again = tools.call("register-entity", json!({"locationUrl": url})).await.unwrap_err();
    assert!(again.starts_with("ConflictError: this location is registered already"), "{again}");

    tools.harness.pages.put("/Pay.yaml", &component("website"));
    let refreshed = tools.call("refresh-catalog-entity", json!({"name": "pay"})).await.unwrap();
    assert_eq!(refreshed, json!({"entityRef": "component:default/pay"}));
    let entity = tools.call("get-catalog-entity", json!({"name": "pay"})).await.unwrap();
    assert_eq!(entity["entity"]["spec"]["type"], "website");
    tools.harness.pages.remove("/Pay.yaml");
    let failed = tools.call("refresh-catalog-entity", json!({"name": "pay"})).await.unwrap_err();
    assert!(failed.starts_with("ConflictError: the location cannot be read right now"), "{failed}");

    let type_ = json!({"type": {"locationUrl": url.to_uppercase().replace("HTTPS", "https")}});
    let refused =
        tools.call_as("user:default/eve", false, "unregister-entity", type_.clone()).await.unwrap_err();
    assert!(matches!(refused, ActionError::NotAllowed(_)), "{refused}");
    assert_eq!(tools.call("unregister-entity", type_.clone()).await.unwrap(), json!({}));
    assert!(tools.harness.refs().await.is_empty());
    assert!(tools.call("unregister-entity", type_).await.unwrap_err().starts_with("NotFoundError"));
}

#[tokio::test]
async fn locations_of_the_configuration_cannot_be_taken_back_and_files_not_registered() {
    let tools = Tools::filled().await;
    let id = tools.harness.file("a.yaml").location_id();
    let refused = tools
        .call_as("user:default/root", true, "unregister-entity", json!({"type": {"locationId": id.as_str()}}))
        .await;
    assert!(
        matches!(&refused, Err(ActionError::NotAllowed(reason)) if reason.contains("configuration")),
        "{refused:?}"
    );
    for wrong in [json!({}), json!({"type": {}}), json!({"type": {"locationId": "a", "locationUrl": "b"}})] {
        assert!(
            tools
                .call("unregister-entity", wrong)
                .await
                .unwrap_err()
                .starts_with("InputError: type: expected either")
        );
    }
    let file = tools.call("register-entity", json!({"locationUrl": "file:/etc/passwd"})).await.unwrap_err();
    assert!(
        file.starts_with("InputError: locationUrl: files of Portal's machine are not registered"),
        "{file}"
    );
    let host = tools
        .call("register-entity", json!({"locationUrl": "https://other.example.org/x"}))
        .await
        .unwrap_err();
    assert!(host.contains("not in [catalog] allowed_hosts"), "{host}");
}

#[tokio::test]
async fn what_agents_are_told_names_no_folder_of_the_machine() {
    let tools = Tools::filled().await;
    let folder = tools.harness.folder.path().to_str().unwrap().to_owned();
    let entity = tools.call("get-catalog-entity", json!({"name": "c00"})).await.unwrap().to_string();
    std::fs::remove_file(tools.harness.path("a.yaml")).unwrap();
    let failed = tools.call("refresh-catalog-entity", json!({"name": "c00"})).await.unwrap_err();
    for told in [entity, failed] {
        assert!(!told.contains(&folder), "{told}");
    }
}

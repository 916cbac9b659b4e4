use super::{fields::*, *};
use crate::ingestion::yaml::load_one;

/// A rule, texts that it accepts, and texts that it refuses.
type Case<'text> = (fn(&str) -> bool, &'text [&'text str], &'text [&'text str]);

fn checked(text: &str) -> Result<Descriptor, Vec<Fault>> {
    check(load_one(text).unwrap().unwrap())
}

fn faults(text: &str) -> Vec<(u32, String)> {
    checked(text).unwrap_err().into_iter().map(|fault| (fault.line, fault.path)).collect()
}

fn relation_texts(text: &str) -> Vec<String> {
    let descriptor = checked(text).unwrap();
    relations(&descriptor).into_iter().map(|(from, kind, to)| format!("{from} {kind} {to}")).collect()
}

#[test]
fn single_values_keep_their_rules() {
    let cases: [Case<'_>; 7] = [
        (is_name, &["a", "A-b_c.9", "1"], &["", "-a", "a.", "a b", "ä", &"a".repeat(64)]),
        (is_namespace, &["default", "a-1"], &["", "A", "a_b", "a-", "a.b"]),
        (is_kind, &["Component", "A1"], &["", "1A", "A-B"]),
        (
            is_api_version,
            &["v1", "backstage.io/v1alpha1", "my-co.example/v1.2"],
            &["", "/v1", "a/", "a/b/c", "A.b/v1", "a b"],
        ),
        (
            is_key,
            &["a", "backstage.io/techdocs-ref", "Go.Version"],
            &["", "/a", "a/", "a/b/c", "UPPER.io/a", "a b"],
        ),
        (
            is_tag,
            &["go", "c++", "c#", "a:b", "a-b"],
            &["", "Go", "a--b", "go 1.15", "-a", "a-", "a.b", "a_b"],
        ),
        (
            is_link,
            &["https://example.com/x?y#z", "mailto:a@example.com", "slack://channel?id=1"],
            &[
                "",
                "example.com",
                "/relative",
                "javascript:alert(1)",
                "data:text/html,x",
                "vbscript:x",
                "file:///etc/passwd",
            ],
        ),
    ];
    for (rule, good, bad) in cases {
        for text in good {
            assert!(rule(text), "{text:?} is allowed");
        }
        for text in bad {
            assert!(!rule(text), "{text:?} is not allowed");
        }
    }
    assert!(is_label_value("") && is_label_value("go1.15.3") && !is_label_value("a b"));
}

#[test]
fn every_fault_is_reported_with_line_and_path() {
    let text = "apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: pay ment
  namespace: Team
  title: 12
  labels:
    bad key: x
    fine: 'a b'
  annotations:
    example.com/a: 1
    'b c': x
  tags:
    - go
    - go 1.15
    - 2024
  links:
    - url: javascript:alert(1)
      title: ''
    - title: none
    - text
spec:
  type: service
  owner: 'a b'
  system: [x]
  providesApis: api
  dependsOn: [no-kind, component:x]
";
    assert_eq!(
        faults(text),
        [
            (4, "metadata.name"),
            (5, "metadata.namespace"),
            (6, "metadata.title"),
            (8, "metadata.labels.bad key"),
            (9, "metadata.labels.fine"),
            (11, "metadata.annotations.example.com/a"),
            (12, "metadata.annotations.b c"),
            (15, "metadata.tags.1"),
            (16, "metadata.tags.2"),
            (18, "metadata.links.0.url"),
            (19, "metadata.links.0.title"),
            (20, "metadata.links.1.url"),
            (21, "metadata.links.2"),
            (23, "spec.lifecycle"),
            (24, "spec.owner"),
            (25, "spec.system"),
            (26, "spec.providesApis"),
            (27, "spec.dependsOn.0"),
        ]
        .map(|(line, path)| (line, path.to_owned()))
    );
}

#[test]
fn reasons_say_what_was_expected() {
    let faults =
        checked("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a b, tags: [1]}\n")
            .unwrap_err();
    let reasons: Vec<_> =
        faults.into_iter().map(|fault| format!("{}: {}", fault.path, fault.reason)).collect();
    insta::assert_debug_snapshot!(reasons);
}

#[test]
fn the_envelope_alone_judges_kinds_of_other_makers() {
    assert!(checked("{apiVersion: v7, kind: Gadget, metadata: {name: x}}").is_ok());
    assert!(checked("{apiVersion: acme.example/v1, kind: Component, metadata: {name: x}}").is_ok());
    assert_eq!(
        faults("{apiVersion: v7, kind: Gadget, metadata: {name: x}, spec: [1]}"),
        [(1, "spec".to_owned())]
    );
    assert_eq!(faults("[1]"), [(1, String::new())]);
    assert_eq!(
        faults("{kind: 3}"),
        [(1, "apiVersion".to_owned()), (1, "kind".to_owned()), (1, "metadata".to_owned())]
    );
    let odd = "{apiVersion: backstage.io/v9, kind: Domain, metadata: {name: x}, spec: {owner: a}}";
    assert_eq!(faults(odd), [(1, "apiVersion".to_owned())]);
}

#[test]
fn apis_need_a_definition_or_remotes_and_locations_a_target() {
    let api = "{apiVersion: backstage.io/v1beta1, kind: API, metadata: {name: x}, spec: {type: t, lifecycle: l, owner: o";
    assert_eq!(faults(&format!("{api}}}}}")), [(1, "spec.definition".to_owned())]);
    assert!(checked(&format!("{api}, definition: text}}}}")).is_ok());
    assert!(checked(&format!("{api}, remotes: [{{url: 'http://localhost'}}]}}}}")).is_ok());
    let location =
        "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: x}, spec: {type: file";
    assert_eq!(faults(&format!("{location}}}}}")), [(1, "spec.target".to_owned())]);
    assert!(checked(&format!("{location}, targets: [./a.yaml]}}}}")).is_ok());
}

#[test]
fn relations_run_both_ways_with_default_kinds_and_the_entitys_namespace() {
    let component =
        "{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {name: Pay, namespace: shop}, spec: {
        type: service, lifecycle: production, owner: team-a, system: default/money, providesApis: [pay-api],
        dependsOn: ['resource:db', 'resource:db'], subcomponentOf: Checkout}}";
    assert_eq!(
        relation_texts(component),
        [
            "api:shop/pay-api apiProvidedBy component:shop/pay",
            "component:shop/checkout hasPart component:shop/pay",
            "component:shop/pay dependsOn resource:shop/db",
            "component:shop/pay ownedBy group:shop/team-a",
            "component:shop/pay partOf component:shop/checkout",
            "component:shop/pay partOf system:default/money",
            "component:shop/pay providesApi api:shop/pay-api",
            "group:shop/team-a ownerOf component:shop/pay",
            "resource:shop/db dependencyOf component:shop/pay",
            "system:default/money hasPart component:shop/pay",
        ]
    );
    let group = "{apiVersion: backstage.io/v1alpha1, kind: Group, metadata: {name: a},
        spec: {type: team, parent: top, children: [b], members: [ann]}}";
    assert_eq!(
        relation_texts(group),
        [
            "group:default/a childOf group:default/top",
            "group:default/a hasMember user:default/ann",
            "group:default/a parentOf group:default/b",
            "group:default/b childOf group:default/a",
            "group:default/top parentOf group:default/a",
            "user:default/ann memberOf group:default/a",
        ]
    );
}

#[test]
fn other_kinds_have_an_owner_when_it_looks_like_one() {
    let template = "{apiVersion: scaffolder.backstage.io/v1beta3, kind: Template, metadata: {name: t}, spec: {owner: 'user:ann', system: [1]}}";
    assert_eq!(
        relation_texts(template),
        ["template:default/t ownedBy user:default/ann", "user:default/ann ownerOf template:default/t"]
    );
}

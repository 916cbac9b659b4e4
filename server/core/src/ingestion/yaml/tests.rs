use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn only(text: &str) -> Value {
    load_one(text).unwrap().map_or(Value::Null, |node| node.to_json())
}

fn fault(text: &str) -> YamlFault {
    load_one(text).unwrap_err()
}

#[test]
fn plain_scalars_follow_the_core_schema() {
    let text = "[~, null, true, False, yes, on, 12, -3, +4, 0o17, 0x1F, 1.5, .5, 6., 1e3, .inf, .nan, 1.2.3, 0x, '12', 2024-01-01]";
    assert_eq!(
        only(text),
        json!([
            null,
            null,
            true,
            false,
            "yes",
            "on",
            12,
            -3,
            4,
            15,
            31,
            1.5,
            0.5,
            6.0,
            1000.0,
            ".inf",
            ".nan",
            "1.2.3",
            "0x",
            "12",
            "2024-01-01"
        ])
    );
    assert_eq!(
        only("[18446744073709551615, 18446744073709551616]"),
        json!([u64::MAX, 18_446_744_073_709_551_616_f64])
    );
}

#[test]
fn tags_of_the_core_schema_are_obeyed_and_others_ignored() {
    assert_eq!(only("[!!str 12, !!int '7', !Ref thing, !Sub {a: 1}]"), json!(["12", 7, "thing", {"a": 1}]));
}

#[test]
fn documents_keep_their_lines_and_empty_ones_are_empty() {
    let text = "# head\n---\na: 1\n---\n# nothing\n---\n\nb:\n  - x\n  - y\n...\n%YAML 1.2\n---\nc: |\n  text\n  --- no marker\n";
    let documents = load(text).unwrap();
    let held: Vec<_> = documents
        .iter()
        .filter_map(|document| document.content.clone().unwrap().map(|node| (document.line, node.to_json())))
        .collect();
    assert_eq!(
        held,
        [(3, json!({"a": 1})), (8, json!({"b": ["x", "y"]})), (14, json!({"c": "text\n--- no marker\n"}))]
    );
    let b = documents
        .iter()
        .find_map(|document| document.content.clone().ok().flatten()?.get("b").cloned())
        .unwrap();
    let NodeValue::Sequence(items) = b.value else { panic!("a list") };
    assert_eq!(items.iter().map(|item| item.line).collect::<Vec<_>>(), [9, 10]);
}

#[test]
fn a_broken_document_does_not_hide_the_next() {
    let documents = load("a: [1\n---\nb: 2\n---\nc: 'open\n---\nd: 4").unwrap();
    let outcomes: Vec<_> =
        documents.iter().map(|document| (document.line, document.content.is_ok())).collect();
    assert_eq!(outcomes, [(2, false), (3, true), (5, false), (7, true)]);
}

#[test]
fn a_key_written_twice_is_a_fault_with_its_line_and_path() {
    let fault = fault("spec:\n  owner: a\n  type: b\n  owner: c\n");
    assert_eq!((fault.line, fault.path.as_str()), (4, "spec.owner"));
    assert!(fault.reason.contains("twice"), "{}", fault.reason);
}

#[test]
fn keys_are_texts() {
    assert_eq!(only("{1: a, true: b, null: c}"), json!({"1": "a", "true": "b", "null": "c"}));
    assert!(fault("? [a]\n: b").reason.contains("key"));
}

#[test]
fn aliases_are_followed_within_the_limits() {
    assert_eq!(
        only("a: &x {k: [1]}\nb: *x\n&key c: 1\nd: *key"),
        json!({"a": {"k": [1]}, "b": {"k": [1]}, "c": 1, "d": "c"})
    );
    assert!(fault("a: &x [*x]").reason.contains("alias"));
    assert!(fault("a: *unknown").reason.contains("not well-formed"));
    let mut laughs = "l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..10 {
        let below = format!("*l{}, ", level - 1).repeat(10);
        writeln!(laughs, "l{level}: &l{level} [{below}]").unwrap();
    }
    assert!(fault(&laughs).reason.contains("aliases followed"));
    let long = format!("a: &x {}\nb: [{}]", "x".repeat(100_000), "*x, ".repeat(500));
    assert!(fault(&long).reason.contains("bytes of text"));
}

#[test]
fn depth_and_size_are_bounded() {
    assert!(
        fault(&format!("{}{}", "[".repeat(DEPTH_MAX + 1), "]".repeat(DEPTH_MAX + 1)))
            .reason
            .contains("deeper")
    );
    assert!(load_one(&format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX))).is_ok());
    assert!(fault(&"- ".repeat(5_000)).reason.contains("deeper"));
    let aliased =
        format!("a: &x {}1{}\nb: {}*x{}", "[".repeat(40), "]".repeat(40), "[".repeat(40), "]".repeat(40));
    assert!(fault(&aliased).reason.contains("deeper"));
    assert!(fault(&format!("[{}]", "1,".repeat(NODES_MAX))).reason.contains("values"));
    assert!(load(&" ".repeat(DESCRIPTOR_BYTES_MAX + 1)).unwrap_err().reason.contains("bytes"));
    assert!(load(&"---\na\n".repeat(DOCUMENTS_MAX + 1)).unwrap_err().reason.contains("documents"));
    assert!(fault("a: 1\n---\nb: 2").reason.contains("second document"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = load(&text);
        let _ = load_one(&text);
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(
        text in r#"([ab]|[\-?:,\[\]{}#&*!|>'"%@` ]|\n|\r|\t|---|\.\.\.|: |- |  |&a |\*a|!!int |<<|\u{FEFF}|é|0x1|1e9){0,60}"#,
    ) {
        if let Ok(documents) = load(&text) {
            for document in documents {
                match document.content {
                    Ok(Some(node)) => { let _ = node.to_json(); }
                    Ok(None) => {}
                    Err(fault) => prop_assert!(fault.line >= 1 && !fault.reason.is_empty()),
                }
            }
        }
    }

    #[test]
    fn json_reads_as_the_same_json(value in json_value()) {
        let text = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(only(&text), value);
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

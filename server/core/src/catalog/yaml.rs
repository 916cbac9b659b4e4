//! A document as YAML, for people to read and copy.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Longest text that may stand without quotes, in characters.
const PLAIN_CHARS_MAX: usize = 120;

/// The value as block YAML: what any YAML reader takes for the same value.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => mapping(&mut text, fields, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut text, items, 0),
        scalar => {
            write_scalar(&mut text, scalar, 0);
            text.push('\n');
        }
    }
    text
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

fn mapping(text: &mut String, fields: &Map<String, Value>, depth: usize) {
    for (index, (key, value)) in fields.iter().enumerate() {
        // The first entry of a mapping in a sequence stands on the line of its dash.
        if index > 0 || !text.ends_with("- ") {
            indent(text, depth);
        }
        if is_plain(key) {
            text.push_str(key);
        } else {
            quoted(text, key);
        }
        text.push(':');
        below(text, value, depth);
    }
}

/// What follows a key.
fn below(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            mapping(text, fields, depth + 1);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            sequence(text, items, depth + 1);
        }
        scalar => {
            text.push(' ');
            write_scalar(text, scalar, depth + 1);
            text.push('\n');
        }
    }
}

fn sequence(text: &mut String, items: &[Value], depth: usize) {
    for item in items {
        indent(text, depth);
        match item {
            Value::Object(fields) if !fields.is_empty() => {
                text.push_str("- ");
                mapping(text, fields, depth + 1);
            }
            Value::Array(inner) if !inner.is_empty() => {
                text.push_str("-\n");
                sequence(text, inner, depth + 1);
            }
            scalar => {
                text.push_str("- ");
                write_scalar(text, scalar, depth + 1);
                text.push('\n');
            }
        }
    }
}

fn write_scalar(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::String(words) if is_plain(words) => text.push_str(words),
        Value::String(words) if is_block(words) => block(text, words, depth),
        Value::String(words) => quoted(text, words),
        // Null, booleans, numbers and what is empty are written alike in JSON and YAML.
        other => {
            // Writing to a String does not fail.
            let _ = write!(text, "{other}");
        }
    }
}

/// JSON's quotes are YAML's double quotes.
fn quoted(text: &mut String, words: &str) {
    let _ = write!(text, "{}", Value::String(words.to_owned()));
}

/// Whether a text reads as itself without quotes, beyond doubt.
fn is_plain(words: &str) -> bool {
    let begins = words.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/');
    let ends =
        words.ends_with(|letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '.' | ')'));
    let allowed = |letter: char| {
        letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '.' | '/' | ',' | '(' | ')')
    };
    // A colon inside a word is part of it: `component:default/pay`, `https://example.org`.
    let colons = words.split(':').skip(1).all(|rest| !rest.is_empty() && !rest.starts_with(' '));
    let word = words.to_ascii_lowercase();
    let reserved =
        matches!(word.as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n");
    begins
        && ends
        && colons
        && !reserved
        && words.len() <= PLAIN_CHARS_MAX
        && words.chars().all(|letter| allowed(letter) || letter == ':')
}

/// Whether a text of several lines can stand as a block: nothing that a reader would change.
fn is_block(words: &str) -> bool {
    let first_is_indented = words.starts_with([' ', '\n', '\t']);
    let harmless = |letter: char| {
        letter == '\n' || !(letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}'))
    };
    words.contains('\n') && !first_is_indented && words.chars().all(harmless)
}

fn block(text: &mut String, words: &str, depth: usize) {
    let kept = words.len() - words.trim_end_matches('\n').len();
    text.push_str(match kept {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    let body = words.strip_suffix('\n').unwrap_or(words);
    for line in body.split('\n') {
        text.push('\n');
        if !line.is_empty() {
            indent(text, depth);
            text.push_str(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::ingestion::yaml::load_one;

    fn read_back(value: &Value) -> Value {
        let text = to_yaml(value);
        match load_one(&text) {
            Ok(node) => node.map_or(Value::Null, |node| node.to_json()),
            Err(fault) => panic!("{fault:?} in\n{text}"),
        }
    }

    #[test]
    fn a_descriptor_reads_well() {
        let descriptor = json!({
            "apiVersion": "backstage.io/v1alpha1",
            "metadata": {"name": "pay", "tags": ["java", "yes"], "links": [{"url": "https://a.example", "title": "A: b"}]},
            "spec": {"definition": "openapi: 3\ninfo:\n  title: x\n", "size": 3, "none": null, "empty": {}, "list": []},
        });
        insta::assert_snapshot!(to_yaml(&descriptor), @r#"
        apiVersion: backstage.io/v1alpha1
        metadata:
          links:
            - title: "A: b"
              url: https://a.example
          name: pay
          tags:
            - java
            - "yes"
        spec:
          definition: |
            openapi: 3
            info:
              title: x
          empty: {}
          list: []
          none: null
          size: 3
        "#);
        assert_eq!(read_back(&descriptor), descriptor);
    }

    fn values() -> impl Strategy<Value = Value> {
        let words = prop_oneof![
            "[ -~\n]{0,20}",
            "[a-z:# -]{0,8}(\n[a-z:# \n-]{0,8}){0,3}",
            Just("- a".to_owned()),
            Just("\u{2028}a\nb".to_owned()),
            Just("a\tb\n\n\n".to_owned()),
            Just("~".to_owned()),
            Just("1e3".to_owned()),
            Just("0x1f".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-1_000_i64..1_000).prop_map(Value::from),
            words.prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map("[a-z: #\"]{0,6}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in values()) {
            prop_assert_eq!(read_back(&value), value);
        }
    }
}

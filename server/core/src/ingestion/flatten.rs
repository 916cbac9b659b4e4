//! The flattened search keys of an entity.

use std::collections::BTreeSet;

use serde_json::Value;

/// Longest value kept, in characters.
pub const VALUE_CHARS_MAX: usize = 256;
/// Longest key kept, in characters; longer ones are left out.
const KEY_CHARS_MAX: usize = 256;
/// Most pairs of one entity; the rest is left out.
pub const PAIRS_MAX: usize = 1_000;

/// The (key, value) pairs of a document: keys joined by dots, everything in lower case, values cut to
/// [`VALUE_CHARS_MAX`] characters, a list one pair an element; sorted, no twins. `status` is left out.
#[must_use]
pub fn flatten(document: &Value) -> Vec<(String, String)> {
    let mut pairs = BTreeSet::new();
    let Value::Object(fields) = document else { return Vec::new() };
    // Metadata before spec, so that a huge spec cannot push a name out.
    let spec_last = fields.iter().filter(|(key, _)| *key != "spec").chain(fields.get_key_value("spec"));
    for (key, value) in spec_last.filter(|(key, _)| *key != "status" && *key != "relations") {
        collect(&mut pairs, key.to_lowercase(), value);
    }
    pairs.into_iter().collect()
}

fn collect(pairs: &mut BTreeSet<(String, String)>, key: String, value: &Value) {
    if pairs.len() >= PAIRS_MAX || key.chars().nth(KEY_CHARS_MAX).is_some() {
        return;
    }
    let text = match value {
        Value::Null => return,
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => search_text(text),
        Value::Array(items) => {
            for item in items {
                collect(pairs, key.clone(), item);
            }
            return;
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(pairs, format!("{key}.{}", name.to_lowercase()), value);
            }
            return;
        }
    };
    pairs.insert((key, text));
}

/// A value as it is kept and looked for: in lower case, cut.
#[must_use]
pub fn search_text(text: &str) -> String {
    // Lower case can be longer than the original, so the cut comes last.
    text.chars().take(VALUE_CHARS_MAX).flat_map(char::to_lowercase).take(VALUE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_objects_and_numbers_become_pairs() {
        let document = json!({
            "kind": "Component",
            "metadata": {
                "name": "Pay", "tags": ["java", "Java", "go"], "annotations": {"backstage.io/techdocs-ref": "dir:."},
                "links": [{"url": "https://A.example"}, {"url": "https://b.example"}],
            },
            "spec": {"replicas": 3, "public": true, "none": null},
            "status": {"items": [{"message": "not searched"}]},
        });
        let pairs = flatten(&document);
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("kind", "component"),
                ("metadata.annotations.backstage.io/techdocs-ref", "dir:."),
                ("metadata.links.url", "https://a.example"),
                ("metadata.links.url", "https://b.example"),
                ("metadata.name", "pay"),
                ("metadata.tags", "go"),
                ("metadata.tags", "java"),
                ("spec.public", "true"),
                ("spec.replicas", "3"),
            ]
        );
    }

    #[test]
    fn a_huge_document_stays_within_the_limits_and_keeps_its_name() {
        let many: Vec<_> = (0..5_000).collect();
        let pairs =
            flatten(&json!({"spec": {"list": many, "text": "İ".repeat(1_000)}, "metadata": {"name": "x"}}));
        assert_eq!(pairs.len(), PAIRS_MAX);
        assert!(pairs.contains(&("metadata.name".to_owned(), "x".to_owned())));
        assert_eq!(search_text(&"İ".repeat(1_000)).chars().count(), VALUE_CHARS_MAX);
    }
}

//! Which parts of an entity an answer has.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Longest text in an entity of a list, in characters; longer ones are cut, and say so.
pub(super) const LISTED_TEXT_CHARS_MAX: usize = 4_000;

/// The parts of an entity that are asked for, in the entity's own shape. A path may go through lists and may name
/// keys that have dots themselves, such as `metadata.annotations.backstage.io/techdocs-ref`.
pub(super) fn project(entity: &Value, fields: &[String]) -> Value {
    let mut kept = Value::Null;
    for field in fields {
        if let Some(part) = pick(entity, field) {
            merge(&mut kept, part);
        }
    }
    if kept.is_null() { Value::Object(Map::new()) } else { kept }
}

/// What stands at a path, inside of what it stands in.
fn pick(value: &Value, path: &str) -> Option<Value> {
    match value {
        Value::Object(fields) => {
            if let Some((key, found)) = find(fields, path) {
                return Some(wrap(key, found.clone()));
            }
            // The shortest key first: keys with dots are rare.
            path.match_indices('.').find_map(|(dot, _)| {
                let (key, rest) = path.split_at_checked(dot)?;
                let (key, inner) = find(fields, key)?;
                Some(wrap(key, pick(inner, rest.strip_prefix('.')?)?))
            })
        }
        // Items that lack the part keep their place, so that several parts of one item stay together.
        Value::Array(items) => {
            let parts: Vec<Option<Value>> = items.iter().map(|item| pick(item, path)).collect();
            parts.iter().any(Option::is_some).then(|| {
                Value::Array(
                    parts.into_iter().map(|part| part.unwrap_or_else(|| Value::Object(Map::new()))).collect(),
                )
            })
        }
        _ => None,
    }
}

fn find<'fields>(fields: &'fields Map<String, Value>, key: &str) -> Option<(&'fields str, &'fields Value)> {
    let exact = fields.get_key_value(key);
    let found = exact.or_else(|| fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)))?;
    Some((found.0, found.1))
}

fn wrap(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

fn merge(into: &mut Value, part: Value) {
    match (into, part) {
        (Value::Object(fields), Value::Object(more)) => {
            for (key, value) in more {
                match fields.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => {
                        fields.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(more)) if items.len() == more.len() => {
            items.iter_mut().zip(more).for_each(|(item, more)| merge(item, more));
        }
        (into, part) => *into = part,
    }
}

/// Cuts texts that are too long for a list.
pub(super) fn cut_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((at, _)) = text.char_indices().nth(LISTED_TEXT_CHARS_MAX) {
                let all = text.chars().count();
                text.truncate(at);
                // Writing to a String does not fail.
                let _ = write!(
                    text,
                    "… (cut: the whole text has {all} characters, catalog_get_catalog_entity returns it)"
                );
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cut_texts),
        Value::Object(fields) => fields.values_mut().for_each(cut_texts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_keep_their_place() {
        let entity = json!({
            "kind": "Component",
            "metadata": {"name": "x", "links": [{"url": "a", "title": "A"}, {"url": "b"}],
                "annotations": {"backstage.io/techdocs-ref": "dir:.", "b": "c"}},
            "spec": {"owner": "o"},
        });
        let part =
            |fields: &[&str]| project(&entity, &fields.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            part(&["kind", "metadata.name", "Metadata.Annotations.backstage.io/techdocs-ref"]),
            json!({"kind": "Component", "metadata": {"name": "x", "annotations": {"backstage.io/techdocs-ref": "dir:."}}})
        );
        assert_eq!(
            part(&["metadata.links.url", "metadata.links.title"]),
            json!({"metadata": {"links": [{"url": "a", "title": "A"}, {"url": "b"}]}})
        );
        assert_eq!(part(&["spec", "nothing", "spec.owner.x"]), json!({"spec": {"owner": "o"}}));
        assert_eq!(part(&["nothing"]), json!({}));
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let mut value = json!({"a": ["é".repeat(LISTED_TEXT_CHARS_MAX + 1), "short"]});
        cut_texts(&mut value);
        let cut = value["a"][0].as_str().unwrap();
        assert!(
            cut.ends_with("(cut: the whole text has 4001 characters, catalog_get_catalog_entity returns it)"),
            "{cut}"
        );
        assert_eq!(value["a"][1], "short");
    }
}

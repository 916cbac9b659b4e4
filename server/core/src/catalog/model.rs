//! The catalog's model as it really is: kinds, counts and keys, for agents.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use serde_json::Value;

use super::{EntityQuery, Facet, Predicate};
use crate::{
    ingestion::descriptor::{KNOWN_KINDS, known_kind},
    ports::{ReadTransaction, StoreError},
};

/// Most kinds described.
pub(super) const KINDS_MAX: u32 = 50;
/// Entities of a kind whose keys are looked at.
const SAMPLE: u32 = 25;
/// Most keys listed of a kind.
const KEYS_MAX: usize = 40;
/// Most values of `spec.type` listed of a kind.
const TYPES_MAX: u32 = 12;
/// Longest example, in characters.
const EXAMPLE_CHARS_MAX: usize = 60;

/// Keys with the value of the first entity that has them, and whether it is in a list.
type Keys = BTreeMap<String, String>;

/// The description, in Markdown.
pub(super) async fn describe(store: &mut dyn ReadTransaction) -> Result<String, StoreError> {
    let kinds = store.entity_facet(&EntityQuery::all(1), "kind", KINDS_MAX).await?;
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = introduction(&mut text, &kinds);
    for kind in &kinds {
        let is_kind = Predicate::In("kind".to_owned(), vec![kind.value.clone()]);
        let query = EntityQuery { predicate: Some(is_kind), ..EntityQuery::all(SAMPLE) };
        let types = store.entity_facet(&query, "spec.type", TYPES_MAX).await?;
        let sample = store.entity_query(&query).await?.items;
        let mut keys = Keys::new();
        for entity in &sample {
            collect(&mut keys, "", &entity.document);
        }
        let mut relations: Vec<&str> = sample
            .iter()
            .flat_map(|entity| &entity.relations)
            .map(|relation| relation.kind.as_str())
            .collect();
        relations.sort_unstable();
        relations.dedup();
        let written = sample.iter().find_map(|entity| entity.document.get("kind")?.as_str());
        let _ =
            describe_kind(&mut text, written.unwrap_or(&kind.value), kind.count, &types, &keys, &relations);
    }
    Ok(text)
}

fn introduction(text: &mut String, kinds: &[Facet]) -> fmt::Result {
    let total: i64 = kinds.iter().map(|kind| kind.count).sum();
    writeln!(text, "# Catalog model\n")?;
    writeln!(
        text,
        "{total} entities of {} kinds. An entity has `kind`, `metadata`, `spec` and `relations`.",
        kinds.len()
    )?;
    writeln!(
        text,
        "A reference is `kind:namespace/name`, compared without regard to case; the usual namespace is `default`."
    )?;
    writeln!(
        text,
        "Queries name keys by path, such as `spec.type` or `metadata.tags`; a list matches when one element does."
    )?;
    writeln!(text, "`relations.<type>`, such as `relations.ownedBy`, matches full references.\n")?;
    let absent: Vec<_> = KNOWN_KINDS
        .iter()
        .filter(|rule| !kinds.iter().any(|kind| kind.value.eq_ignore_ascii_case(rule.kind)))
        .map(|rule| rule.kind)
        .collect();
    if !absent.is_empty() {
        writeln!(text, "Kinds that could be here and have no entity yet: {}.\n", absent.join(", "))?;
    }
    Ok(())
}

fn describe_kind(
    text: &mut String,
    kind: &str,
    count: i64,
    types: &[Facet],
    keys: &Keys,
    relations: &[&str],
) -> fmt::Result {
    writeln!(text, "## {} ({count})\n", plain(kind))?;
    if let Some(rule) = known_kind(kind) {
        writeln!(text, "{}\n", rule.meaning)?;
        let required: Vec<_> = rule
            .field_list()
            .filter(|(_, required)| *required)
            .map(|(name, _)| format!("`spec.{name}`"))
            .collect();
        if !required.is_empty() {
            writeln!(text, "Required: {}.", required.join(", "))?;
        }
    }
    if !types.is_empty() {
        let types: Vec<_> =
            types.iter().map(|facet| format!("`{}` ({})", plain(&facet.value), facet.count)).collect();
        writeln!(text, "Values of `spec.type`: {}.", types.join(", "))?;
    }
    if !relations.is_empty() {
        writeln!(
            text,
            "Relations: {}.",
            relations.iter().map(|kind| plain(kind)).collect::<Vec<_>>().join(", ")
        )?;
    }
    writeln!(text, "\nKeys, with an example:\n")?;
    for (key, example) in keys.iter().take(KEYS_MAX) {
        writeln!(text, "- `{}`: `{example}`", plain(key))?;
    }
    if keys.len() > KEYS_MAX {
        writeln!(text, "- and {} more", keys.len() - KEYS_MAX)?;
    }
    writeln!(text)
}

/// Collects the keys below `path`. Deep specs of foreign kinds are cut at four steps.
fn collect(keys: &mut Keys, path: &str, value: &Value) {
    const STEPS_MAX: usize = 4;
    const KEYS_COLLECTED_MAX: usize = 200;
    match value {
        Value::Object(fields) => {
            if path.split('.').count() >= STEPS_MAX {
                return;
            }
            for (key, value) in fields {
                let internal = path.is_empty() && (key == "status" || key == "apiVersion" || key == "kind")
                    || path == "metadata" && (key == "uid" || key == "etag")
                    || path == "metadata.annotations" && key.starts_with("backstage.io/managed-by");
                if !internal && keys.len() < KEYS_COLLECTED_MAX {
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    collect(keys, &below, value);
                }
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                collect(keys, path, first);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            keys.entry(path.to_owned()).or_insert_with(|| plain(text));
        }
        other => {
            keys.entry(path.to_owned()).or_insert_with(|| other.to_string());
        }
    }
}

/// Text of others inside Markdown: one line, no marks, cut.
fn plain(text: &str) -> String {
    let clean: String = text.chars().take(EXAMPLE_CHARS_MAX + 1).map(one_line).collect();
    let mut cut: String = clean.trim().chars().take(EXAMPLE_CHARS_MAX).collect();
    if text.chars().nth(EXAMPLE_CHARS_MAX).is_some() {
        cut.push('…');
    }
    cut
}

fn one_line(letter: char) -> char {
    if letter == '`' || letter.is_control() { ' ' } else { letter }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_collected_without_what_is_internal_and_texts_are_made_plain() {
        let mut keys = Keys::new();
        let document = json!({
            "kind": "Gadget",
            "metadata": {"name": "x", "uid": "u", "etag": "e", "tags": ["a", "b"],
                "annotations": {"backstage.io/managed-by-location": "file:x", "own.example/a": "line\n`mark`"}},
            "spec": {"deep": {"deeper": {"deepest": 1}}, "list": [{"url": "u"}], "size": 3},
            "status": {"items": []},
        });
        collect(&mut keys, "", &document);
        let keys: Vec<_> = keys.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            keys,
            [
                ("metadata.annotations.own.example/a", "line  mark"),
                ("metadata.name", "x"),
                ("metadata.tags", "a"),
                ("spec.deep.deeper.deepest", "1"),
                ("spec.list.url", "u"),
                ("spec.size", "3"),
            ]
        );
        assert_eq!(plain(&"x".repeat(100)).chars().count(), EXAMPLE_CHARS_MAX + 1);
    }
}

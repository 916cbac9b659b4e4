//! Placeholders: an object with the one key `$text`, `$json` or `$yaml` stands for a file.

use serde_json::Value;

use super::{
    descriptor::Fault,
    yaml::{self, Node, NodeValue, PLACEHOLDER_BYTES_MAX},
};
use crate::{
    ingestion::Target,
    ports::{LocationReader, ReadError},
};

/// Most placeholders in one entity.
pub const PLACEHOLDERS_MAX: usize = 50;

/// What a placeholder makes of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    Yaml,
}

impl Form {
    fn of_key(key: &str) -> Option<Self> {
        match key {
            "$text" => Some(Self::Text),
            "$json" => Some(Self::Json),
            "$yaml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

/// What the placeholders of one entity came to.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// Files that could not be had or used, in words; the placeholder stays.
    pub(super) errors: Vec<String>,
    /// Placeholders that are wrong themselves.
    pub(super) faults: Vec<Fault>,
}

/// Reads what the placeholders of an entity name, and puts it in their place. What is read is not searched for
/// placeholders again.
pub(super) async fn resolve(
    reader: &dyn LocationReader,
    root: &Target,
    file: &str,
    entity: &mut Node,
) -> Resolved {
    let mut resolved = Resolved::default();
    let mut found = Vec::new();
    collect(entity, &mut String::new(), &mut found);
    for (count, Found { form, path, node }) in found.into_iter().enumerate() {
        if count == PLACEHOLDERS_MAX {
            let reason = format!("the entity has more than {PLACEHOLDERS_MAX} placeholders");
            resolved.faults.push(Fault { line: node.line, path, reason });
            break;
        }
        let Some((key, target)) = target_of(node) else {
            let reason =
                "the placeholder's target is not a text; expected a file's name or address".to_owned();
            resolved.faults.push(Fault { line: node.line, path, reason });
            continue;
        };
        match read(reader, root, file, form, &target).await {
            Ok(mut content) => {
                content.move_to(node.line);
                *node = content;
            }
            Err(error) => {
                resolved.errors.push(format!("{path}: {error}"));
                node.value = NodeValue::Unresolved(key, target);
            }
        }
    }
    resolved
}

/// Leaves the placeholders of an entity as they are, so that it can be checked without reading anything.
pub(super) fn leave(entity: &mut Node) {
    let mut found = Vec::new();
    collect(entity, &mut String::new(), &mut found);
    for Found { node, .. } in found {
        if let Some((key, target)) = target_of(node) {
            node.value = NodeValue::Unresolved(key, target);
        }
    }
}

struct Found<'entity> {
    form: Form,
    path: String,
    node: &'entity mut Node,
}

fn target_of(node: &Node) -> Option<(String, String)> {
    let entry = node.entries().first()?;
    Some((entry.key.clone(), entry.node.text()?.to_owned()))
}

fn collect<'entity>(node: &'entity mut Node, path: &mut String, found: &mut Vec<Found<'entity>>) {
    let form = match &node.value {
        NodeValue::Mapping(entries) => match entries.as_slice() {
            [only] => Form::of_key(&only.key),
            _ => None,
        },
        _ => None,
    };
    // The entity itself is no placeholder.
    if let Some(form) = form.filter(|_| !path.is_empty()) {
        found.push(Found { form, path: path.clone(), node });
        return;
    }
    let length = path.len();
    let mut step = |path: &mut String, name: &str, node: &'entity mut Node| {
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        collect(node, path, found);
        path.truncate(length);
    };
    match &mut node.value {
        NodeValue::Mapping(entries) => {
            for entry in entries {
                step(path, &entry.key, &mut entry.node);
            }
        }
        NodeValue::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                step(path, &index.to_string(), item);
            }
        }
        _ => {}
    }
}

async fn read(
    reader: &dyn LocationReader,
    root: &Target,
    file: &str,
    form: Form,
    target: &str,
) -> Result<Node, ReadError> {
    let text = reader.read(root, Some(file), target).await?.text;
    let unusable = |reason: String| ReadError::Unusable { target: target.to_owned(), reason };
    if text.len() > PLACEHOLDER_BYTES_MAX {
        return Err(unusable(format!(
            "it has {} bytes; expected {PLACEHOLDER_BYTES_MAX} at most",
            text.len()
        )));
    }
    match form {
        Form::Text => Ok(Node { line: 1, value: NodeValue::Text(text) }),
        Form::Json => serde_json::from_str::<Value>(&text)
            .map(|value| Node::from_json(&value, 1))
            .map_err(|error| unusable(format!("it is not JSON: {error}"))),
        Form::Yaml => match yaml::load_one(&text) {
            Ok(node) => Ok(node.unwrap_or(Node { line: 1, value: NodeValue::Null })),
            Err(fault) => Err(unusable(format!("line {}: {}", fault.line, fault.reason))),
        },
    }
}
